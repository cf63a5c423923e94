// Spherical harmonics with their slopes, by the recurrences of voile.kernels.cpu.grad.harmonics.
#pragma once

#include "../common.cuh"

// Calls visit(k, value, by_x, by_y, by_z) for the (degree + 1)^2 functions at a unit direction, in
// an order of their own. Function (l, m) is N_lm Q_lm(z) times Re or Im of (x + iy)^|m|; Q_lm is
// the m-th derivative of the Legendre polynomial P_l, so its own derivative is Q_l,m+1. Both come
// by recurrences over l side by side, and nothing is kept in an array.
template <class Visit>
__device__ inline void visit_harmonics(int degree, float x, float y, float z, Visit &visit) {
    float real = 1.0f, imaginary = 0.0f, real_before = 0.0f, imaginary_before = 0.0f;
    float highest = 1.0f, norm = 0.07957747154594767f;  // Q_mm; 1 / (4 pi (2m)!)
    for (int m = 0; m <= degree; ++m) {
        float q = highest, q_before = 0.0f, rise = 0.0f, rise_before = 0.0f, part = norm;
        for (int l = m; l <= degree; ++l) {
            float scale = sqrtf(float(2 * l + 1) * part * (m ? 2.0f : 1.0f));
            if (m % 2) scale = -scale;
            float value = scale * q, slope = scale * rise, turn = value * float(m);
            visit(l * l + l + m, value * real, turn * real_before, -turn * imaginary_before,
                  slope * real);
            if (m)
                visit(l * l + l - m, value * imaginary, turn * imaginary_before,
                      turn * real_before, slope * imaginary);
            float q_next = (float(2 * l + 1) * z * q - float(l + m) * q_before) / float(l - m + 1);
            float rise_next = highest * float(2 * m + 1);
            if (l > m)
                rise_next = (float(2 * l + 1) * z * rise - float(l + m + 1) * rise_before) /
                            float(l - m);
            q_before = q;
            q = q_next;
            rise_before = rise;
            rise = rise_next;
            part *= float(l + 1 - m) / float(l + 1 + m);
        }
        highest *= float(2 * m + 1);
        norm /= float((2 * m + 1) * (2 * m + 2));
        real_before = real;
        imaginary_before = imaginary;
        real = x * real_before - y * imaginary_before;
        imaginary = x * imaginary_before + y * real_before;
    }
}
