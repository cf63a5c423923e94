"""Surfels of `reference` against rays and planes in world coordinates, written out once more."""

import math

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings, Splats
from voile.render.modes import MODES
from voile.render.projection import project
from voile.render.reference import ReferenceRenderer

C0 = 0.28209479177387814


def discs(means, quats=(1, 0, 0, 0), scales=0.3, opacities=0.8, colors=(0.8, 0.4, 0.2)) -> Splats:
    means = np.asarray(means, np.float32).reshape(-1, 3)
    n = len(means)
    quats = np.broadcast_to(np.asarray(quats, np.float64), (n, 4))
    quats = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    sizes = np.broadcast_to(np.asarray(scales, np.float32), (n, 3)).copy()
    sizes[:, 2] = 0.0
    sh = (np.broadcast_to(np.asarray(colors, np.float32), (n, 3)) - 0.5) / C0
    return Splats(
        means,
        quats.astype(np.float32),
        sizes,
        np.broadcast_to(np.asarray(opacities, np.float32), (n,)).copy(),
        sh[:, None].astype(np.float32).copy(),
    )


def turned(axis, degrees):
    """wxyz of a rotation."""
    half = math.radians(degrees) / 2
    return (math.cos(half), *(math.sin(half) * np.asarray(axis, float)))


def view(width=48, height=36, **changes) -> Camera:
    camera = Camera.look_at((0.7, -0.9, -5), (0, 0, 0), width=width, height=height)
    return Camera.from_dict({**camera.to_dict(), **changes})


def render(splats, camera, **settings):
    renderer = ReferenceRenderer()
    renderer.upload(splats)
    frame = renderer.render(FrameRequest(camera, Settings(**settings), depth=True))
    for image in (frame.color, frame.alpha, frame.depth):
        assert np.isfinite(image).all()
    return frame


def frame_of(q) -> np.ndarray:
    """Columns are the axes of a quaternion, v -> q v q*."""
    w, v = q[0], q[1:]
    return np.stack([e + 2 * w * np.cross(v, e) + 2 * np.cross(v, np.cross(v, e))
                     for e in np.eye(3)], axis=1)  # fmt: skip


def brute_force(splats, camera):
    """(H, W, 5) colour, alpha, depth: every pixel's ray in the world against every plane."""
    world, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    px, py = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    rays = np.stack([(px - camera.cx) / camera.fx, (py - camera.cy) / camera.fy, 1 + 0 * px], -1)
    rays, eye = rays @ world, -world.T @ shift  # z = 1 in camera axes: a length is a depth
    color, depth, left = np.zeros((*px.shape, 3)), np.zeros(px.shape), np.ones(px.shape)
    centers = splats.means.astype(float) @ world.T + shift
    for i in np.argsort(centers[:, 2], kind="stable"):
        x, y, z = centers[i]
        if z <= camera.near:
            continue
        first, second, normal = frame_of(splats.quats[i].astype(float)).T
        with np.errstate(divide="ignore", invalid="ignore"):
            length = normal @ (splats.means[i] - eye) / (rays @ normal)
            hit = eye + length[..., None] * rays - splats.means[i]
            u = hit @ first / splats.scales[i, 0]
            v = hit @ second / splats.scales[i, 1]
            solid = np.where(length > camera.near, np.exp(-(u * u + v * v) / 2), 0)
        dx, dy = px - camera.fx * x / z - camera.cx, py - camera.fy * y / z - camera.cy
        blurred = np.exp(-(dx * dx + dy * dy) / (2 * 0.5))
        alpha = np.minimum(0.99, splats.opacities[i] * np.maximum(solid, blurred))
        alpha[alpha < 1 / 255] = 0
        shown = np.maximum(0, 0.5 + C0 * splats.sh[i, 0].astype(float))
        color += (left * alpha)[..., None] * shown
        depth += left * alpha * np.where(solid >= blurred, length, z)
        left *= 1 - alpha
    alpha = 1 - left
    mean = np.divide(depth, alpha, out=np.zeros_like(depth), where=alpha > 0)
    return np.dstack([color, alpha, mean])


