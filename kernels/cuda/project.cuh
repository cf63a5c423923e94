// Cull, project and colour one splat: EWA splatting (Zwicker 2001; Kerbl 2023), MATH.md section 1.
// The equations of voile.kernels.cpu.project, in float32: relative to the camera, in units of the
// splat's own size on screen, and with no difference of large numbers left.
#pragma once

#include "footprint.cuh"
#include "harmonics.cuh"

// Of the Cholesky diagonal: flat over any image, and its square is still a float32.
#define SMALLEST 1e-18f

// Size on screen beyond which a splat does not grow, pixels: flat over any image, too.
#define LARGEST_ON_SCREEN 1e15f

// From the eye to a mean, world axes.
BOTH void from_eye(const View &view, const float *mean, float to[3]) {
    for (int k = 0; k < 3; ++k) to[k] = (mean[k] - view.eye_high[k]) - view.eye_low[k];
}

// Rows of J W Q diag(s): the projected covariance is M M^T + 0.3 I.
BOTH void project_axes(const View &view, float slope_x, float slope_y, float inv_z,
                       const float *quat, const float *scale, float m0[3], float m1[3]) {
    const float *r = view.rotation;
    float jx = view.focal[0] * inv_z, jy = view.focal[1] * inv_z;
    float sx = clampf(slope_x, view.slope_low[0], view.slope_high[0]);
    float sy = clampf(slope_y, view.slope_low[1], view.slope_high[1]);
    float h0[3], h1[3];
    for (int k = 0; k < 3; ++k) {
        h0[k] = jx * (r[k] - sx * r[6 + k]);
        h1[k] = jy * (r[3 + k] - sy * r[6 + k]);
    }
    float qw = quat[0], qx = quat[1], qy = quat[2], qz = quat[3];
    float two = 2.0f / (qw * qw + qx * qx + qy * qy + qz * qz);
    float q[3][3] = {
        {1.0f - two * (qy * qy + qz * qz), two * (qx * qy - qw * qz), two * (qx * qz + qw * qy)},
        {two * (qx * qy + qw * qz), 1.0f - two * (qx * qx + qz * qz), two * (qy * qz - qw * qx)},
        {two * (qx * qz - qw * qy), two * (qy * qz + qw * qx), 1.0f - two * (qx * qx + qy * qy)},
    };
    for (int k = 0; k < 3; ++k) {
        float s = view.splat_scale * scale[k];
        m0[k] = s * (h0[0] * q[0][k] + h0[1] * q[1][k] + h0[2] * q[2][k]);
        m1[k] = s * (h1[0] * q[0][k] + h1[1] * q[1][k] + h1[2] * q[2][k]);
    }
}

