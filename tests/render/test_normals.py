"""Normals of splats against the axes they are made of."""

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera
from voile.render.normals import splat_normals


def camera() -> Camera:
    return Camera.look_at((0.7, -0.9, -1), (0, 0, 0), width=48, height=36)


@pytest.mark.parametrize("kind", ["3d", "2d"])
def test_shortest_axis_turned_to_the_camera(kind):
    splats, seen = make_splats(300, 0, kind, seed=3), camera()
    normals = splat_normals(splats, seen)
    assert normals.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, rtol=1e-6)
    to_eye = seen.position - splats.means
    assert (np.einsum("ij,ij->i", normals, to_eye) >= 0).all()
    # Variance along the normal: the least of the three.
    for normal, quat, scales in zip(normals, splats.quats, splats.scales, strict=True):
        w, v = quat[0], -quat[1:]
        local = normal + 2 * w * np.cross(v, normal) + 2 * np.cross(v, np.cross(v, normal))
        least = int(np.argmin(scales))
        assert abs(local[least]) == pytest.approx(1.0, abs=1e-5)
        assert kind == "3d" or least == 2


def test_both_sides_of_a_surfel():
    splats = make_splats(1, 0, "2d", seed=5)
    splats.means[:] = 0
    splats.quats[:] = (1, 0, 0, 0)
    front = Camera.look_at((0, 0, -5), (0, 0, 0), width=8, height=8)
    back = Camera.look_at((0, 0, 5), (0, 0, 0), width=8, height=8)
    np.testing.assert_allclose(splat_normals(splats, front), [[0, 0, -1]])
    np.testing.assert_allclose(splat_normals(splats, back), [[0, 0, 1]])


def test_no_splats():
    assert splat_normals(make_splats(0), camera()).shape == (0, 3)
