// Slopes of a surfel by its centre, rotation and scales, in float64 as those of ellipsoids: the
// equations of voile.kernels.cpu.grad.surfels.
#pragma once

#include "project.cuh"

// The inverse of m, into n; false where there is none: no size, or edge-on.
BOTH bool invert(const double m[3][3], double n[3][3]) {
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column) {
            int a = (row + 1) % 3, b = (row + 2) % 3;
            int c = (column + 1) % 3, d = (column + 2) % 3;
            n[column][row] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
        }
    double det = m[0][0] * n[0][0] + m[1][0] * n[0][1] + m[2][0] * n[0][2];
    if (!(fabs(det) > 1e-290)) return false;
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column) n[row][column] /= det;
    return true;
}

// `sums` (SURFEL_ENTRY) are what the surfel has collected. Its third scale, which is 0, has no slope.
BOTH void surfel_slopes(const View &view, const float *mean, const float *quat, const float *scale,
                        const float *sums, ShapeSlopes &out) {
    const float *r = view.rotation;
    double local[3], unit[4], q[3][3], m[3][3], n[3][3], d_m[3][3] = {};
    to_local(view, mean, local);
    double inv_length = rotation_of(quat, unit, q);
    for (int k = 0; k < 3; ++k) {
        m[k][2] = local[k];
        for (int axis = 0; axis < 2; ++axis)
            m[k][axis] = scale[axis] * (r[3 * k] * q[0][axis] + r[3 * k + 1] * q[1][axis] +
                                        r[3 * k + 2] * q[2][axis]);
    }
    double inv_z = 1.0 / local[2], slope[2] = {local[0] * inv_z, local[1] * inv_z};
    if (invert(m, n)) {
        double g[3][3];  // sum g d^T, of d = (x, y, 1) = the centre's ray and what is beside it
        for (int k = 0; k < 3; ++k) {
            g[k][0] = sums[OF_G + k] * slope[0] + double(sums[OF_GX + k]) / view.focal[0];
            g[k][1] = sums[OF_G + k] * slope[1] + double(sums[OF_GY + k]) / view.focal[1];
            g[k][2] = sums[OF_G + k];
        }
        for (int a = 0; a < 3; ++a)
            for (int b = 0; b < 3; ++b) {
                double total = 0.0;
                for (int k = 0; k < 3; ++k)
                    for (int axis = 0; axis < 3; ++axis) total += n[k][a] * g[k][axis] * n[b][axis];
                d_m[a][b] = fabs(total) <= 1e300 ? -total : 0.0;
            }
    }
    // The filter's centre, focal x / z + c, and its depth.
    d_m[2][2] += sums[OF_DEPTH];
    for (int k = 0; k < 2; ++k) {
        double d_centre = double(view.focal[k]) * sums[OF_CENTRE + k];
        d_m[k][2] += d_centre * inv_z;
        d_m[2][2] -= d_centre * slope[k] * inv_z;
    }
    double d_q[3][3] = {};
    out.scale[0] = out.scale[1] = out.scale[2] = 0.0;
    for (int k = 0; k < 3; ++k) {
        out.mean[k] = r[k] * d_m[0][2] + r[3 + k] * d_m[1][2] + r[6 + k] * d_m[2][2];
        for (int axis = 0; axis < 2; ++axis) {
            double turned = r[k] * d_m[0][axis] + r[3 + k] * d_m[1][axis] + r[6 + k] * d_m[2][axis];
            d_q[k][axis] = scale[axis] * turned;
            out.scale[axis] += q[k][axis] * turned;
        }
    }
    quaternion_slopes(unit, inv_length, d_q, out.quat);
}
