"""The gizmo's geometry: what is dragged on screen goes where the mouse goes."""

import math

import numpy as np
import pytest

from voile.app.gizmo import FREE, LENGTH, Gizmo, project
from voile.render import Camera

CAMERA = Camera.look_at((2.0, -3.0, -5.0), (0.2, 0.1, 0.0), width=800, height=600)
PIVOT = np.array([0.5, -0.3, 0.4])


def seen(point):
    return project(np.atleast_2d(np.asarray(point, float)), CAMERA)[0]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_arrow_follows_the_mouse_along_its_axis(axis):
    gizmo = Gizmo("move", PIVOT, CAMERA)
    start = seen(PIVOT + 0.3 * np.eye(3)[axis])
    end = seen(PIVOT + 0.9 * np.eye(3)[axis])
    assert gizmo.hit(*start) == axis
    moved = np.array(gizmo.drag(axis, tuple(start), tuple(end)).translation)
    np.testing.assert_allclose(moved, 0.6 * np.eye(3)[axis], atol=1e-9)


def test_square_moves_along_the_picture():
    gizmo = Gizmo("move", PIVOT, CAMERA)
    center = seen(PIVOT)
    assert gizmo.hit(*center) == FREE
    placement = gizmo.drag(FREE, tuple(center), tuple(center + (40.0, -25.0)))
    np.testing.assert_allclose(seen(PIVOT + placement.translation), center + (40.0, -25.0))
    forward = CAMERA.world_to_camera[2, :3]
    assert abs(np.array(placement.translation) @ forward) < 1e-9


@pytest.mark.parametrize("angle", [0.4, -1.2])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_ring_turns_what_is_under_the_mouse(axis, angle):
    gizmo = Gizmo("rotate", PIVOT, CAMERA)
    u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
    start = seen(PIVOT + 0.5 * u)
    end = seen(PIVOT + 0.5 * (math.cos(angle) * u + math.sin(angle) * v))
    placement = gizmo.drag(axis, tuple(start), tuple(end))
    turned = placement.apply((PIVOT + 0.5 * u)[None].astype(np.float32))[0]
    np.testing.assert_allclose(seen(turned), end, atol=1e-2)
    np.testing.assert_allclose(placement.apply(PIVOT[None].astype(np.float32))[0], PIVOT, atol=1e-6)


def test_outer_ring_turns_as_the_mouse_does():
    gizmo = Gizmo("rotate", PIVOT, CAMERA)
    center = seen(PIVOT)
    start, end = center + (104.0, 0.0), center + (0.0, 104.0)
    assert gizmo.hit(*start) == FREE
    right, down = CAMERA.world_to_camera[0, :3], CAMERA.world_to_camera[1, :3]
    placement = gizmo.drag(FREE, tuple(start), tuple(end))
    np.testing.assert_allclose(placement.matrix @ right, down, atol=1e-9)


def test_ring_seen_edge_on_still_turns():
    camera = Camera.look_at((0, 0, -5), (0, 0, 0), width=800, height=600)
    gizmo = Gizmo("rotate", (0, 0, 0), camera)
    placement = gizmo.drag(1, (490.0, 300.0), (490.0, 340.0))
    assert np.isfinite(placement.rotation).all()
    assert placement.rotation[0] < 1.0


def test_scale_is_how_far_the_mouse_is_from_the_pivot():
    gizmo = Gizmo("scale", PIVOT, CAMERA)
    center = seen(PIVOT)
    start = center + (LENGTH, 0.0)
    assert gizmo.hit(*start) == FREE
    assert gizmo.hit(*center) is None
    placement = gizmo.drag(FREE, tuple(start), tuple(center + (0.0, 2 * LENGTH)))
    assert placement.scale == pytest.approx(2.0)
    np.testing.assert_allclose(placement.apply(PIVOT[None].astype(np.float32))[0], PIVOT, atol=1e-6)


def test_behind_the_camera_there_is_nothing_to_hit():
    behind = CAMERA.position - CAMERA.world_to_camera[2, :3]
    gizmo = Gizmo("move", behind, CAMERA)
    assert not gizmo.handles()
    assert gizmo.hit(400.0, 300.0) is None


def test_arrow_towards_the_eye_is_not_offered():
    camera = Camera.look_at((0, 0, -5), (0, 0, 0), width=800, height=600)
    assert [h.axis for h in Gizmo("move", (0, 0, 0), camera).handles()] == [0, 1, FREE]
