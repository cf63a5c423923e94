"""Debug views: each shows what it says, and every backend shows the same."""

from __future__ import annotations

import time
from typing import get_args, get_type_hints

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

import voile
from voile import Camera, FrameRequest, Settings
from voile.render import create_renderer, inspect
from voile.render.cpu import views as cpu_views
from voile.render.heat import RAMP, heat
from voile.render.inspect import PROJECTED, number_colors, overdraw
from voile.render.metrics import psnr
from voile.render.modes.binned import bins_in_use
from voile.render.modes.layers import Layers
from voile.render.normals import splat_normals
from voile.render.projection import footprints, project
from voile.render.scene_facts import facts_of
from voile.scenes.content import Content
from voile.scenes.relearn import relearned

CAMERA = Camera.look_at((1.0, -1.2, -4.0), (0, 0, 0), width=96, height=60)
SPLATS = make_splats(250, 1, antialiased=False)
VIEWS = [v for v in get_args(get_type_hints(Settings)["shown"]) if v != "colour"]


@pytest.fixture(scope="module")
def renderers():
    made = {"gl": gl_renderer(), **{b: create_renderer(b) for b in ("cpu", "reference")}}
    for renderer in made.values():
        renderer.upload(SPLATS)
    yield made
    for renderer in made.values():
        renderer.close()


def show(shown, renderer=None, **settings):
    request = FrameRequest(CAMERA, Settings(shown=shown, precision="float32", **settings))
    if renderer is not None:
        return renderer.render(request)
    return voile.render(SPLATS, CAMERA, request.settings, backend="reference")


@pytest.mark.gl
@pytest.mark.parametrize("shown", VIEWS)
def test_every_backend_shows_the_same(renderers, shown):
    options = {"mode": "weighted"} if shown == "error" else {}
    expected = show(shown, renderers["reference"], **options)
    assert np.isfinite(expected.color).all()
    assert expected.color.max() > 0.2
    for name in ("cpu", "gl"):
        frame = show(shown, renderers[name], **options)
        assert psnr(np.clip(frame.color, 0, 1), np.clip(expected.color, 0, 1)) > 45, name
        assert frame.paint is None
        assert frame.depth is None


@pytest.mark.gl
@pytest.mark.parametrize("shown", VIEWS)
def test_what_a_view_does_is_a_stage_of_its_times(renderers, shown, monkeypatch):
    for name, renderer in renderers.items():
        times = show(shown, renderer).timings
        assert [*times][-1] == f"view {shown}", name
        assert times[f"view {shown}"] >= 0, name
    slow = [(cpu_views, "overdraw_frame"), (cpu_views, "bins_frame"), (inspect, "_error")]
    for module, maker in [*slow, (inspect, "_pictured"), (inspect, "_paint")]:
        made = getattr(module, maker)
        monkeypatch.setattr(module, maker, lambda *a, made=made: time.sleep(0.05) or made(*a))
    if shown not in ("centres", "ellipsoids"):  # whose rasterizers do it all
        assert show(shown, renderers["cpu"]).timings[f"view {shown}"] >= 50


@pytest.mark.parametrize("shown", PROJECTED)
def test_surfels_are_flat_ellipses_and_not_filtered(shown):
    """The mip filter would take opacity from them, and so whole rims."""
    surfels = make_splats(250, 1, "mixed", antialiased=True)
    frames = [
        voile.render(surfels, CAMERA, Settings(shown=shown), backend=backend)
        for backend in ("reference", "cpu")
    ]
    assert psnr(*(np.clip(frame.color, 0, 1) for frame in frames)) > 45
    assert frames[0].color.std() > 0.02


def test_overdraw_counts_the_layers_of_every_pixel():
    settings = Settings()
    projected = project(SPLATS, CAMERA, settings)
    counted = np.zeros((CAMERA.height, CAMERA.width), int)
    for footprint in footprints(projected, CAMERA):
        counted[footprint.window] += footprint.alpha > 0
    layers = overdraw(projected, CAMERA)
    assert layers.max() > 5
    assert (layers != counted).mean() < 1e-3  # where alpha is 1/255 to the last bit
    frame = show("overdraw")
    assert frame.stats["layers"] == layers.max()
    np.testing.assert_allclose(frame.color, heat(layers / 255, frame.stats["limit"]), atol=1e-6)
    fewer = show("overdraw", min_alpha=0.9)
    assert fewer.stats["layers"] < frame.stats["layers"]


def test_ellipsoids_show_the_nearest_whole():
    frame = show("ellipsoids")
    projected = project(SPLATS, CAMERA, Settings())
    assert set(np.unique(frame.alpha)) == {0.0, 1.0}
    checked = 0
    for y in range(2, CAMERA.height, 7):
        for x in range(2, CAMERA.width, 7):
            d = (x + 0.5, y + 0.5) - projected.centers
            a, b, c = projected.conics.T
            q = a * d[:, 0] ** 2 + 2 * b * d[:, 0] * d[:, 1] + c * d[:, 1] ** 2
            hit = np.flatnonzero((q <= 2.25) & (projected.opacities >= 1 / 255))
            assert bool(len(hit)) == (frame.alpha[y, x] == 1)
            if len(hit):
                light = 0.3 + 0.7 * np.sqrt(1 - q[hit[0]] / 2.25)
                expected = projected.colors[hit[0]] * light
                np.testing.assert_allclose(frame.color[y, x], expected, atol=1e-5)
                checked += 1
    assert checked > 10


