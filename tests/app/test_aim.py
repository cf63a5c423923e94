"""The geometry that turns a sun: its tip follows the mouse, its rings keep to up."""

import numpy as np
import pytest

from voile.app.aim import AZIMUTH, HEIGHT, Aim
from voile.app.gizmo import FREE, LENGTH, project
from voile.render import Camera

CAMERA = Camera.look_at((2.0, -3.0, -5.0), (0.2, 0.1, 0.0), width=800, height=600)
PIVOT = np.array([0.5, -0.3, 0.4])
UP = np.array([0.3, -0.9, 0.2]) / np.linalg.norm([0.3, -0.9, 0.2])
NEAR, FAR = CAMERA.position - PIVOT, PIVOT - CAMERA.position


def turned(aim, axis, start, end):
    return aim.drag(axis, tuple(start), tuple(end)).matrix @ aim.direction


@pytest.mark.parametrize("side", [NEAR, FAR])
def test_tip_goes_where_the_mouse_goes_and_back(side):
    aim = Aim(side + (1.0, -1.5, 0.5), UP, PIVOT, CAMERA)
    assert aim.hit(*aim.tip) == FREE
    grabbed = aim.tip + (3.0, -2.0)  # beside the middle of the mark: it does not jump
    end = grabbed + (9.0, -7.0)
    after = Aim(turned(aim, FREE, grabbed, end), UP, PIVOT, CAMERA)
    np.testing.assert_allclose(after.tip - aim.tip, end - grabbed, atol=1e-6)
    assert (after.direction @ NEAR > 0) == (side is NEAR)
    np.testing.assert_allclose(turned(aim, FREE, grabbed, grabbed), aim.direction, atol=1e-12)


def test_tip_beside_the_sphere_stays_on_its_rim():
    aim = Aim(NEAR, UP, PIVOT, CAMERA)
    end = aim.center + (5 * LENGTH, 3 * LENGTH)
    after = Aim(turned(aim, FREE, aim.tip, end), UP, PIVOT, CAMERA)
    away = after.tip - aim.center
    assert np.linalg.norm(away) == pytest.approx(LENGTH, rel=0.1)
    assert away @ (5, 3) / np.linalg.norm(away) / np.hypot(5, 3) > 0.99


def test_rings_turn_about_up_and_change_the_height():
    aim = Aim(NEAR + (2.0, 1.0, 0.0), UP, PIVOT, CAMERA)
    rings = {handle.axis: handle.line for handle in aim.handles()}
    assert aim.hit(*rings[AZIMUTH][20]) == AZIMUTH
    around = turned(aim, AZIMUTH, rings[AZIMUTH][20], rings[AZIMUTH][26])
    assert around @ UP == pytest.approx(aim.direction @ UP)
    assert around @ aim.direction < 0.9
    line = rings[HEIGHT]
    nearest = np.linalg.norm(line - aim.tip, axis=1).argmin()
    assert np.linalg.norm(line[nearest] - aim.tip) < 5.0  # the ring passes through the tip
    risen = turned(aim, HEIGHT, line[nearest], line[(nearest + 5) % 64])
    flat = np.cross(UP, aim.direction)
    assert abs(risen @ flat) < 1e-9
    assert abs(risen @ UP - aim.direction @ UP) > 0.1


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_overhead_sun_can_be_taken(sign):
    aim = Aim(sign * UP, UP, PIVOT, CAMERA)
    assert np.isfinite(aim.axes).all()
    np.testing.assert_allclose(aim.axes @ aim.axes.T, np.eye(2), atol=1e-12)
    assert abs(turned(aim, FREE, aim.tip, aim.tip + (20.0, 10.0)) @ UP) < 0.99


def test_behind_the_camera_there_is_nothing_to_hit():
    behind = CAMERA.position - CAMERA.world_to_camera[2, :3]
    aim = Aim(UP, UP, behind, CAMERA)
    assert not aim.handles()
    assert aim.hit(*aim.tip) is None


def test_tip_is_where_the_direction_points():
    aim = Aim((0.0, -1.0, 0.0), (0.0, -1.0, 0.0), PIVOT, CAMERA)
    far = project((PIVOT + (0.0, -0.1, 0.0))[None], CAMERA)[0] - aim.center
    along = (aim.tip - aim.center) / np.linalg.norm(aim.tip - aim.center)
    np.testing.assert_allclose(along, far / np.linalg.norm(far), atol=0.05)
