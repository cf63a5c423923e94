// Cull, project and colour one splat: EWA splatting (Zwicker 2001; Kerbl 2023), MATH.md section 1.
// Follows voile.kernels.cpu.project step by step.
#pragma once

#include "footprint.cuh"
#include "harmonics.cuh"

// Of the Cholesky diagonal: flat over any image, and its square is still a float32.
#define SMALLEST 1e-18

// Geometry of a splat; false where it is invisible: z <= near, opacity below the smallest alpha, or
// an exact extent without a pixel centre in the image's bounds. The colour is left to the caller.
BOTH bool project_geometry(const View &view, const float *mean, const float *quat,
                           const float *scale, float size, float own_opacity, bool antialias,
                           real &depth, Footprint &out) {
    const real *r = view.rotation, *t = view.translation;
    real mx = mean[0], my = mean[1], mz = mean[2];
    real tz = r[6] * mx + r[7] * my + r[8] * mz + t[2];
    real opacity = own_opacity;
    if (!(tz > view.near && opacity >= ALPHA_MIN)) return false;
    real inv_z = 1.0 / tz;
    real slope_x = (r[0] * mx + r[1] * my + r[2] * mz + t[0]) * inv_z;
    real slope_y = (r[3] * mx + r[4] * my + r[5] * mz + t[1]) * inv_z;
    real x = view.focal[0] * slope_x + view.centre[0];
    real y = view.focal[1] * slope_y + view.centre[1];

    // Rows of J W: the Jacobian of the projection times the view rotation.
    real jx = view.focal[0] * inv_z, jy = view.focal[1] * inv_z;
    real sx = clampd(slope_x, view.slope_low[0], view.slope_high[0]);
    real sy = clampd(slope_y, view.slope_low[1], view.slope_high[1]);
    real h0[3], h1[3];
    for (int k = 0; k < 3; ++k) {
        h0[k] = jx * (r[k] - sx * r[6 + k]);
        h1[k] = jy * (r[3 + k] - sy * r[6 + k]);
    }

    // M = J W Q diag(s), so that the projected covariance is M M^T + 0.3 I.
    real qw = quat[0], qx = quat[1], qy = quat[2], qz = quat[3];
    real two = 2.0 / (qw * qw + qx * qx + qy * qy + qz * qz);
    real q[3][3] = {
        {1.0 - two * (qy * qy + qz * qz), two * (qx * qy - qw * qz), two * (qx * qz + qw * qy)},
        {two * (qx * qy + qw * qz), 1.0 - two * (qx * qx + qz * qz), two * (qy * qz - qw * qx)},
        {two * (qx * qz - qw * qy), two * (qy * qz + qw * qx), 1.0 - two * (qx * qx + qy * qy)},
    };
    real m0[3], m1[3];
    for (int k = 0; k < 3; ++k) {
        real s = real(size) * scale[k];
        m0[k] = s * (h0[0] * q[0][k] + h0[1] * q[1][k] + h0[2] * q[2][k]);
        m1[k] = s * (h1[0] * q[0][k] + h1[1] * q[1][k] + h1[2] * q[2][k]);
    }
    real xx = m0[0] * m0[0] + m0[1] * m0[1] + m0[2] * m0[2];
    real yy = m1[0] * m1[0] + m1[1] * m1[1] + m1[2] * m1[2];
    real xy = m0[0] * m1[0] + m0[1] * m1[1] + m0[2] * m1[2];

    // det(M M^T) as a sum of squares (Cauchy-Binet), and det(M M^T + 0.3 I) as a sum of positive
    // terms: the difference xx yy - xy^2 would cancel for needles.
    real d01 = m0[0] * m1[1] - m0[1] * m1[0];
    real d02 = m0[0] * m1[2] - m0[2] * m1[0];
    real d12 = m0[1] * m1[2] - m0[2] * m1[1];
    real sharp_det = d01 * d01 + d02 * d02 + d12 * d12;
    real det = sharp_det + COV2D_BLUR * (xx + yy) + COV2D_BLUR * COV2D_BLUR;
    // A determinant out of range: a splat this large for its distance has left float64.
    if (!(det < 1e300)) return false;
    xx += COV2D_BLUR;
    yy += COV2D_BLUR;
    if (antialias) {
        opacity *= sqrt(sharp_det / det);
        if (opacity < ALPHA_MIN) return false;
    }

    // Extent of alpha >= 1/255: d^T S'^-1 d <= 2 ln(255 o), so |dx|^2 <= 2 ln(255 o) S'xx.
    real right = view.size[0] - 0.5, bottom = view.size[1] - 0.5;
    real gap_x = fmax(fmax(0.5 - x, x - right), 0.0), gap_y = fmax(fmax(0.5 - y, y - bottom), 0.0);
    real log2_opacity = log2(opacity), reach = (log2_opacity - LOG2_ALPHA_MIN) / HALF_LOG2_E;
    if (!(gap_x * gap_x <= reach * xx && gap_y * gap_y <= reach * yy)) return false;

    real a = sqrt(HALF_LOG2_E * yy / det), c = sqrt(HALF_LOG2_E / yy);
    real b = -a * xy / yy;
    a = fmax(a, SMALLEST);
    c = fmax(c, SMALLEST);
    real pixel_x = floor(clampd(x, 0.0, right)), pixel_y = floor(clampd(y, 0.0, bottom));
    real dx = pixel_x + 0.5 - x, dy = pixel_y + 0.5 - y;
    depth = tz;
    out.anchor_x = float(pixel_x);
    out.anchor_y = float(pixel_y);
    out.u = float(a * dx + b * dy);
    out.v = float(c * dy);
    out.a = float(a);
    out.b = float(b);
    out.c = float(c);
    out.log2_opacity = float(log2_opacity);
    out.depth = float(fmin(tz, 1e38));
    return true;
}

// Unit direction from the camera to a splat, world axes.
BOTH void direction_to(const View &view, const float *mean, float direction[3]) {
    real d[3], square = 0.0;
    for (int k = 0; k < 3; ++k) {
        d[k] = mean[k] - view.position[k];
        square += d[k] * d[k];
    }
    real inv = 1.0 / sqrt(square);
    for (int k = 0; k < 3; ++k) direction[k] = float(d[k] * inv);
}

// max(0, value), and finite: coefficients near float32's limits overflow in the sum.
BOTH float light(float value) { return value > 0.0f ? fminf(value, 1e30f) : 0.0f; }

// Colour towards the splat from the camera: max(0, 0.5 + SH).
BOTH void color_splat(const View &view, const float *mean, const float *sh, int degree,
                      Footprint &out) {
    float to[3], color[3] = {0.5f, 0.5f, 0.5f};
    direction_to(view, mean, to);
    add_harmonics(sh, degree, to[0], to[1], to[2], color);
    out.red = light(color[0]);
    out.green = light(color[1]);
    out.blue = light(color[2]);
}