// Geometry of a splat; false where it is invisible: z <= near, opacity below the smallest alpha, an
// exact extent without a pixel centre in the image's bounds, or what the view's culling leaves out.
// The colour is left to the caller.
BOTH bool project_geometry(const View &view, const float *mean, const float *quat,
                           const float *scale, float opacity, bool antialias, Footprint &out) {
    const float *r = view.rotation;
    float to[3];
    from_eye(view, mean, to);
    float z = r[6] * to[0] + r[7] * to[1] + r[8] * to[2];
    if (!(z > view.near && opacity >= view.least_opacity)) return false;
    float inv_z = 1.0f / z;
    float slope_x = (r[0] * to[0] + r[1] * to[1] + r[2] * to[2]) * inv_z;
    float slope_y = (r[3] * to[0] + r[4] * to[1] + r[5] * to[2]) * inv_z;
    float x = view.focal[0] * slope_x + view.centre[0];
    float y = view.focal[1] * slope_y + view.centre[1];
    float m0[3], m1[3], unit = 1.0f;
    project_axes(view, slope_x, slope_y, inv_z, quat, scale, m0, m1);

    // In units of the largest part, so that fourth powers are in range.
    for (int k = 0; k < 3; ++k) unit = fmaxf(unit, fmaxf(fabsf(m0[k]), fabsf(m1[k])));
    float shrink = 1.0f / unit;
    for (int k = 0; k < 3; ++k) {
        m0[k] *= shrink;
        m1[k] *= shrink;
    }
    unit = fminf(unit, LARGEST_ON_SCREEN);
    shrink = 1.0f / unit;
    float blur = float(COV2D_BLUR) * shrink * shrink;
    float xx = m0[0] * m0[0] + m0[1] * m0[1] + m0[2] * m0[2];
    float yy = m1[0] * m1[0] + m1[1] * m1[1] + m1[2] * m1[2];
    float xy = m0[0] * m1[0] + m0[1] * m1[1] + m0[2] * m1[2];

    // det(M M^T) as a sum of squares (Cauchy-Binet), and det(M M^T + 0.3 I) as a sum of positive
    // terms: the difference xx yy - xy^2 would cancel for needles.
    float d01 = difference_of_products(m0[0], m1[1], m0[1], m1[0]);
    float d02 = difference_of_products(m0[0], m1[2], m0[2], m1[0]);
    float d12 = difference_of_products(m0[1], m1[2], m0[2], m1[1]);
    float sharp_det = d01 * d01 + d02 * d02 + d12 * d12;
    float det = sharp_det + blur * (xx + yy) + blur * blur;
    // Not a number where the splat's size on screen is beyond float32.
    if (!(det > 0.0f)) return false;
    if (view.least_trace > 0.0f && (xx + yy) * unit * unit < view.least_trace) return false;
    xx += blur;
    yy += blur;
    if (antialias) {
        opacity *= sqrtf(sharp_det / det);
        if (!(opacity >= view.least_opacity)) return false;
    }

    // Extent of alpha >= 1/255: d^T S'^-1 d <= 2 ln(255 o), so |dx|^2 <= 2 ln(255 o) S'xx.
    float right = view.size[0] - 0.5f, bottom = view.size[1] - 0.5f;
    float gap_x = fmaxf(fmaxf(0.5f - x, x - right), 0.0f);
    float gap_y = fmaxf(fmaxf(0.5f - y, y - bottom), 0.0f);
    if (gap_x > view.margin[0] || gap_y > view.margin[1]) return false;
    float log2_opacity = log2f(opacity);
    float reach = (log2_opacity - float(LOG2_ALPHA_MIN)) * float(1.0 / HALF_LOG2_E);
    gap_x *= shrink;
    gap_y *= shrink;
    if (!(gap_x * gap_x <= reach * xx && gap_y * gap_y <= reach * yy)) return false;

    float a = sqrtf(float(HALF_LOG2_E) * yy / det) * shrink;
    float c = sqrtf(float(HALF_LOG2_E) / yy) * shrink;
    float b = -a * xy / yy;
    a = fmaxf(a, SMALLEST);
    c = fmaxf(c, SMALLEST);
    float pixel_x = floorf(clampf(x, 0.0f, right)), pixel_y = floorf(clampf(y, 0.0f, bottom));
    float dx = pixel_x + 0.5f - x, dy = pixel_y + 0.5f - y;
    out.anchor_x = pixel_x;
    out.anchor_y = pixel_y;
    out.u = a * dx + b * dy;
    out.v = c * dy;
    out.a = a;
    out.b = b;
    out.c = c;
    out.log2_opacity = log2_opacity;
    out.depth = fminf(z, 1e38f);
    return true;
}

// Unit direction from the camera to a splat, world axes.
BOTH void direction_to(const View &view, const float *mean, float direction[3]) {
    from_eye(view, mean, direction);
    // By the largest part first: squares of distances may not be in range.
    float largest = fmaxf(fmaxf(fabsf(direction[0]), fabsf(direction[1])), fabsf(direction[2]));
    float square = 0.0f;
    for (int k = 0; k < 3; ++k) {
        direction[k] /= largest;
        square += direction[k] * direction[k];
    }
    for (int k = 0; k < 3; ++k) direction[k] /= sqrtf(square);
}

// max(0, value), and finite: coefficients near float32's limits overflow in the sum.
BOTH float light(float value) { return value > 0.0f ? fminf(value, 1e30f) : 0.0f; }

// Colour towards the splat from the camera: max(0, 0.5 + SH).
template <class Row>
__device__ inline void color_splat(const View &view, const float *mean, const Row &sh, int degree,
                                   Footprint &out) {
    float to[3], color[3] = {0.5f, 0.5f, 0.5f};
    direction_to(view, mean, to);
    add_harmonics(sh, degree, to[0], to[1], to[2], color);
    out.red = light(color[0]);
    out.green = light(color[1]);
    out.blue = light(color[2]);
}
