"""The navigator's axioms: what each motion must keep and what it must move. No Qt, no display."""

import math

import numpy as np
import pytest
from make_splats import make_splats

from voile.app.navigation import FLY_SPEED, UP_AXES, Navigator
from voile.render import Camera
from voile.render.views import VIEWS, bounding_sphere, named_view

SIZE = (160, 90)


@pytest.fixture(params=list(UP_AXES), ids=list(UP_AXES))
def navigator(request):
    """An oblique view of a sphere of radius 2 about (1, 2, 3), for each up vector."""
    made = Navigator()
    made.set_scene((1.0, 2.0, 3.0), 2.0, UP_AXES[request.param])
    made.azimuth, made.elevation = 0.7, -0.4
    made.frame(16 / 9)
    return made


def pixel(camera: Camera, point) -> np.ndarray:
    """(2,) where a world point is in the picture, pixels."""
    x, y, z = camera.world_to_camera[:3, :3] @ point + camera.world_to_camera[:3, 3]
    return np.array([camera.cx + camera.fx * x / z, camera.cy + camera.fy * y / z])


def test_axes_are_a_right_handed_rotation_with_up_upwards(navigator):
    for azimuth in np.linspace(-3, 3, 7):
        for elevation in (-math.pi / 2, -1.0, 0.0, 0.8, math.pi / 2):
            navigator.azimuth, navigator.elevation = azimuth, elevation
            rotation = navigator.rotation()
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
            assert np.linalg.det(rotation) == pytest.approx(1.0)
            assert rotation[0] @ navigator.up == pytest.approx(0.0, abs=1e-12)  # no roll
            assert rotation[1] @ navigator.up <= 1e-12  # the picture's down is not up


def test_target_is_in_the_middle_of_the_picture_at_its_distance(navigator):
    camera = navigator.camera(*SIZE)
    np.testing.assert_allclose(pixel(camera, navigator.target), (80, 45), atol=1e-9)
    np.testing.assert_allclose(camera.position, navigator.eye, atol=1e-12)
    assert np.linalg.norm(camera.position - navigator.target) == pytest.approx(navigator.distance)


def test_orbit_keeps_target_and_distance_and_turns_the_eye(navigator):
    target, distance, eye = navigator.target.copy(), navigator.distance, navigator.eye
    navigator.orbit(0.3, 0.1)
    np.testing.assert_array_equal(navigator.target, target)
    assert np.linalg.norm(navigator.eye - target) == pytest.approx(distance)
    assert np.linalg.norm(navigator.eye - eye) > 0.5


def test_scene_follows_an_orbit_drag(navigator):
    """What is in front of the target moves the way the mouse does, right and down."""
    near = navigator.target - 0.5 * navigator.forward
    before = pixel(navigator.camera(*SIZE), near)
    navigator.orbit(0.05, 0.0)
    assert pixel(navigator.camera(*SIZE), near)[0] > before[0] + 1
    navigator.orbit(-0.05, 0.05)
    assert pixel(navigator.camera(*SIZE), near)[1] > before[1] + 1


def test_orbit_stops_at_the_poles_without_flipping(navigator):
    right = navigator.rotation()[0]
    for _ in range(50):
        navigator.orbit(0.0, 0.1)
        np.testing.assert_allclose(navigator.rotation()[0], right, atol=1e-12)
    np.testing.assert_allclose(navigator.forward, -navigator.up, atol=1e-9)
    for _ in range(100):
        navigator.orbit(0.0, -0.1)
        np.testing.assert_allclose(navigator.rotation()[0], right, atol=1e-12)
    np.testing.assert_allclose(navigator.forward, navigator.up, atol=1e-9)


def test_full_turn_returns(navigator):
    before = navigator.rotation()
    for _ in range(8):
        navigator.orbit(0.25, 0.0)
    np.testing.assert_allclose(navigator.rotation(), before, atol=1e-9)


def test_pan_moves_in_the_picture_plane_and_the_point_follows_the_cursor(navigator):
    grabbed, forward, eye = navigator.target.copy(), navigator.forward, navigator.eye
    navigator.pan(0.2, -0.1)
    np.testing.assert_array_equal(navigator.forward, forward)
    assert (navigator.eye - eye) @ forward == pytest.approx(0.0, abs=1e-12)
    moved = pixel(navigator.camera(*SIZE), grabbed) - (80, 45)
    np.testing.assert_allclose(moved, (0.2 * 90, -0.1 * 90), atol=1e-9)


