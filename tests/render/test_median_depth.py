"""Median depth against the transmittance behind every splat, pixel by pixel."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings, Splats
from voile.app import cli
from voile.render import RenderError, create_renderer
from voile.render.accumulate import same_frame
from voile.render.finish import draw
from voile.render.modes import MODES
from voile.scenes.content import Content
from voile.scenes.mesh import make_mesh
from voile.scenes.scene import open_scene

CAMERA = Camera.look_at((0.7, -0.9, -5), (0, 0, 0), width=40, height=28)
COUNT = 40


def splats_of(kind: str) -> Splats:
    splats = make_splats(COUNT, 1, seed=9)
    scales = 4.0 * splats.scales
    if kind != "3d":
        scales[:: 1 if kind == "2d" else 2, 2] = 0.0
    made = replace(splats, scales=scales)
    assert made.kind == kind
    return made


def only(splats: Splats, rows) -> Splats:
    columns = ("means", "quats", "scales", "opacities", "sh")
    return replace(splats, **{name: getattr(splats, name)[rows] for name in columns})


BACKENDS = ("reference", "cpu", pytest.param("gl", marks=pytest.mark.gl))


def made(backend: str):
    return gl_renderer() if backend == "gl" else create_renderer(backend)


def drawn(backend: str, scene, median: bool = True):
    renderer = made(backend)
    renderer.upload(scene)
    kind = "median" if median else "mean"
    settings = Settings(precision="float32")
    frame = renderer.render(FrameRequest(CAMERA, settings, depth=True, depth_kind=kind))
    renderer.close()
    return frame


def unordered(backend: str):
    renderer = made(backend)
    renderer.upload(splats_of("3d"))
    return renderer


@cache
def by_brute_force(kind: str):
    """Median depth (H, W), and how near to 0.5 the transmittance comes behind any splat.

    The transmittance behind k splats is what a scene of them lets through; the depth of a splat is
    the mean depth of a scene of it alone.
    """
    splats = splats_of(kind)
    world = CAMERA.world_to_camera
    z = splats.means.astype(np.float64) @ world[2, :3] + world[2, 3]
    order = np.argsort(z, kind="stable")
    order = order[z[order] > CAMERA.near]
    shape = CAMERA.height, CAMERA.width
    median, before, gap = np.zeros(shape), np.ones(shape), np.full(shape, 0.5)
    for k, row in enumerate(order, start=1):
        after = 1.0 - drawn("reference", only(splats, order[:k]), median=False).alpha
        crosses = (before > 0.5) & (after <= 0.5)
        alone = drawn("reference", only(splats, [row]), median=False)
        if splats.scales[row, 2] > 0:
            np.testing.assert_allclose(alone.depth[alone.alpha > 0], z[row], rtol=1e-6)
        median[crosses] = alone.depth[crosses]
        before, gap = after, np.minimum(gap, np.abs(after - 0.5))
    return median, gap


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["3d", "2d", "mixed"])
def test_is_the_depth_where_half_of_the_light_is_gone(kind, backend):
    splats = splats_of(kind)
    median, gap = by_brute_force(kind)
    clear = gap > 1e-4
    assert clear.mean() > 0.95
    crossed = median > 0
    assert 0.1 < crossed.mean() < 0.9  # both kinds of pixels
    frame = drawn(backend, splats)
    np.testing.assert_allclose(frame.depth[clear], median[clear], rtol=2e-4)
    mean = drawn(backend, splats, median=False)
    np.testing.assert_array_equal(frame.color, mean.color)
    np.testing.assert_array_equal(frame.alpha, mean.alpha)
    assert np.abs(frame.depth - mean.depth)[crossed].max() > 0.1  # it is another depth


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_mesh_is_the_median_where_splats_leave_more_than_half(backend):
    splats = splats_of("mixed")
    corners = 40.0 * np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) + [0, 0, 9]
    wall = make_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]))
    alone = drawn(backend, splats).depth
    behind = drawn(backend, Content(only(splats, slice(0, 0)), (wall,))).depth
    both = drawn(backend, Content(splats, (wall,))).depth
    assert (behind > 8).all()
    np.testing.assert_allclose(both, np.where(alone > 0, alone, behind), rtol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_modes_without_an_order_say_so(backend):
    renderer = unordered(backend)
    for mode in sorted(set(MODES) - {"sorted"}):
        request = FrameRequest(CAMERA, Settings(mode=mode), depth=True, depth_kind="median")
        with pytest.raises(RenderError, match=f"no median depth in mode '{mode}'; use mode sorted"):
            renderer.render(request)
    with pytest.raises(RenderError, match="depth_kind is 'mode'; it can be mean or median"):
        renderer.render(FrameRequest(CAMERA, depth=True, depth_kind="mode"))  # pyright: ignore
    # A kind without a depth image asks for nothing.
    request = FrameRequest(CAMERA, Settings(mode="binned"), depth_kind="median")
    assert renderer.render(request).depth is None
    renderer.close()


@pytest.mark.parametrize("n", [1, 2, 3, 255, 256, 257])
@pytest.mark.gl
def test_gl_finds_any_of_so_many(n):
    """Panes one behind the other: the splat at which half is gone may be any of them."""
    for opacity in (0.9, 3.0 / n if n > 3 else 0.3):
        splats = make_splats(n, 0, seed=1)
        means = np.zeros((n, 3), np.float32)
        means[:, 2] = np.random.default_rng(n).permutation(n) * 0.01
        pane = replace(
            splats,
            means=means,
            scales=np.full((n, 3), 3.0, np.float32),
            opacities=np.full(n, opacity, np.float32),
        )
        expected, found = drawn("reference", pane).depth, drawn("gl", pane).depth
        assert (np.abs(found - expected) < 1e-4).mean() > 0.99


def test_is_never_scaled_and_another_frame_than_the_mean():
    renderer = create_renderer("cpu")
    renderer.upload(splats_of("3d"))
    request = FrameRequest(CAMERA, Settings(render_scale=2.0), depth=True, depth_kind="median")
    with pytest.raises(RenderError, match="render_scale=2 to 1"):
        draw(renderer, request)
    assert draw(renderer, replace(request, depth_kind="mean")).depth is not None
    assert not same_frame(request, replace(request, depth_kind="mean"))


def test_command_line(tmp_path, capsys):
    out, depths = tmp_path / "a.npy", tmp_path / "z.npy"
    CAMERA.save(tmp_path / "camera.json")
    common = ["render", "builtin", "-q", "-o", str(out), "--camera", str(tmp_path / "camera.json")]
    wanted = [*common, "--depth-kind", "median"]
    assert cli.run([*wanted, "--depth", str(depths)]) == 0
    np.testing.assert_array_equal(
        np.load(depths), drawn("cpu", open_scene("builtin").content).depth
    )
    assert cli.run(wanted) != 0
    assert "--depth-kind median needs a file" in capsys.readouterr().err
