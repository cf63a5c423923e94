// The projection backwards: from what a splat has collected to slopes by its centre, rotation and
// scales. The chain rule of voile.kernels.cpu.grad.project, in float64 as there: it is little work
// beside that on pixels, and sums of needles cancel.
#pragma once

#include "../project.cuh"
#include "sums.cuh"

struct ShapeSlopes {
    double mean[3], quat[4], scale[3];
};

// Adds e d log sqrt(det M M^T) / dM: the determinant is |n|^2, n = m_0 x m_1.
BOTH void add_sharpness(const double m[2][3], double e, double d_m[2][3]) {
    double n[3], square = 0.0;
    for (int k = 0; k < 3; ++k) {
        int i = (k + 1) % 3, j = (k + 2) % 3;
        n[k] = m[0][i] * m[1][j] - m[0][j] * m[1][i];
        square += n[k] * n[k];
    }
    for (int k = 0; k < 3; ++k) {
        int i = (k + 1) % 3, j = (k + 2) % 3;
        d_m[0][k] += e / square * (m[1][i] * n[j] - m[1][j] * n[i]);
        d_m[1][k] += e / square * (n[i] * m[0][j] - n[j] * m[0][i]);
    }
}

// From slopes by the rotation matrix to those by a quaternion of that length.
BOTH void quaternion_slopes(const double q[4], double inv_length, const double d[3][3],
                            double out[4]) {
    double w = q[0], x = q[1], y = q[2], z = q[3];
    out[0] = x * (d[2][1] - d[1][2]) + y * (d[0][2] - d[2][0]) + z * (d[1][0] - d[0][1]);
    out[1] = y * (d[0][1] + d[1][0]) + z * (d[0][2] + d[2][0]) + w * (d[2][1] - d[1][2]) -
             2.0 * x * (d[1][1] + d[2][2]);
    out[2] = x * (d[0][1] + d[1][0]) + z * (d[1][2] + d[2][1]) + w * (d[0][2] - d[2][0]) -
             2.0 * y * (d[0][0] + d[2][2]);
    out[3] = x * (d[0][2] + d[2][0]) + y * (d[1][2] + d[2][1]) + w * (d[1][0] - d[0][1]) -
             2.0 * z * (d[0][0] + d[1][1]);
    double along = out[0] * w + out[1] * x + out[2] * y + out[3] * z;
    for (int k = 0; k < 4; ++k) out[k] = 2.0 * (out[k] - along * q[k]) * inv_length;
}

// A splat's centre in camera axes.
BOTH void to_local(const View &view, const float *mean, double local[3]) {
    const float *r = view.rotation;
    double to[3];
    for (int k = 0; k < 3; ++k) to[k] = double(mean[k]) - view.eye_high[k] - view.eye_low[k];
    for (int k = 0; k < 3; ++k)
        local[k] = r[3 * k] * to[0] + r[3 * k + 1] * to[1] + r[3 * k + 2] * to[2];
}

// The unit quaternion and the matrix of a rotation; returns 1 over the quaternion's length.
BOTH double rotation_of(const float *quat, double unit[4], double q[3][3]) {
    double square = 0.0;
    for (int k = 0; k < 4; ++k) square += double(quat[k]) * quat[k];
    double inv_length = 1.0 / sqrt(square);
    for (int k = 0; k < 4; ++k) unit[k] = quat[k] * inv_length;
    double w = unit[0], x = unit[1], y = unit[2], z = unit[3];
    q[0][0] = 1.0 - 2.0 * (y * y + z * z);
    q[0][1] = 2.0 * (x * y - w * z);
    q[0][2] = 2.0 * (x * z + w * y);
    q[1][0] = 2.0 * (x * y + w * z);
    q[1][1] = 1.0 - 2.0 * (x * x + z * z);
    q[1][2] = 2.0 * (y * z - w * x);
    q[2][0] = 2.0 * (x * z - w * y);
    q[2][1] = 2.0 * (y * z + w * x);
    q[2][2] = 1.0 - 2.0 * (x * x + y * y);
    return inv_length;
}

// Adds slopes by rotation and scales of a splat whose slope by log t is given, t its standard
// deviation along the view; see voile.kernels.cpu.grad.thickness.
BOTH void add_thickness_slopes(const View &view, const float *quat, const float *scale,
                               double slope, ShapeSlopes &out) {
    const float *axis = view.rotation + 6;
    double unit[4], q[3][3], along[3], square = 0.0, d_q[3][3], turned[4];
    double inv_length = rotation_of(quat, unit, q);
    for (int k = 0; k < 3; ++k) {
        along[k] = q[0][k] * axis[0] + q[1][k] * axis[1] + q[2][k] * axis[2];
        square += scale[k] * along[k] * (scale[k] * along[k]);
    }
    if (!(square > 1e-300)) return;
    for (int k = 0; k < 3; ++k) {
        double share = slope / square * scale[k] * along[k];
        out.scale[k] += share * along[k];
        for (int j = 0; j < 3; ++j) d_q[j][k] = share * scale[k] * axis[j];
    }
    quaternion_slopes(unit, inv_length, d_q, turned);
    for (int k = 0; k < 4; ++k) out.quat[k] += turned[k];
}