def test_zoom_keeps_the_point_under_the_cursor(navigator):
    cursor = np.array([0.4, -0.3])
    right, down, _ = navigator.rotation()
    height = 2 * navigator.distance * math.tan(math.radians(navigator.fov_y) / 2)
    point = navigator.target + (right * cursor[0] + down * cursor[1]) * height
    before, distance = pixel(navigator.camera(*SIZE), point), navigator.distance
    navigator.zoom(3, *cursor)
    assert navigator.distance < distance
    np.testing.assert_allclose(pixel(navigator.camera(*SIZE), point), before, atol=1e-9)
    navigator.zoom(-3, *cursor)
    assert navigator.distance == pytest.approx(distance)
    np.testing.assert_allclose(pixel(navigator.camera(*SIZE), point), before, atol=1e-9)


def test_zooming_on_goes_through_the_target_and_never_stands_still(navigator):
    for _ in range(60):
        eye, forward = navigator.eye, navigator.forward
        navigator.zoom(1)
        assert (navigator.eye - eye) @ forward > 0
        assert navigator.distance > 0
    assert (navigator.eye - navigator.center) @ navigator.forward > 0


def test_zooming_out_ends(navigator):
    for _ in range(200):
        navigator.zoom(-1)
    assert navigator.distance <= 200 * navigator.radius * 1.001


@pytest.mark.parametrize(("axis", "row", "sign"), [(0, 0, 1), (1, 1, -1), (2, 2, 1)])
def test_fly_moves_along_the_axes_in_scene_radii_a_second(navigator, axis, row, sign):
    eye, rotation = navigator.eye, navigator.rotation()
    navigator.fly(*(np.eye(3)[axis]), 0.5)
    expected = sign * rotation[row] * (FLY_SPEED * navigator.radius * 0.5)
    np.testing.assert_allclose(navigator.eye - eye, expected, atol=1e-12)
    np.testing.assert_array_equal(navigator.rotation(), rotation)


def test_look_turns_the_head_on_the_spot(navigator):
    eye, forward = navigator.eye, navigator.forward
    navigator.look(0.2, 0.1)
    np.testing.assert_allclose(navigator.eye, eye, atol=1e-12)
    assert navigator.forward @ forward < 0.99


def test_flip_rolls_the_picture_by_half_a_turn(navigator):
    camera = navigator.camera(*SIZE)
    navigator.flip()
    flipped = navigator.camera(*SIZE)
    np.testing.assert_allclose(flipped.position, camera.position, atol=1e-9)
    turned = np.diag([-1, -1, 1]) @ camera.world_to_camera[:3, :3]
    np.testing.assert_allclose(flipped.world_to_camera[:3, :3], turned, atol=1e-9)
    navigator.flip()
    np.testing.assert_allclose(
        navigator.camera(*SIZE).world_to_camera, camera.world_to_camera, atol=1e-9
    )


@pytest.mark.parametrize("up", UP_AXES.values(), ids=UP_AXES)
def test_another_up_keeps_eye_and_direction_and_is_upright(navigator, up):
    eye, forward = navigator.eye, navigator.forward
    navigator.up = up
    np.testing.assert_allclose(navigator.eye, eye, atol=1e-9)
    np.testing.assert_allclose(navigator.forward, forward, atol=1e-9)
    assert navigator.rotation()[1] @ up < 0


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_frame_shows_the_whole_sphere_and_keeps_the_direction(navigator, aspect):
    forward = navigator.forward
    navigator.pan(3, 4)
    navigator.frame(aspect)
    np.testing.assert_array_equal(navigator.forward, forward)
    width, height = round(200 * aspect), 200
    camera = navigator.camera(width, height)
    rng = np.random.default_rng(0)
    on_sphere = rng.normal(size=(500, 3))
    on_sphere *= navigator.radius / np.linalg.norm(on_sphere, axis=1, keepdims=True)
    at = np.array([pixel(camera, navigator.center + p) for p in on_sphere])
    assert at.min() >= 0
    assert (at <= (width, height)).all()
    # Not lost in the distance either: the sphere fills the narrow side.
    assert np.ptp(at, axis=0).max() > 0.85 * min(width, height)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("up", UP_AXES.values(), ids=UP_AXES)
def test_views_are_those_of_the_command_line(view, up):
    splats = make_splats(50, up=up)
    camera = named_view(splats, view, 200, 100)
    navigator = Navigator()
    navigator.set_scene(*bounding_sphere(splats), up)
    navigator.look_from(view, 2.0)
    again = navigator.camera(200, 100)
    np.testing.assert_allclose(again.world_to_camera, camera.world_to_camera, atol=1e-6)
    assert again.fov_y == pytest.approx(camera.fov_y)