def test_centres_are_where_the_splats_are():
    frame = show("centres")
    projected = project(SPLATS, CAMERA, Settings())
    x, y = np.floor(projected.centers).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < CAMERA.width) & (y < CAMERA.height)
    marked = np.zeros(frame.alpha.shape, bool)
    marked[y[inside], x[inside]] = True
    np.testing.assert_array_equal(frame.alpha > 0, marked)


def test_alpha_depth_and_normals_are_those_of_the_frame():
    plain = voile.render(SPLATS, CAMERA, backend="reference", depth=True)
    np.testing.assert_allclose(show("alpha").color, plain.alpha[..., None].repeat(3, 2), atol=1e-6)
    depth = show("depth").color.sum(axis=2)
    solid = plain.alpha > 0.98
    order = np.argsort(plain.depth[solid])
    assert (np.diff(depth[solid][order]) <= 1e-3).mean() > 0.99  # near is light
    flat = make_splats(1, 0)
    flat.means[:] = 0, 0, 0
    flat.scales[:] = 1, 1, 0.05
    flat.quats[:] = 1, 0, 0, 0
    flat.opacities[:] = 1
    facing = Camera.look_at((0, 0, -4), (0, 0, 0), width=32, height=32)
    normal = voile.render(flat, facing, Settings(shown="normals"), backend="reference")
    np.testing.assert_allclose(splat_normals(flat, facing), [(0, 0, -1)], atol=1e-6)
    middle = normal.color[16, 16] / normal.alpha[16, 16]
    np.testing.assert_allclose(middle, (0.5, 0.5, 0.0), atol=1e-3)


def test_normals_are_those_of_the_splats_that_are_drawn():
    """Mode learned turns them."""
    splats = with_weights(SPLATS)
    asked = FrameRequest(CAMERA, Settings(shown="normals", mode="learned"))
    paint = inspect.blended(asked, Content(splats)).paint
    expected = splat_normals(relearned(splats, splats.learned), CAMERA)
    np.testing.assert_array_equal(paint.values, expected)
    assert np.abs(paint.values - splat_normals(splats, CAMERA)).max() > 0.1


def test_ids_and_cells_have_colours_of_their_own():
    colors = number_colors(np.arange(1000))
    assert colors.min() >= 0
    assert colors.max() <= 1
    near = np.linalg.norm(np.diff(colors, axis=0), axis=1)
    assert near.min() > 0.15
    single = make_splats(1, 2)
    single.opacities[:] = 1.0
    frame = voile.render(single, CAMERA, Settings(shown="ids"), backend="reference")
    y, x = np.unravel_index(np.argmax(frame.alpha), frame.alpha.shape)
    np.testing.assert_allclose(frame.color[y, x] / frame.alpha[y, x], colors[0], atol=1e-4)
    cells = facts_of(SPLATS).cells
    assert len(np.unique(number_colors(np.asarray(cells.numbers)), axis=0)) == len(cells)


def test_bins_are_few_where_one_splat_hides_all():
    single = make_splats(1, 0)
    single.means[:], single.scales[:], single.opacities[:] = 0.0, 0.3, 1.0
    for bins in (8, 32):
        frame = voile.render(SPLATS, CAMERA, Settings(shown="bins", bins=bins), backend="cpu")
        assert frame.stats["limit"] == bins
    layers = Layers(project(SPLATS, CAMERA, Settings(bins=32)), CAMERA, Settings(bins=32), 0,
                    facts_of(SPLATS))  # fmt: skip
    used = bins_in_use(layers)
    assert used.min() == 0.0
    assert 1.0 <= used[used > 0].min() < used.max() <= 32.0
    touched = overdraw(layers.projected, CAMERA) > 0
    assert (used[touched] > 0).all()
    alone = Layers(project(single, CAMERA, Settings()), CAMERA, Settings(), 0, facts_of(single))
    assert bins_in_use(alone).max() < used.max()


def test_error_is_none_for_sorted_and_some_for_others():
    np.testing.assert_allclose(show("error").color, RAMP[0] + np.zeros((60, 96, 3)), atol=1e-6)
    assert show("error", mode="weighted").color.max() > 0.3


def test_no_exposure_falls_on_a_debug_view():
    from voile.render.finish import finished

    request = FrameRequest(CAMERA, Settings(shown="alpha", exposure=3.0))
    renderer = create_renderer("cpu")
    renderer.upload(SPLATS)
    frame = renderer.render(request)
    np.testing.assert_array_equal(finished(frame, request).color, frame.color)
    renderer.close()


def test_an_empty_scene_has_views_too():
    none = make_splats(1, 0)
    camera = Camera.look_at((0, 0, 5), (0, 0, 10), width=16, height=16)  # looks away
    for shown in VIEWS:
        frame = voile.render(none, camera, Settings(shown=shown), backend="cpu")
        assert np.isfinite(frame.color).all()