// `sums` (ENTRY) are what the splat has collected; `quat` may be of any length but 0.
BOTH void shape_slopes(const View &view, const float *mean, const float *quat, const float *scale,
                       bool antialias, const Footprint &splat, const float *sums,
                       ShapeSlopes &out) {
    const float *r = view.rotation;
    double local[3];
    to_local(view, mean, local);
    double inv_z = 1.0 / local[2], slope[2], clamped[2], j[2];  // of J: focal / z
    double p[2][3], m[2][3], d_m[2][3], q[3][3];                // p: J W, m: J W R diag(s)
    for (int row = 0; row < 2; ++row) {
        slope[row] = local[row] * inv_z;
        clamped[row] = fmin(fmax(slope[row], double(view.slope_low[row])),
                            double(view.slope_high[row]));
        j[row] = view.focal[row] * inv_z;
        for (int k = 0; k < 3; ++k) p[row][k] = j[row] * (r[3 * row + k] - clamped[row] * r[6 + k]);
    }
    double unit[4], inv_length = rotation_of(quat, unit, q);
    for (int row = 0; row < 2; ++row)
        for (int k = 0; k < 3; ++k)
            m[row][k] =
                scale[k] * (p[row][0] * q[0][k] + p[row][1] * q[1][k] + p[row][2] * q[2][k]);

    // Moments to slopes by centre and covariance.
    double a = splat.a, b = splat.b, c = splat.c, e = sums[OF_E];
    double d_centre[2] = {a * sums[OF_U] / HALF_LOG2_E,
                          (b * sums[OF_U] + c * sums[OF_V]) / HALF_LOG2_E};
    double half = 0.5 / (HALF_LOG2_E * HALF_LOG2_E);
    double uu = sums[OF_UU] * half, uv = sums[OF_UV] * half, vv = sums[OF_VV] * half;
    double s_xx = a * a * uu, s_xy = a * (b * uu + c * uv);
    double s_yy = b * b * uu + 2.0 * b * c * uv + c * c * vv;
    if (antialias) {
        // d log(det S')/dS' = K, of the factor's denominator.
        s_xx -= 0.5 * e * a * a / HALF_LOG2_E;
        s_xy -= 0.5 * e * a * b / HALF_LOG2_E;
        s_yy -= 0.5 * e * (b * b + c * c) / HALF_LOG2_E;
    }
    for (int k = 0; k < 3; ++k) {
        d_m[0][k] = 2.0 * (s_xx * m[0][k] + s_xy * m[1][k]);
        d_m[1][k] = 2.0 * (s_xy * m[0][k] + s_yy * m[1][k]);
    }
    if (antialias) add_sharpness(m, e, d_m);

    // M = J W R diag(s).
    double d_q[3][3], d_p[2][3] = {};
    for (int k = 0; k < 3; ++k) {
        out.scale[k] = 0.0;
        for (int axis = 0; axis < 3; ++axis) {
            double turned = d_m[0][k] * p[0][axis] + d_m[1][k] * p[1][axis];
            out.scale[k] += turned * q[axis][k];
            d_q[axis][k] = scale[k] * turned;
            for (int row = 0; row < 2; ++row) d_p[row][axis] += scale[k] * d_m[row][k] * q[axis][k];
        }
    }
    quaternion_slopes(unit, inv_length, d_q, out.quat);

    // J, and the centre itself.
    double d_local[3] = {0.0, 0.0, sums[OF_DEPTH]};
    for (int row = 0; row < 2; ++row) {
        double d_j = 0.0, d_slope = view.focal[row] * d_centre[row];
        bool free = view.slope_low[row] < slope[row] && slope[row] < view.slope_high[row];
        for (int k = 0; k < 3; ++k) {
            d_j += d_p[row][k] * (r[3 * row + k] - clamped[row] * r[6 + k]);
            if (free) d_slope -= d_p[row][k] * j[row] * r[6 + k];
        }
        d_local[row] = d_slope * inv_z;
        d_local[2] -= inv_z * (d_slope * slope[row] + d_j * j[row]);
    }
    for (int k = 0; k < 3; ++k)
        out.mean[k] = r[k] * d_local[0] + r[3 + k] * d_local[1] + r[6 + k] * d_local[2];
}
