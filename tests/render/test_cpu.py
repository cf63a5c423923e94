"""The CPU backend against a direct float64 evaluation, and at the edges of its input."""

import threading

import numpy as np
import pytest

from voile import Camera, FrameRequest, Settings, Splats
from voile.kernels.cpu.workers import ThreadCountError
from voile.render import RenderError
from voile.render.cpu.renderer import CPURenderer


def make_splats(means, scales=0.1, opacities=0.8, quats=None, sh=None, **rest) -> Splats:
    means = np.atleast_2d(np.asarray(means, np.float32))
    n = len(means)
    quats = np.tile([1.0, 0, 0, 0], (n, 1)) if quats is None else quats
    sh = np.full((n, 1, 3), 0.5) if sh is None else sh
    return Splats(
        means,
        np.ascontiguousarray(quats, np.float32),
        np.broadcast_to(np.asarray(scales, np.float32), (n, 3)).copy(),
        np.broadcast_to(np.asarray(opacities, np.float32), (n,)).copy(),
        np.ascontiguousarray(sh, np.float32),
        **rest,
    )


def random_splats(n: int, seed: int = 0, degree: int = 3) -> Splats:
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(n, 4))
    return make_splats(
        rng.normal(size=(n, 3)) * 1.5,
        np.exp(rng.normal(-3, 1, size=(n, 3))),
        rng.random(n),
        quats / np.linalg.norm(quats, axis=1, keepdims=True),
        rng.normal(size=(n, (degree + 1) ** 2, 3)) * 0.3,
    )


def camera(width=200, height=120, **changes) -> Camera:
    view = Camera.look_at((0.3, -1, -5), (0, 0, 0), width=width, height=height)
    return Camera.from_dict({**view.to_dict(), **changes})


def draw(splats, view, settings=None, depth=True, threads=1):
    renderer = CPURenderer(threads)
    renderer.upload(splats)
    return renderer.render(FrameRequest(view, settings or Settings(), depth=depth))


def definition(splats: Splats, view: Camera, antialias=False, splat_scale=1.0):
    """MATH.md sections 1 and 2 as they are written, SH degree 0: (H, W, 4) and depth (H, W)."""
    world = view.world_to_camera
    t = splats.means.astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    y, x = np.mgrid[: view.height, : view.width] + 0.5
    image, depth = np.zeros((view.height, view.width, 4)), np.zeros((view.height, view.width))
    left = np.ones((view.height, view.width))
    margin = 0.15 * np.array([view.width / view.fx, view.height / view.fy])
    for i in np.argsort(t[:, 2], kind="stable"):
        tx, ty, tz = t[i]
        if tz <= view.near:
            continue
        low = np.array([-view.cx / view.fx, -view.cy / view.fy]) - margin
        high = np.array([(view.width - view.cx) / view.fx, (view.height - view.cy) / view.fy])
        sx, sy = np.clip([tx / tz, ty / tz], low, high + margin)
        jacobian = np.array([[view.fx, 0, -view.fx * sx], [0, view.fy, -view.fy * sy]]) / tz
        w, a, b, c = splats.quats[i].astype(np.float64)
        turn = np.array([
            [1 - 2 * (b * b + c * c), 2 * (a * b - w * c), 2 * (a * c + w * b)],
            [2 * (a * b + w * c), 1 - 2 * (a * a + c * c), 2 * (b * c - w * a)],
            [2 * (a * c - w * b), 2 * (b * c + w * a), 1 - 2 * (a * a + b * b)],
        ])  # fmt: skip
        m = jacobian @ world[:3, :3] @ turn * (splats.scales[i].astype(np.float64) * splat_scale)
        sharp = m @ m.T
        cov = sharp + 0.3 * np.eye(2)
        opacity = float(splats.opacities[i])
        if antialias:
            opacity *= np.sqrt(max(0, np.linalg.det(sharp) / np.linalg.det(cov)))
        d = np.stack([x - (view.fx * tx / tz + view.cx), y - (view.fy * ty / tz + view.cy)], -1)
        power = -0.5 * np.einsum("...i,ij,...j", d, np.linalg.inv(cov), d)
        alpha = np.minimum(0.99, opacity * np.exp(power))
        alpha[alpha < 1 / 255] = 0
        colour = np.maximum(0, 0.5 + 0.28209479177387814 * splats.sh[i, 0].astype(np.float64))
        weight = left * alpha
        image[..., :3] += weight[..., None] * colour
        depth += weight * tz
        left *= 1 - alpha
    image[..., 3] = 1 - left
    return image, np.divide(depth, 1 - left, out=np.zeros_like(depth), where=left < 1)


