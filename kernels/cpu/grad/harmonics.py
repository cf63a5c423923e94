"""Spherical harmonics of any degree with their slopes, by the recurrences of `scenes.sh`.

The slopes are those of polynomials in x, y and z. Only their part along the sphere means anything,
and `project` takes no other.
"""

from __future__ import annotations

import math

import numpy as np

from ..jit import inline

MOST = 25
"""Functions up to degree 4."""


def _scales() -> np.ndarray:
    """(25,) N_lm with its sign, at l^2 + l + m."""
    scales = np.zeros(MOST)
    for l in range(5):  # noqa: E741 - the textbook's name
        for m in range(l + 1):
            norm = (2 * l + 1) / (4 * math.pi) * math.factorial(l - m) / math.factorial(l + m)
            scale = math.sqrt(norm if m == 0 else 2 * norm) * (-1) ** m
            scales[l * l + l + m] = scales[l * l + l - m] = scale
    return scales


_SCALES = _scales()


@inline
def sh_slopes(x, y, z, degree, legendre, basis, slopes):
    """The (degree + 1)^2 functions at a unit direction, and their slopes by x, y and z.

    Function (l, m) is N_lm Q_lm(z) times Re or Im of (x + iy)^|m|; Q_lm is the m-th derivative of
    the Legendre polynomial P_l, so its own derivative is Q_l,m+1.

    Args:
        x, y, z: float64.
        degree: 0 to 4.
        legendre: (6, 7) float64 zeros, for Q.
        basis: (25,) float64 out.
        slopes: (3, 25) float64 out.
    """
    one = 1.0
    for m in range(degree + 1):
        legendre[m, m] = one
        one *= 2 * m + 1
        for l in range(m, degree):  # noqa: E741
            before = legendre[l - 1, m] if l > m else 0.0
            legendre[l + 1, m] = ((2 * l + 1) * z * legendre[l, m] - (l + m) * before) / (l - m + 1)
    # (x + iy)^m, and the power before it.
    real, imaginary, real_before, imaginary_before = 1.0, 0.0, 0.0, 0.0
    for m in range(degree + 1):
        for l in range(m, degree + 1):  # noqa: E741
            k = l * l + l + m
            scale, q = _SCALES[k], legendre[l, m]
            rise = scale * legendre[l, m + 1]
            basis[k] = scale * q * real
            slopes[0, k] = scale * q * m * real_before
            slopes[1, k] = -scale * q * m * imaginary_before
            slopes[2, k] = rise * real
            if m > 0:
                k = l * l + l - m
                basis[k] = scale * q * imaginary
                slopes[0, k] = scale * q * m * imaginary_before
                slopes[1, k] = scale * q * m * real_before
                slopes[2, k] = rise * imaginary
        real_before, imaginary_before = real, imaginary
        real, imaginary = x * real - y * imaginary, x * imaginary + y * real
