"""Debug views of the CUDA backend on the host, against what `inspect` defines.

Views of whole numbers are equal but where float32 and float64 find an ellipse on different sides of
a pixel's middle; such pixels are counted. In the others it is 55 dB: float32 sums, in view bins
squared and divided, which few optically thin pixels show.
"""

from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, HostLauncher, HostMark, shared_launcher
from make_splats import make_splats

from voile import Camera, FrameRequest, Settings
from voile.kernels.cuda.sources import FILES, load
from voile.render import create_renderer
from voile.render.accumulate import Accumulator
from voile.render.cuda.frame import Room
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.cuda.views import FINISHED, layers_scale
from voile.render.heat import RAMP
from voile.render.inspect import PROJECTED, layers_limit
from voile.render.metrics import psnr
from voile.render.reference import ReferenceRenderer
from voile.scenes.content import Content
from voile.scenes.mesh import make_mesh

torch = pytest.importorskip("torch")

MIN_DB = 55.0
BORDER = 1e-3
"""Share of pixels that may be on the other side of an ellipse's rim, and then look otherwise."""


@pytest.fixture(scope="module")
def renderer():
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


def seen(width=96, height=60, eye=(1.0, -1.2, -4.0), **view) -> Camera:
    return Camera.look_at(eye, (0, 0, 0), width=width, height=height, **view)


def ask(shown, camera=None, **settings) -> FrameRequest:
    chosen = {"storage": "float32", "precision": "float32", **settings}
    return FrameRequest(camera or seen(), Settings(shown=shown, **chosen))


def shown_by(renderer, scene, request):
    renderer.upload(scene)
    return renderer.render(request)


def on_canvas(renderer, request, **how):
    """What is drawn for a window, and what becomes known of it."""
    canvas = HostCanvas(request.camera.width, request.camera.height)
    frame = renderer.draw(request, canvas, **how)
    return canvas.pixels, frame.outcome(True)


def apart(a, b) -> float:
    """Share of pixels that look otherwise; a step of a count is a hundredth or more of the ramp."""
    return float((np.abs(a - b).max(axis=2) > 2e-3).mean())


def wall(half: float):
    """A square in the middle of the scene."""
    corners = half * np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    return make_mesh(corners, np.array([(0, 1, 2), (0, 2, 3)]), color=(0.3, 0.6, 0.9))