def psnr(a, b) -> float:
    return float(-10 * np.log10(np.mean((np.asarray(a, np.float64) - b) ** 2)))


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("principal", [(100, 60), (-30, 140)])
def test_draws_the_definition(antialias, principal):
    splats = random_splats(300, degree=0)
    view = camera(cx=principal[0], cy=principal[1])
    settings = Settings(antialiasing="on" if antialias else "off", splat_scale=1.3)
    frame = draw(splats, view, settings)
    image, depth = definition(splats, view, antialias, 1.3)
    assert image[..., 3].max() > 0.9
    # float32 against float64; flips at the 1/255 threshold are rare and small.
    assert psnr(frame.premultiplied(), image) > 80
    hit = image[..., 3] > 0.05
    np.testing.assert_allclose(frame.depth[hit], depth[hit], rtol=2e-3)
    assert (frame.depth[frame.alpha == 0] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_needles_and_splats_near_the_camera(seed):
    rng = np.random.default_rng(seed)
    splats = random_splats(60, seed=seed, degree=0)
    scales = np.float32(10.0) ** rng.uniform(-4, 1, size=(60, 3)).astype(np.float32)
    splats = make_splats(splats.means * 2, scales, splats.opacities, splats.quats, splats.sh)
    assert psnr(draw(splats, camera()).premultiplied(), definition(splats, camera())[0]) > 75


def test_bytes_are_the_same_for_any_number_of_threads():
    splats, view = random_splats(60_000), camera(333, 207)
    frames = [draw(splats, view, threads=k) for k in (1, 2, 3, 4)]
    for other in frames[1:]:
        assert other.color.tobytes() == frames[0].color.tobytes()
        assert other.alpha.tobytes() == frames[0].alpha.tobytes()
        assert other.depth.tobytes() == frames[0].depth.tobytes()


def test_depth_does_not_change_the_picture_and_is_left_out_unless_asked_for():
    splats, view = random_splats(2000), camera()
    with_depth, without = draw(splats, view), draw(splats, view, depth=False)
    assert without.depth is None
    assert with_depth.color.tobytes() == without.color.tobytes()


def test_frame_says_what_was_done():
    frame = draw(random_splats(500), camera())
    assert list(frame.timings) == ["project", "sort", "weigh", "bin", "rasterize"]
    assert frame.stats["splats"] == 500
    assert 0 < frame.stats["visible"] < 500
    assert frame.stats["instances"] >= frame.stats["visible"]
    assert frame.color.dtype == frame.alpha.dtype == frame.depth.dtype == np.float32


@pytest.mark.parametrize(
    "splats",
    [
        make_splats(np.zeros((0, 3)), opacities=np.zeros(0)),
        make_splats([0, 0, -50]),  # behind
        make_splats([100, 0, 0]),  # beside
        make_splats([0, 0, 0], opacities=0.0039),  # alpha below 1/255 everywhere
    ],
    ids=["none", "behind", "beside", "transparent"],
)
def test_nothing_to_see(splats):
    frame = draw(splats, camera())
    assert frame.stats["visible"] == frame.stats["instances"] == 0
    assert not frame.color.any()
    assert not frame.alpha.any()
    assert not frame.depth.any()


def test_near_plane_is_exclusive():
    splats = make_splats([[0, 0, 1.0], [0, 0, 2.0]], 1e-3)
    view = Camera(8, 8, 8, 8, 4, 4, np.eye(4), near=1.0)
    assert draw(splats, view).stats["visible"] == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (17, 1), (7680, 4320)])
