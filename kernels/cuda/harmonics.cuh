// Real spherical harmonics up to degree 4; see voile.kernels.cpu.harmonics, which this follows.
#pragma once

#include "common.cuh"

// One channel triple of coefficients times its basis function.
template <class Row>
__device__ inline void add_harmonic(const Row &sh, int k, float basis, float color[3]) {
    for (int c = 0; c < 3; ++c) color[c] += basis * sh(3 * k + c);
}

// Adds the harmonics at the unit direction x, y, z to a colour; `sh`, a row of packed.cuh, gives
// (degree + 1)^2 triples.
template <class Row>
__device__ inline void add_harmonics(const Row &sh, int degree, float x, float y, float z,
                                     float color[3]) {
    add_harmonic(sh, 0, float(SH_C0), color);
    if (degree < 1) return;
    add_harmonic(sh, 1, -0.4886025119029199f * y, color);
    add_harmonic(sh, 2, 0.4886025119029199f * z, color);
    add_harmonic(sh, 3, -0.4886025119029199f * x, color);
    if (degree < 2) return;
    float xx = x * x, yy = y * y, zz = z * z;
    float xy = x * y, yz = y * z, xz = x * z;
    add_harmonic(sh, 4, 1.0925484305920792f * xy, color);
    add_harmonic(sh, 5, -1.0925484305920792f * yz, color);
    add_harmonic(sh, 6, 0.31539156525252005f * (2.0f * zz - xx - yy), color);
    add_harmonic(sh, 7, -1.0925484305920792f * xz, color);
    add_harmonic(sh, 8, 0.5462742152960396f * (xx - yy), color);
    if (degree < 3) return;
    add_harmonic(sh, 9, -0.5900435899266435f * y * (3.0f * xx - yy), color);
    add_harmonic(sh, 10, 2.890611442640554f * xy * z, color);
    add_harmonic(sh, 11, -0.4570457994644658f * y * (4.0f * zz - xx - yy), color);
    add_harmonic(sh, 12, 0.3731763325901154f * z * (2.0f * zz - 3.0f * xx - 3.0f * yy), color);
    add_harmonic(sh, 13, -0.4570457994644658f * x * (4.0f * zz - xx - yy), color);
    add_harmonic(sh, 14, 1.445305721320277f * z * (xx - yy), color);
    add_harmonic(sh, 15, -0.5900435899266435f * x * (xx - 3.0f * yy), color);
    if (degree < 4) return;
    add_harmonic(sh, 16, 2.5033429417967046f * xy * (xx - yy), color);
    add_harmonic(sh, 17, -1.7701307697799304f * yz * (3.0f * xx - yy), color);
    add_harmonic(sh, 18, 0.9461746957575601f * xy * (7.0f * zz - 1.0f), color);
    add_harmonic(sh, 19, -0.6690465435572892f * yz * (7.0f * zz - 3.0f), color);
    add_harmonic(sh, 20, 0.10578554691520431f * (zz * (35.0f * zz - 30.0f) + 3.0f), color);
    add_harmonic(sh, 21, -0.6690465435572892f * xz * (7.0f * zz - 3.0f), color);
    add_harmonic(sh, 22, 0.47308734787878004f * (xx - yy) * (7.0f * zz - 1.0f), color);
    add_harmonic(sh, 23, -1.7701307697799304f * xz * (xx - 3.0f * yy), color);
    add_harmonic(sh, 24, 0.6258357354491761f * (xx * (xx - 3.0f * yy) - yy * (3.0f * xx - yy)),
                 color);
}