CASES = {
    "ellipsoids": ("3d", {}, {}),
    "mip filter": ("3d", {}, {"antialiasing": "on"}),
    "surfels": ("2d", {}, {}),
    "surfels, mip filter": ("2d", {}, {"antialiasing": "on"}),
    "mixed": ("mixed", {}, {"splat_scale": 2.0}),
    "inside": ("mixed", {"eye": (0.1, 0.1, -0.3)}, {}),
    "one pixel": ("mixed", {"width": 1, "height": 1}, {}),
    "culled": ("3d", {"fov_y": 12.0}, {"frustum": "inside", "min_alpha": 0.3}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shown", PROJECTED)
def test_projected_views_are_as_defined(renderer, shown, name):
    kind, view, settings = CASES[name]
    splats, request = make_splats(250, 1, kind), ask(shown, seen(**view), **settings)
    expected = shown_by(ReferenceRenderer(), splats, request)
    actual = shown_by(renderer, splats, request)
    assert expected.alpha.any(), "the view must show something"
    if shown == "bins":
        assert psnr(actual.color, expected.color) >= MIN_DB
    else:
        assert apart(actual.premultiplied(), expected.premultiplied()) <= BORDER
    told = {key: expected.stats[key] for key in ("limit", "layers") if key in expected.stats}
    assert {key: actual.stats.get(key) for key in told} == told
    pixels, outcome = on_canvas(renderer, request)
    np.testing.assert_array_equal(pixels, actual.premultiplied())
    assert outcome.whole
    assert outcome.stats == actual.stats


@pytest.mark.parametrize("bins", [4, 16, 32])
def test_bins_of_every_number(renderer, bins):
    splats, request = make_splats(250, 1), ask("bins", bins=bins, refine=2, mode="weighted")
    expected = shown_by(ReferenceRenderer(), splats, request)
    assert psnr(shown_by(renderer, splats, request).color, expected.color) >= MIN_DB


def test_surfels_look_alike_by_the_cpu(renderer):
    """The mip filter is not for surfels: without that they would be smaller, and fewer."""
    splats = make_splats(250, 1, "mixed", antialiased=True)
    for shown in PROJECTED:
        frames = [shown_by(r, splats, ask(shown)) for r in (renderer, create_renderer("cpu"))]
        if shown == "bins":
            assert psnr(*(frame.color for frame in frames)) >= MIN_DB
        else:
            assert apart(*(frame.premultiplied() for frame in frames)) <= BORDER


@pytest.mark.parametrize("shown", [*PROJECTED, "error"])
def test_nothing_to_show(renderer, shown):
    splats = make_splats(20)
    behind = Camera.look_at((0, 0, -5), (0, 0, -10), width=33, height=17)
    for scene in (splats, splats.take(slice(0, 0))):
        for request in (ask(shown, behind), ask(shown, behind, mode="weighted")):
            expected = shown_by(ReferenceRenderer(), scene, request).premultiplied()
            actual = shown_by(renderer, scene, request)
            np.testing.assert_allclose(actual.premultiplied(), expected, atol=1e-6)
            pixels, _ = on_canvas(renderer, request)
            np.testing.assert_allclose(pixels, expected, atol=1e-6)


def test_what_is_drawn_for_itself_depends_on_no_mode(renderer):
    """Nor on what a mode needs: this scene has no weights. Meshes are not in these views."""
    splats = make_splats(100, seed=2)
    scene = Content(splats, (wall(1.0),))
    for shown in PROJECTED:
        plain = shown_by(renderer, splats, ask(shown)).premultiplied()
        for mode in ("learned", "cells", "stochastic"):
            found = shown_by(renderer, scene, ask(shown, mode=mode)).premultiplied()
            np.testing.assert_array_equal(found, plain)


def test_depth_of_these_views_is_none(renderer):
    request = replace(ask("centres"), depth=True)
    assert not shown_by(renderer, make_splats(20), request).depth.any()


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("mode", ["sorted", "weighted", "cells", "binned"])
def test_errors_are_found_on_the_device(renderer, mode, kind):
    request = ask("error", mode=mode, background=(0.2, 0.5, 0.9))
    splats = make_splats(200, 1, kind)
    expected = shown_by(ReferenceRenderer(), splats, request)
    renderer.upload(splats)
    pixels, outcome = on_canvas(renderer, request)
    # The ramp is 32/255 long, so a difference of colours is 8 times as large here.
    assert psnr(pixels[..., :3], expected.color) >= MIN_DB
    np.testing.assert_array_equal(pixels[..., 3], 1.0)
    assert (expected.color.std(axis=(0, 1)).max() > 1e-3) == (mode != "sorted")
    assert outcome.stats["visible"] > 0
    one = renderer.render(ask("colour", mode=mode))
    assert outcome.timings.keys() >= one.timings.keys() - {"download"}, "of both frames"


def test_errors_with_a_mesh_among_the_splats(renderer):
    scene = Content(make_splats(200, 1), (wall(0.7),))
    request = ask("error", mode="weighted")
    expected = shown_by(ReferenceRenderer(), scene, request)
    renderer.upload(scene)
    pixels, _ = on_canvas(renderer, request)
    assert apart(pixels[..., :3], expected.color) <= 5e-3  # rims of the mesh


def test_the_picture_after_an_error_is_whole(renderer):
    """Its two frames share memory with all others."""
    renderer.upload(make_splats(100, seed=2))
    before = renderer.render(ask("colour", mode="weighted"))
    on_canvas(renderer, ask("error", mode="weighted"))
    pixels, _ = on_canvas(renderer, ask("colour", mode="weighted"))
    np.testing.assert_array_equal(pixels, before.premultiplied())


@pytest.mark.parametrize("shown", ["depth", "alpha", "normals", "ids", "error"])
def test_debug_views_are_averaged_as_by_the_host(renderer, shown):
    renderer.upload(make_splats(100, seed=2))
    request = ask(shown, mode="stochastic", samples=2)
    host, device, kept = Accumulator(), Accumulator(), renderer.new_mean()
    for _ in range(3):
        expected = host.add(renderer.render(host.next(request)))
        canvas = HostCanvas(96, 60)
        frame = renderer.draw(device.next(request), canvas, averaged=True)
        assert np.isnan(canvas.pixels).all()
        device.add_to(kept, frame)
        np.testing.assert_allclose(canvas.pixels, expected.premultiplied(), atol=3e-5)
    assert expected.color.std() > 0.05


def test_means_are_compared_where_they_are(renderer):
    renderer.upload(make_splats(100, seed=2))
    sides = [Accumulator(), Accumulator()]
    means = [renderer.new_mean() for _ in sides]
    requests = [ask("colour", mode="stochastic", samples=n) for n in (1, 4)]
    pictures = []
    for _ in range(3):
        drawn = []
        for side, mean, request in zip(sides, means, requests):
            canvas = HostCanvas(96, 60)
            frame = renderer.draw(side.next(request), canvas, averaged=True, kept=True)
            drawn.append((side.add_to(mean, frame).picture, canvas.pixels))
        pictures.append(drawn)
    for drawn in pictures:  # the means have gone on since
        for picture, pixels in drawn:
            np.testing.assert_array_equal(picture.frame().premultiplied(), pixels)
        (a, first), (b, second) = drawn
        found = a.difference(b, Settings())
        worst = np.abs(np.clip(first, 0, 1) - np.clip(second, 0, 1))[..., :3].max()
        assert found.max_error == pytest.approx(255 * worst, abs=1e-3)
        assert found.max_error > 5
    assert (pictures[0][0][1] != pictures[2][0][1]).any()


@pytest.mark.parametrize("size", [(1, 1), (40, 25), (50, 40)])
def test_the_scale_of_overdraw_ends_where_a_thousandth_is_beyond(size):
    """Of exactly one in a thousand, one more and one less, by each limit; nothing is rounded."""
    work, (width, height) = Work(torch, shared_launcher()), size
    rng = np.random.default_rng(0)
    for limit in (8, 16, 1 << 20):
        for beyond in {0, 1, 2, 3} & set(range(width * height + 1)):
            layers = rng.integers(0, limit + 1, width * height).astype(np.float32)
            layers[0] = limit
            layers[rng.permutation(width * height)[:beyond]] = limit + 1
            frame = np.zeros((height, width, 4), np.float32)
            frame[..., 0] = layers.reshape(height, width)
            scale, largest = layers_scale(torch.from_numpy(frame), work).tolist()
            assert scale == layers_limit(layers)
            assert largest == layers.max()
            few = beyond * 1000 <= width * height
            assert scale == (limit if few else 2 * limit)


def test_the_scale_is_told_when_the_device_has_come_to_it(monkeypatch):
    monkeypatch.setattr(Room, "for_scene", classmethod(lambda cls, splats: cls(7, 5)))
    monkeypatch.setattr(HostCopy, "late", 2)
    made = CUDARenderer(Work(torch, shared_launcher()))
    made.upload(make_splats(250, 1))
    request = ask("overdraw")
    expected = shown_by(ReferenceRenderer(), make_splats(250, 1), request).stats["layers"]
    for _ in range(3):  # more room for splats, then for what tiles they reach
        canvas = HostCanvas(96, 60)
        frame = made.draw(request, canvas)
        assert frame.outcome(False) is None
        asked = 1
        while (outcome := frame.outcome(False)) is None:
            asked += 1
        assert asked > 1
        if not outcome.whole:
            assert outcome.stats["layers"] < expected
    assert outcome.whole
    assert outcome.stats["layers"] == expected
    made.close()


def test_the_colours_of_scales_are_sent_once(monkeypatch):
    made, sent = CUDARenderer(Work(torch, shared_launcher())), []
    for name in ("send", "to_device"):
        way = getattr(Work, name)
        monkeypatch.setattr(Work, name, lambda *a, way=way: sent.append(a[1]) or way(*a))
    made.upload(make_splats(60, 1))
    for shown in ("depth", "overdraw", "error", "depth"):
        on_canvas(made, ask(shown))
    assert sum(array.shape == RAMP.shape for array in sent) == 1
    made.close()


@pytest.mark.parametrize("shown", FINISHED)
def test_what_a_view_does_is_a_stage_of_its_times(renderer, shown, monkeypatch):
    """On a clock that only kernels move: each takes a second, but for those of the view."""
    now = [0.0]
    launch = HostLauncher.launch

    def slow(self, kernel, *rest):
        now[0] += 7.0 if kernel.startswith("show_") else 1.0
        launch(self, kernel, *rest)

    monkeypatch.setattr(HostLauncher, "launch", slow)
    monkeypatch.setattr(HostMark, "record", lambda self: setattr(self, "time", now[0]))
    renderer.upload(make_splats(60, 1))
    on_canvas(renderer, ask(shown))  # makes room
    for how in ({}, {"averaged": True}):
        begun = now[0]
        canvas = HostCanvas(96, 60)
        timings = renderer.draw(ask(shown), canvas, **how).outcome(True).timings
        assert [*timings][-1] == f"view {shown}"
        assert timings[f"view {shown}"] >= 7000
        assert sum(timings.values()) == 1000 * (now[0] - begun)


def test_every_kernel_of_views_was_run():
    """Runs last."""
    kernels = {k for name in FILES if name.startswith("views/") for k in load(name).kernels}
    assert shared_launcher().launched >= kernels
