"""The reference against the equations written out once more: per pixel, no boxes, full matrices."""

import math

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings, Splats
from voile.render.modes import MODES, Mode
from voile.render.reference import ReferenceRenderer
from voile.scenes.sh import sh_basis

C0 = 0.28209479177387814


def view(width=48, height=36, **changes) -> Camera:
    camera = Camera.look_at((0.7, -0.9, -5), (0, 0, 0), width=width, height=height)
    return Camera.from_dict({**camera.to_dict(), **changes})


def render(splats, camera, **settings):
    renderer = ReferenceRenderer()
    renderer.upload(splats)
    return renderer.render(FrameRequest(camera, Settings(**settings), depth=True))


def balls(means, scales=0.3, opacities=0.8, colors=(0.8, 0.4, 0.2), **rest) -> Splats:
    means = np.asarray(means, np.float32).reshape(-1, 3)
    n = len(means)
    sh = (np.broadcast_to(np.asarray(colors, np.float32), (n, 3)) - 0.5) / C0
    return Splats(
        means,
        np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        np.broadcast_to(np.asarray(scales, np.float32), (n, 3)).copy(),
        np.broadcast_to(np.asarray(opacities, np.float32), (n,)).copy(),
        sh[:, None].astype(np.float32).copy(),
        **rest,
    )


def rotation(q) -> np.ndarray:
    """v -> q v q*, column by column, of the unit quaternion."""
    w, *axis = q / np.linalg.norm(q)
    return np.stack([
        e + 2 * w * np.cross(axis, e) + 2 * np.cross(axis, np.cross(axis, e)) for e in np.eye(3)
    ], axis=1)  # fmt: skip


def brute_force(splats, camera, *, antialiased=False):
    """Kerbl et al. 2023, equation by equation; (H, W, 5): colour, alpha, depth."""
    world, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    px, py = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    color, depth = np.zeros((*px.shape, 3)), np.zeros(px.shape)
    left = np.ones(px.shape)
    means = splats.means.astype(float)
    t = means @ world.T + shift
    for i in sorted(range(len(splats)), key=lambda i: (t[i, 2], i)):
        x, y, z = t[i]
        if z <= camera.near:
            continue
        margin_x, margin_y = 0.15 * camera.width / camera.fx, 0.15 * camera.height / camera.fy
        low = np.array([-camera.cx / camera.fx - margin_x, -camera.cy / camera.fy - margin_y])
        high = np.array([(camera.width - camera.cx) / camera.fx + margin_x,
                         (camera.height - camera.cy) / camera.fy + margin_y])  # fmt: skip
        u, v = np.clip((x / z, y / z), low, high)
        jacobian = np.array(
            [[camera.fx / z, 0, -camera.fx * u / z], [0, camera.fy / z, -camera.fy * v / z]]
        )
        turned = rotation(splats.quats[i].astype(float)) @ np.diag(splats.scales[i].astype(float))
        sharp = jacobian @ world @ turned @ turned.T @ world.T @ jacobian.T
        cov = sharp + 0.3 * np.eye(2)
        opacity = float(splats.opacities[i])
        if antialiased:
            opacity *= math.sqrt(max(0.0, np.linalg.det(sharp) / np.linalg.det(cov)))
        d = np.stack([px - (camera.fx * x / z + camera.cx), py - (camera.fy * y / z + camera.cy)])
        q = np.einsum("ahw,ab,bhw->hw", d, np.linalg.inv(cov), d)
        alpha = np.minimum(0.99, opacity * np.exp(-0.5 * q))
        alpha[alpha < 1 / 255] = 0
        direction = means[i] - camera.position
        basis = sh_basis((direction / np.linalg.norm(direction))[None], splats.sh_degree)[0]
        seen = np.maximum(0, 0.5 + basis @ splats.sh[i].astype(float))
        color += (left * alpha)[..., None] * seen
        depth += left * alpha * z
        left *= 1 - alpha
    alpha = 1 - left
    mean = np.divide(depth, alpha, out=np.zeros_like(depth), where=alpha > 0)
    return np.dstack([color, alpha, mean])


VIEWS = {
    "centred": view(),
    "off centre": view(cx=-4.0, cy=32.0),
    "anamorphic": view(fx=90.0, fy=30.0),
    "inside": Camera.look_at((0, 0, -0.5), (0, 0, 1), width=48, height=36, fov_y=80),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("degree", range(5))
def test_equations(name, degree):
    splats = make_splats(120, degree, seed=degree)
    frame = render(splats, VIEWS[name])
    expected = brute_force(splats, VIEWS[name])
    assert expected[..., 3].max() > 0.5
    actual = np.dstack([frame.color, frame.alpha, frame.depth])
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("trained", "setting", "applied"),
    [(True, "scene", True), (False, "scene", False), (False, "on", True), (True, "off", False)],
)
def test_antialiasing_factor(trained, setting, applied):
    splats = make_splats(120, 0, seed=8, antialiased=trained)
    frame = render(splats, view(), antialiasing=setting)
    expected = brute_force(splats, view(), antialiased=applied)
    np.testing.assert_allclose(frame.alpha, expected[..., 3], rtol=1e-5, atol=1e-6)


