"""Selecting by shapes and attributes."""

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera, Splats
from voile.render import selecting
from voile.render.selecting import SelectionError

CAMERA = Camera.look_at((0, 0, -5), (0, 0, 0), width=200, height=100)


@pytest.fixture(scope="module")
def splats():
    return make_splats(400)


def brute_pixels(splats):
    points = splats.means @ CAMERA.world_to_camera[:3, :3].T + CAMERA.world_to_camera[:3, 3]
    return points[:, :2] / points[:, 2:] * CAMERA.fx + (CAMERA.cx, CAMERA.cy)


def test_rectangle_takes_what_is_seen_inside(splats):
    found = selecting.in_rectangle(splats.means, CAMERA, (120, 80), (70, 30))
    x, y = brute_pixels(splats).T
    wanted = (x >= 70) & (x <= 120) & (y >= 30) & (y <= 80)
    assert 20 < wanted.sum() < 380
    np.testing.assert_array_equal(found, wanted)


def test_nothing_behind_the_camera_is_selected():
    means = np.array([[0, 0, 5], [0, 0, -10]], np.float32)
    found = selecting.in_rectangle(means, CAMERA, (0, 0), (200, 100))
    np.testing.assert_array_equal(found, [True, False])
    lasso = [(0, 0), (200, 0), (200, 100), (0, 100)]
    np.testing.assert_array_equal(selecting.in_polygon(means, CAMERA, lasso), [True, False])


def test_lasso_that_is_a_rectangle_is_one(splats):
    corners = [(70.25, 30.25), (120.25, 30.25), (120.25, 80.25), (70.25, 80.25)]
    np.testing.assert_array_equal(
        selecting.in_polygon(splats.means, CAMERA, corners),
        selecting.in_rectangle(splats.means, CAMERA, corners[0], corners[2]),
    )


def test_lasso_that_bends_inwards_and_crosses_itself(splats):
    """By the even-odd rule, against winding by angles for each point."""
    rng = np.random.default_rng(3)
    polygon = rng.uniform((40, 10), (160, 90), (9, 2))
    found = selecting.in_polygon(splats.means, CAMERA, polygon)
    wanted = np.zeros(len(splats), bool)
    for i, (px, py) in enumerate(brute_pixels(splats)):
        crossings = 0
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (y0 > py) != (y1 > py):
                t = (py - y0) / (y1 - y0)
                crossings += px < x0 + t * (x1 - x0)
        wanted[i] = crossings % 2
    assert 20 < wanted.sum() < 380
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("polygon", [[(0, 0), (1, 1)], [(0, 0), (1, 1), (np.nan, 0)]])
def test_what_is_no_polygon_is_an_error(splats, polygon):
    with pytest.raises(SelectionError, match="polygon"):
        selecting.in_polygon(splats.means, CAMERA, polygon)


def test_sphere_and_turned_box(splats):
    center = (0.5, -0.5, 0.2)
    away = np.linalg.norm(splats.means - np.array(center), axis=1)
    found = selecting.in_sphere(splats.means, center, 1.1)
    np.testing.assert_array_equal(found, away <= 1.1)
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    box = selecting.in_box(splats.means, center, (1.0, 0.5, 2.0), turn)
    local = (splats.means - np.array(center)) @ turn
    np.testing.assert_array_equal(box, (np.abs(local) <= (1.0, 0.5, 2.0)).all(axis=1))
    assert box.sum() != selecting.in_box(splats.means, center, (1.0, 0.5, 2.0)).sum()


def test_attributes(splats):
    np.testing.assert_array_equal(
        selecting.by_opacity(splats, 0.2, 0.6),
        (splats.opacities >= 0.2) & (splats.opacities <= 0.6),
    )
    assert selecting.by_size(splats, 0.0, 0.1).sum() == (splats.scales.max(axis=1) <= 0.1).sum()
    color = np.clip(selecting.base_colors(splats)[7], 0, 1)
    found = selecting.by_color(splats, color, 0.2)
    assert found[7]
    assert 0 < found.sum() < 100
    with pytest.raises(SelectionError, match="opacity"):
        selecting.by_opacity(splats, 0.7, 0.2)
    with pytest.raises(SelectionError, match="negative"):
        selecting.by_color(splats, color, -1.0)


def test_ways_to_combine():
    before, found = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    wanted = {
        "replace": [1, 0, 1, 0],
        "add": [1, 1, 1, 0],
        "subtract": [0, 1, 0, 0],
        "intersect": [1, 0, 0, 0],
    }
    assert set(wanted) == set(selecting.HOWS)
    for how, mask in wanted.items():
        np.testing.assert_array_equal(selecting.combined(before, found, how), np.array(mask, bool))
    with pytest.raises(SelectionError, match="xor"):
        selecting.combined(before, found, "xor")


def test_what_others_hide_is_not_seen():
    """A wall, something in front of it, something behind it, something outside of the picture."""
    means = np.array([[0, 0, 0], [0.1, 0, -1], [0, 0.1, 2], [50, 0, 0]], np.float32)
    n = len(means)
    splats = Splats(
        means,
        np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
        np.array([[2, 2, 0.01], *[[0.05] * 3] * 3], np.float32),
        np.full(n, 0.99, np.float32),
        np.zeros((n, 1, 3), np.float32),
    )
    np.testing.assert_array_equal(selecting.unhidden(splats, CAMERA), [True, True, False, False])
    faint = splats.with_columns(opacities=np.array([0.4, 0.9, 0.9, 0.9], np.float32))
    assert selecting.unhidden(faint, CAMERA)[2]
    assert not selecting.unhidden(faint, CAMERA, 0.9)[2]
    assert not selecting.unhidden(splats.take(slice(0, 0)), CAMERA).any()


def test_picking_takes_the_nearest_solid_splat():
    means = np.array([[0, 0, 0], [0.02, 0, -1], [0, 0, -2], [1, 0, -3]], np.float32)
    splats = make_splats(4).with_columns(
        means=means, opacities=np.array([0.9, 0.9, 0.1, 0.9], np.float32)
    )
    assert selecting.pick(splats, CAMERA, 100, 50) == 1
    assert selecting.pick(splats, CAMERA, 5, 5) is None
