"""Spherical harmonics: orthonormal, with the INRIA rasterizer's constants and signs."""

import numpy as np
import pytest

from voile.scenes.sh import sh_basis


def sphere_quadrature(order=16):
    """Gauss-Legendre in z, uniform in azimuth: exact for polynomials of degree < 2 order."""
    z, weight = np.polynomial.legendre.leggauss(order)
    phi = 2 * np.pi * np.arange(2 * order) / (2 * order)
    zz, pp = np.meshgrid(z, phi, indexing="ij")
    r = np.sqrt(1 - zz**2)
    directions = np.stack([r * np.cos(pp), r * np.sin(pp), zz], -1).reshape(-1, 3)
    return directions, np.repeat(weight, 2 * order) * np.pi / order


def test_orthonormal():
    directions, weights = sphere_quadrature()
    basis = sh_basis(directions, 4)
    gram = basis.T @ (weights[:, None] * basis)
    np.testing.assert_allclose(gram, np.eye(25), atol=1e-12)


def test_constants_and_signs():
    x, y, z = d = np.array([0.36, 0.48, 0.8])
    basis = sh_basis(d[None], 3)[0]
    known = {
        0: 0.28209479177387814,
        1: -0.4886025119029199 * y,
        2: 0.4886025119029199 * z,
        3: -0.4886025119029199 * x,
        4: 1.0925484305920792 * x * y,
        5: -1.0925484305920792 * y * z,
        6: 0.31539156525252005 * (2 * z * z - x * x - y * y),
        7: -1.0925484305920792 * x * z,
        8: 0.5462742152960396 * (x * x - y * y),
        9: -0.5900435899266435 * y * (3 * x * x - y * y),
        10: 2.890611442640554 * x * y * z,
        13: -0.4570457994644658 * x * (4 * z * z - x * x - y * y),
        15: -0.5900435899266435 * x * (x * x - 3 * y * y),
    }
    for column, value in known.items():
        assert basis[column] == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_dtype(dtype):
    assert sh_basis(np.eye(3, dtype=dtype), 4).dtype == dtype