def test_every_change_is_announced():
    navigator = Navigator()
    seen = []
    navigator.changed.connect(lambda: seen.append(1))
    for act in (
        lambda: navigator.orbit(0.1, 0),
        lambda: navigator.look(0.1, 0),
        lambda: navigator.pan(0.1, 0),
        lambda: navigator.zoom(1),
        lambda: navigator.fly(1, 0, 0, 0.1),
        lambda: navigator.frame(1.0),
        lambda: navigator.look_at((0, 0, 0), (0, 0, 1)),
        navigator.flip,
    ):
        count = len(seen)
        act()
        assert len(seen) == count + 1


def test_the_ball_follows_the_cursor_and_keeps_target_and_distance(navigator):
    target, distance = navigator.target.copy(), navigator.distance
    height = 2 * distance * math.tan(math.radians(navigator.fov_y) / 2)
    right, down, forward = navigator.rotation()
    # A point on the ball's front, which has half the picture's height for radius.
    ball = navigator.target + 1e-3 * height * (0.2 * right + 0.1 * down - math.sqrt(0.2) * forward)
    before = ball - target
    navigator.trackball(0.2, 0.1, 0.05, -0.3)
    np.testing.assert_array_equal(navigator.target, target)
    assert navigator.distance == distance
    right, down, forward = navigator.rotation()
    after = 1e-3 * height * (0.25 * right - 0.2 * down - math.sqrt(0.1475) * forward)
    np.testing.assert_allclose(after, before, atol=1e-9)
    rotation = navigator.rotation()
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)


def test_the_ball_rolls_over_the_pole_and_rolls_at_the_rim(navigator):
    forward = navigator.forward
    navigator.trackball(0.0, -0.48, 0.48, 0.48)  # around the rim
    assert abs(navigator.roll) > 0.3
    for _ in range(12):
        navigator.trackball(0.0, -0.2, 0.0, 0.4)
        axes = navigator.rotation()
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(axes) == pytest.approx(1)
    assert navigator.forward @ forward < 1
    navigator.restore(navigator.view)
    np.testing.assert_allclose(navigator.rotation(), axes, atol=1e-9)


def test_orbit_of_a_rolled_view_follows_the_drag(navigator):
    navigator.roll = 0.6
    near = navigator.target - 0.1 * navigator.forward
    before = pixel(navigator.camera(*SIZE), near)
    navigator.orbit(0.02, 0.0)
    moved = pixel(navigator.camera(*SIZE), near) - before
    assert moved[0] > 0
    assert abs(moved[1]) < 0.3 * moved[0]


def test_stands_where_a_camera_stands(navigator):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        camera = Camera.look_at(
            rng.normal(size=3) * 4, (1.0, 2, 3), rng.normal(size=3), width=160, height=90, fov_y=33
        )
        navigator.stand(camera)
        again = navigator.camera(160, 90)
        np.testing.assert_allclose(again.world_to_camera, camera.world_to_camera, atol=1e-9)
        assert again.fov_y == pytest.approx(33)
        assert np.linalg.norm(navigator.target - navigator.center) < 1e-6  # it looked at it


def test_placed_by_numbers(navigator):
    navigator.place(eye=(5, 6, 7), target=(1, 2, 4))
    np.testing.assert_allclose(navigator.eye, (5, 6, 7), atol=1e-9)
    np.testing.assert_allclose(navigator.target, (1, 2, 4), atol=1e-12)
    navigator.place(azimuth=30, elevation=-20, roll=10, distance=2.5, fov_y=70)
    angles = [math.degrees(a) for a in (navigator.azimuth, navigator.elevation, navigator.roll)]
    assert angles == pytest.approx([30, -20, 10])
    assert (navigator.distance, navigator.fov_y) == (2.5, 70)
    np.testing.assert_allclose(navigator.target, (1, 2, 4), atol=1e-12)
    navigator.place(eye=navigator.target)  # nowhere to look: it stays
    assert navigator.distance == 2.5


def test_a_view_is_of_pythons_numbers_whatever_moved_it():
    navigator, by = Navigator(), np.float64(0.1)
    navigator.orbit(by, by)
    navigator.look(by, by)
    navigator.zoom(by)
    navigator.pan(by, by)
    view = navigator.view
    numbers = [view.distance, view.azimuth, view.elevation, view.fov_y, view.roll]
    assert {type(each) for each in [*numbers, *view.target, *view.up]} == {float}