VIEWS = {
    "centred": view(),
    "off centre": view(cx=-4.0, cy=32.0),
    "anamorphic": view(fx=90.0, fy=30.0),
    "among them": Camera.look_at((0, 0, -0.5), (0, 0, 1), width=48, height=36, fov_y=80),
    "near plane through them": view(near=4.8),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_rays_meet_planes(name, scale):
    splats = make_splats(120, 0, "2d", seed=3)
    splats.scales[:] *= np.float32(scale)
    expected = brute_force(splats, VIEWS[name])
    frame = render(splats, VIEWS[name])
    assert expected[..., 3].max() > 0.5
    actual = np.dstack([frame.color, frame.alpha, frame.depth])
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_value_and_depth_at_pixels_by_hand():
    """A disc turned by 60 degrees about y: along x depth grows by tan 60 per unit."""
    camera = Camera(41, 41, 50, 50, 20.5, 20.5, np.eye(4))
    frame = render(discs([[0, 0, 5]], turned((0, 1, 0), -60)), camera)
    slope = math.tan(math.radians(60))
    for column in (14, 18, 22, 26):
        x = (column - 20) / 50  # of the ray, at z = 1
        z = 5 / (1 - slope * x)
        away = x * z / math.cos(math.radians(60)) / 0.3
        alpha = 0.8 * math.exp(-0.5 * away**2)
        if alpha >= 1 / 255:
            assert frame.alpha[20, column] == pytest.approx(alpha, rel=1e-5)
            assert frame.depth[20, column] == pytest.approx(z, rel=1e-5)
    assert frame.alpha[20, 20] == pytest.approx(0.8)


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_edge_on_it_is_a_spot_of_its_low_pass_filter(offset):
    """Seen along its own plane, by rays that lie in the plane and by others: 0 / 0 and x / 0."""
    along_x = np.array([[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    camera = Camera(21, 21, 50, 50, 10.5, 10.5 + offset, along_x)
    frame = render(discs([[5, 0, 0]]), camera)
    y, x = np.mgrid[:21, :21] - 10.0
    spot = 0.8 * np.exp(-(x * x + (y - offset) ** 2) / (2 * 0.5))
    spot[spot < 1 / 255] = 0
    np.testing.assert_allclose(frame.alpha, spot, atol=1e-6)
    np.testing.assert_allclose(frame.depth[spot > 0], 5, rtol=1e-6)


def test_far_away_it_is_a_spot_of_its_low_pass_filter():
    camera = Camera(21, 21, 50, 50, 10.5, 10.5, np.eye(4))
    frame = render(discs([[0, 0, 5000]]), camera)
    assert frame.alpha[10, 10] == pytest.approx(0.8)
    assert frame.alpha[10, 11] == pytest.approx(0.8 * math.exp(-1))


@pytest.mark.parametrize("degrees", [89.0, 89.9, 89.999, 89.99999])
def test_grazing_angles_are_finite_and_within_the_disc(degrees):
    camera = view(96, 72)
    splats = discs([[0.1, 0.2, 0]], turned((0.6, 0.8, 0), degrees), 2.0, 0.99)
    frame = render(splats, camera)
    shown = frame.alpha > 0
    assert 0 < frame.alpha.max() <= 0.99
    assert frame.depth[shown].min() > 5.1 - 3.4 * 2
    assert frame.depth[shown].max() < 5.1 + 3.4 * 2


def test_nothing_of_what_is_behind_shows():
    """The camera is within the disc, which tilts: above the horizon rays meet it behind them."""
    camera = Camera(40, 40, 20, 20, 20, 20, np.eye(4))
    floor = discs([[0, 0.5, 1.0]], turned((1, 0, 0), 90), 30.0, 0.9)
    frame = render(floor, camera)
    assert frame.alpha[22:].min() > 0.85
    above = frame.alpha[:20].copy()
    above[:, :] *= np.hypot(*(np.mgrid[:20, :40] + 0.5 - [[[30]], [[20]]])) > 3
    assert above.max() == 0
    # A ray at height (y - 20) / 20 per unit of z meets the floor y = 0.5.
    rows = np.arange(22, 40)
    near_middle = frame.depth[rows, 0]
    np.testing.assert_allclose(near_middle, 0.5 / ((rows + 0.5 - 20) / 20), rtol=1e-5)


def test_the_near_plane_cuts_the_disc_and_not_only_its_centre():
    floor = discs([[0, 0.5, 3.0]], turned((1, 0, 0), 90), 30.0, 0.9)
    camera = Camera(40, 40, 20, 20, 20, 20, np.eye(4), near=1.0)
    frame = render(floor, camera)
    # The floor at z = 1 is seen 10 pixels below the middle.
    assert frame.alpha[22:30].min() > 0.85
    assert frame.alpha[30:].max() == 0
    behind = Camera(40, 40, 20, 20, 20, 20, np.eye(4), near=3.0)
    assert render(floor, behind).alpha.max() == 0


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_boxes_are_exact(name, scale):
    """They hold every pixel that a surfel touches, and touch what holds it."""
    splats, camera = make_splats(60, 0, "2d", seed=8), VIEWS[name]
    splats.scales[:] *= np.float32(scale)
    shown = project(splats, camera, Settings())
    reach = np.sqrt(2 * np.log(np.maximum(255 * shown.opacities, 1)))
    angle = np.linspace(0, 2 * np.pi, 20_001)
    for i in np.nonzero(reach > 0)[0]:
        rim = np.stack([reach[i] * np.cos(angle), reach[i] * np.sin(angle), 0 * angle + 1])
        inside = np.linspace(0, 1, 200) * rim[:, :, None] * [[[1]], [[1]], [[0]]]
        inside[2] = 1
        points = shown.matrices[i] @ np.concatenate([rim, inside[:, ::200].reshape(3, -1)], 1)
        pixels = (points[:2] / points[2])[:, points[2] >= camera.near]
        blur = np.array([-1, 1]) * reach[i] * math.sqrt(0.5)
        pixels = np.concatenate([pixels, shown.centers[i][:, None] + blur], axis=1)
        span = np.maximum(shown.high[i] - shown.low[i], 1)
        assert (pixels.min(1) >= shown.low[i] - 1e-6 * span).all()
        assert (pixels.max(1) <= shown.high[i] + 1e-6 * span).all()
        if points[2, : len(angle)].min() > camera.near:
            assert (np.abs(pixels.min(1) - shown.low[i]) < 1e-6 * span).all()
            assert (np.abs(pixels.max(1) - shown.high[i]) < 1e-6 * span).all()


@pytest.mark.parametrize("antialiasing", ["on", "off"])
def test_the_mip_filter_is_for_ellipsoids(antialiasing):
    splats = make_splats(60, 0, "2d", seed=4)
    frame = render(splats, view(), antialiasing=antialiasing)
    np.testing.assert_array_equal(frame.alpha, render(splats, view()).alpha)


def test_surfels_and_ellipsoids_are_sorted_together():
    """Of a mixed scene the surfels as above, the others as in `test_reference`."""
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4))
    splats = discs([[0, 0, 8], [0, 0, 5], [0, 0, 6]], scales=9.0, opacities=(0.5, 0.6, 0.7),
                   colors=np.eye(3))  # fmt: skip
    splats.scales[1, 2] = 9.0
    frame = render(splats, camera)
    np.testing.assert_allclose(frame.color[1, 1], (0.5 * 0.4 * 0.3, 0.6, 0.7 * 0.4), atol=1e-6)
    assert frame.depth[1, 1] == pytest.approx((0.6 * 5 + 0.28 * 6 + 0.06 * 8) / 0.94, rel=1e-6)


@pytest.mark.parametrize("mode", [name for name in MODES if name != "learned"])
def test_every_mode_shows_one_surfel_alike(mode):
    camera = Camera(21, 21, 50, 50, 10.5, 10.5, np.eye(4))
    splats = discs([[0, 0, 5]], turned((0, 1, 0), -50), 0.5, 0.6)
    expected = render(splats, camera)
    frame = render(splats, camera, mode=mode, samples=64)
    if mode == "stochastic":
        assert np.abs(frame.alpha - expected.alpha).mean() < 0.04
    else:
        np.testing.assert_allclose(frame.alpha, expected.alpha, atol=1e-6)
    seen = frame.alpha > 0
    np.testing.assert_allclose(frame.depth[seen], expected.depth[seen], rtol=1e-5)
