"""Rotation of spherical harmonics: what a splat's colours become when the splat is turned.

A function f(d) = y(d) . c turned by R is f'(d) = f(R^T d). Within one degree l the basis functions
are closed under rotation, so c' = D c with a matrix D of 2l + 1 rows, found from the identity
Y(d) D = Y(R^T d) at more directions than there are functions: exact up to rounding, for any layout
and any signs of the basis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .sh import sh_basis
from .splats import SH_COEFFICIENTS

_DIRECTIONS = 64  # spread evenly over the sphere; degree 4 has 9 functions
_CHUNK = 512  # splats turned at a time: products so small that BLAS starts no threads for them


def sh_rotations(rotation: ArrayLike, degree: int) -> list[NDArray[np.float64]]:
    """D of every degree 0 to `degree`: (2l + 1, 2l + 1), in float64.

    Args:
        rotation: (3, 3) proper rotation R.
        degree: 0 to 4.
    """
    rotation = np.asarray(rotation, np.float64)
    directions = _fibonacci_sphere(_DIRECTIONS)
    basis = sh_basis(directions, degree)
    turned = sh_basis(directions @ rotation, degree)  # rows are R^T d
    return [
        np.asarray(np.linalg.lstsq(basis[:, b], turned[:, b], rcond=None)[0], np.float64)
        for b in map(_band, range(degree + 1))
    ]


def rotate_sh(sh: NDArray[np.float32], rotation: ArrayLike) -> NDArray[np.float32]:
    """(N, K, 3) coefficients of splats that are turned by R (3, 3); a new array."""
    degree, count = SH_COEFFICIENTS.index(sh.shape[1]), len(sh)
    # All channels of a degree in one row: a product of many rows instead of one for each splat.
    matrices = [np.kron(d, np.eye(3)).T.astype(np.float32) for d in sh_rotations(rotation, degree)]
    width = 3 * sh.shape[1]
    flat, out = sh.reshape(count, width), np.empty_like(sh)
    turned = out.reshape(count, width)
    turned[:, :3] = flat[:, :3]
    for start in range(0, count, _CHUNK):
        rows = slice(start, start + _CHUNK)
        for each in range(1, degree + 1):
            band = slice(3 * _band(each).start, 3 * _band(each).stop)
            turned[rows, band] = flat[rows, band] @ matrices[each]
    return out


def _band(degree: int) -> slice:
    """Where the coefficients of one degree are."""
    return slice(degree * degree, (degree + 1) * (degree + 1))


def _fibonacci_sphere(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors, evenly spread."""
    k = np.arange(count) + 0.5
    z = 1.0 - 2.0 * k / count
    angle = np.pi * (1.0 + np.sqrt(5.0)) * k
    ring = np.sqrt(1.0 - z * z)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], 1)