def test_value_at_one_pixel_by_hand():
    """A ball of deviation 0.3 at distance 5, f = 50: variance (50 x 0.3 / 5)^2 + 0.3 pixels^2."""
    camera = Camera(21, 21, 50, 50, 10.5, 10.5, np.eye(4))
    frame = render(balls([[0, 0, 5]]), camera)
    assert frame.alpha[10, 10] == pytest.approx(0.8)
    assert frame.alpha[10, 13] == pytest.approx(0.8 * math.exp(-0.5 * 9 / 9.3))
    assert frame.alpha[7, 10] == pytest.approx(0.8 * math.exp(-0.5 * 9 / 9.3))
    np.testing.assert_allclose(frame.color[10, 10], 0.8 * np.array([0.8, 0.4, 0.2]), rtol=1e-6)
    assert frame.depth[10, 10] == pytest.approx(5)


def test_two_layers_by_hand():
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4))
    near, far = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    frame = render(balls([[0, 0, 8], [0, 0, 5]], 9.0, (0.5, 0.6), [far, near]), camera)
    np.testing.assert_allclose(frame.color[1, 1], (0.6, 0.4 * 0.5, 0), atol=1e-6)
    assert frame.alpha[1, 1] == pytest.approx(0.8)
    assert frame.depth[1, 1] == pytest.approx((0.6 * 5 + 0.2 * 8) / 0.8)


def test_extent_ends_exactly_at_one_255th():
    """A splat of opacity 1 reaches sqrt(2 ln 255) = 3.33 deviations, not 3."""
    camera = Camera(101, 1, 50, 50, 50.5, 0.5, np.eye(4))
    alpha = render(balls([[0, 0, 5]], 0.5, 1.0), camera).alpha[0]
    deviation = math.sqrt(25.3)
    reach = math.floor(math.sqrt(2 * math.log(255)) * deviation)
    assert alpha[50 + reach] >= 1 / 255 * (1 - 1e-6)
    assert alpha[50 + reach + 1] == 0
    assert reach > 3 * deviation


def test_equal_depths_keep_their_order():
    """Enough splats that a sort which is not stable would mix them."""
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4))
    colors = np.random.default_rng(0).random((200, 3))
    splats = balls([[0, 0, 5 + i % 2] for i in range(200)], 9.0, 0.02, colors)
    expected = brute_force(splats, camera)[..., :3]
    np.testing.assert_allclose(render(splats, camera).color, expected, atol=1e-6)


def test_alpha_is_capped():
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4))
    assert render(balls([[0, 0, 5]], 9.0, 1.0), camera).alpha[1, 1] == pytest.approx(0.99)


def test_centre_on_the_near_plane_is_culled():
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4), near=2.0)
    assert render(balls([[0, 0, 2.0]]), camera).alpha.max() == 0
    assert render(balls([[0, 0, 2.0001]]), camera).alpha.max() > 0


def test_colour_is_clamped_below_and_not_above():
    camera = Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4))
    frame = render(balls([[0, 0, 5]], 9.0, 0.5, (-2.0, 0.5, 3.0)), camera)
    np.testing.assert_allclose(frame.color[1, 1], (0, 0.25, 1.5), atol=1e-6)


def test_splat_scale_scales_the_splats():
    splats = make_splats(40, 1, seed=2)
    twice = Splats(splats.means, splats.quats, splats.scales * 2, splats.opacities, splats.sh)
    a, b = render(splats, view(), splat_scale=2.0), render(twice, view())
    np.testing.assert_allclose(a.color, b.color, atol=1e-6)


def test_degree_cap_ignores_higher_bands():
    splats = make_splats(40, 4, seed=2)
    low = Splats(
        splats.means, splats.quats, splats.scales, splats.opacities, splats.sh[:, :4].copy()
    )
    a, b = render(splats, view(), max_sh_degree=1), render(low, view())
    np.testing.assert_array_equal(a.color, b.color)


def test_a_mode_is_one_function(monkeypatch):
    """Entering a mode in MODES is all that a new one takes."""

    def count(layers, canvas):
        for splat in layers:
            canvas.color[splat.window] += (splat.alpha > 0)[..., None]

    monkeypatch.setitem(MODES, "sorted", Mode("sorted", "Counts layers.", count))
    splats = balls([[0, 0, 5], [0, 0, 6]], 9.0)
    frame = render(splats, Camera(3, 3, 50, 50, 1.5, 1.5, np.eye(4)))
    assert frame.color[1, 1, 0] == 2
    assert frame.alpha.max() == 0