def test_one_splat_over_the_whole_image_of_any_size(size):
    splats = make_splats([0, 0, 0], 1e4, opacities=1.0)
    frame = draw(splats, camera(*size), depth=False, threads=2)
    assert frame.alpha.shape == size[::-1]
    assert frame.alpha.min() == frame.alpha.max() == np.float32(1) - (1 - np.float32(0.99))


@pytest.mark.parametrize("scale", [1e-38, 1e10, 1e20, 3e38])
@pytest.mark.parametrize("flat", [False, True], ids=["round", "needle"])
def test_extreme_scales_stay_finite(scale, flat):
    rng = np.random.default_rng(3)
    quats = rng.normal(size=(40, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    means = rng.normal(size=(40, 3)) * np.float32(10.0) ** rng.uniform(-3, 30, size=(40, 1))
    frame = draw(
        make_splats(means, (scale, 0.01, 0.01) if flat else scale, 1.0, quats),
        camera(near=1e-6),
        Settings(splat_scale=4.0),
    )
    for image in (frame.color, frame.alpha, frame.depth):
        assert np.isfinite(image).all()
    if scale in (1e10, 1e20) and not flat:
        assert frame.alpha.min() > 0.98


def test_extreme_colours_stay_finite():
    sh = np.random.default_rng(0).choice([-3e38, 3e38], size=(5, 25, 3))
    frame = draw(make_splats(np.zeros((5, 3)), sh=sh), camera())
    assert np.isfinite(frame.color).all()
    assert frame.color.max() > 1e29


def test_harmonics_are_cut_at_the_degree_asked_for():
    splats = random_splats(200, degree=4)
    for degree in range(5):
        low = draw(splats, camera(), Settings(max_sh_degree=degree)).color
        kept = np.ascontiguousarray(splats.sh[:, : (degree + 1) ** 2])
        cut = make_splats(splats.means, splats.scales, splats.opacities, splats.quats, kept)
        assert low.tobytes() == draw(cut, camera()).color.tobytes()
    assert psnr(draw(splats, camera(), Settings(max_sh_degree=3)).color, low) < 50


def test_antialiased_scene_is_drawn_so_unless_switched_off():
    splats = random_splats(200, degree=0)
    columns = splats.means, splats.scales, splats.opacities, splats.quats, splats.sh
    scene = make_splats(*columns, antialiased=True)
    on = draw(splats, camera(), Settings(antialiasing="on")).color
    assert draw(scene, camera()).color.tobytes() == on.tobytes()
    off = draw(scene, camera(), Settings(antialiasing="off")).color
    assert off.tobytes() == draw(splats, camera()).color.tobytes()
    assert off.tobytes() != on.tobytes()


def test_read_only_and_strided_columns():
    splats = random_splats(300)
    want = draw(splats, camera()).color
    wide = np.zeros((300, 20), np.float32)
    wide[:, 3:6] = splats.means
    wide.setflags(write=False)
    sh = splats.sh.copy()
    sh.setflags(write=False)
    odd = Splats(wide[:, 3:6], splats.quats, splats.scales, splats.opacities, sh)
    assert draw(odd, camera()).color.tobytes() == want.tobytes()


def test_two_threads_draw_at_once():
    splats, view = random_splats(5000), camera()
    want = draw(splats, view).color.tobytes()
    got: list[bytes] = []

    def work():
        for _ in range(3):
            got.append(draw(splats, view, threads=2).color.tobytes())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [want] * 9


def test_errors():
    with pytest.raises(RenderError, match="upload"):
        CPURenderer(1).render(FrameRequest(camera()))
    with pytest.raises(ThreadCountError, match="threads is '0'"):
        CPURenderer(0)


def test_threads_from_the_environment(monkeypatch):
    monkeypatch.setenv("VOILE_THREADS", "3")
    assert "3 threads" in CPURenderer().capabilities.device
    monkeypatch.setenv("VOILE_THREADS", "many")
    with pytest.raises(ThreadCountError, match="VOILE_THREADS"):
        CPURenderer()
