"""Real spherical harmonics in the layout and with the signs of Kerbl et al. 2023."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def sh_basis(directions: NDArray[Real], degree: int) -> NDArray[Real]:
    """The basis functions at unit directions.

    Function (l, m) stands in column l^2 + l + m and is N_lm Q_lm(z) times Re or Im of (x + iy)^|m|,
    with Q_lm the derivative polynomials of Legendre and (-1)^m in N_lm (Condon and Shortley's
    sign), which is what the INRIA rasterizer's constants say.

    Args:
        directions: (M, 3) unit vectors, float32 or float64.
        degree: 0 to 4 and beyond.

    Returns:
        (M, (degree + 1)^2) of the directions' dtype.
    """
    x, y, z = directions.T
    basis = np.empty((len(directions), (degree + 1) ** 2), directions.dtype)
    real, imaginary = np.ones_like(x), np.zeros_like(x)  # (x + iy)^m
    diagonal = 1.0  # Q_mm = (2m - 1)!!
    for m in range(degree + 1):
        before, current = np.zeros_like(z), np.full_like(z, diagonal)
        for l in range(m, degree + 1):  # noqa: E741 - the textbook's name
            norm = (2 * l + 1) / (4 * math.pi) * math.factorial(l - m) / math.factorial(l + m)
            scale = math.sqrt(norm if m == 0 else 2 * norm) * (-1) ** m
            basis[:, l * l + l + m] = scale * current * real
            if m > 0:
                basis[:, l * l + l - m] = scale * current * imaginary
            following = ((2 * l + 1) * z * current - (l + m) * before) / (l - m + 1)
            before, current = current, following
        real, imaginary = x * real - y * imaginary, x * imaginary + y * real
        diagonal *= 2 * m + 1
    return basis
