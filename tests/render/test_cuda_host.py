"""The CUDA pipeline on the host: its kernels' own source and its frame loop, against `reference`.

Tolerance 60 dB of PSNR over colour clamped to [0, 1]: float32 geometry and sums, the host's own
exp2, compositing that stops at T < 1e-4, and in some cases scenes that are rounded to 16 bits.
"""

from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, shared_launcher
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings, Splats
from voile.kernels.cuda.sources import FILES, load
from voile.render import RenderError
from voile.render.accumulate import Accumulator
from voile.render.cpu.renderer import CPURenderer
from voile.render.cuda import modes
from voile.render.cuda.frame import MOST, Room
from voile.render.cuda.packing import pack_shapes, scale_range
from voile.render.cuda.picture import CUDAPicture
from voile.render.cuda.plan import Buffers, Plan
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.cuda.sorting import sort
from voile.render.device_frame import Withdrawn
from voile.render.display import CURVES, developed
from voile.render.frame import Frame
from voile.render.heat import heat, limit_for
from voile.render.inspect import BLENDED
from voile.render.measuring import difference
from voile.render.metrics import psnr
from voile.render.paint import Paint
from voile.render.reference import ReferenceRenderer

MIN_DB = 60.0
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def renderer():
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


def camera(**view) -> Camera:
    seen = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=70, height=50)
    return Camera.from_dict({**seen.to_dict(), **view})


CASES = {
    **{f"degree{d}": ({"sh_degree": d, "seed": d}, {}, {}) for d in range(5)},
    "antialiased": ({"antialiased": True, "seed": 9}, {}, {}),
    "off centre": ({"seed": 11}, {"cx": -12.0, "cy": 60.0}, {}),
    "other focal y": ({"seed": 12}, {"fy": 30.0}, {}),
    "degree capped": ({"sh_degree": 4, "seed": 13}, {}, {"max_sh_degree": 1}),
    "small splats": ({"seed": 14}, {}, {"splat_scale": 0.2}),
    "large splats": ({"seed": 15}, {}, {"splat_scale": 3.0}),
    "near plane": ({"seed": 16}, {"near": 4.5}, {}),
}
SETTINGS = {
    "weighted": [
        {"weight": w} for w in ("exponential", "linear", "mcguire7", "mcguire8", "mcguire9",
                                "mcguire10")
    ],
    "binned": [{"bins": b, "refine": r} for b, r in ((4, 0), (8, 2), (16, 1), (32, 3))],
    "stochastic": [{"samples": 3}],
}  # fmt: skip
ROUNDED = [
    (name, mode, {"storage": "float16"})
    for name in ("degree3", "antialiased")
    for mode in sorted(modes.NAMES - {"stochastic"})
]
MODE_CASES = (
    [(name, mode, {}) for name in CASES for mode in sorted(modes.NAMES)]
    + [
        ("degree1", mode, settings)
        for mode in sorted(modes.NAMES & set(SETTINGS))
        for settings in SETTINGS[mode]
    ]
    + ROUNDED
)


def draw(renderer, splats: Splats, seen: Camera, seed: int = 0, **settings):
    renderer.upload(splats)
    settings = Settings(**{"precision": "float32", "storage": "float32", **settings})
    return renderer.render(FrameRequest(seen, settings, depth=True, seed=seed))


@pytest.mark.parametrize(("name", "mode", "more"), MODE_CASES)
def test_kernels_draw_the_reference(renderer, name, mode, more):
    scene, view, settings = CASES[name]
    splats, seen = with_weights(make_splats(300, **scene)), camera(**view)
    settings = {**settings, **more, "mode": mode}
    expected = draw(ReferenceRenderer(), splats, seen, 5, **settings)
    actual = draw(renderer, splats, seen, 5, **settings)
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
    shown = expected.alpha > 0.1
    relative = np.abs(actual.depth[shown] / expected.depth[shown] - 1)
    assert np.quantile(relative, 0.99) < 2e-3
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@pytest.mark.parametrize("mode", sorted(modes.NAMES))
def test_nothing_to_draw(renderer, mode):
    splats = with_weights(make_splats(20))
    behind = Camera.look_at((0, 0, -5), (0, 0, -10), width=33, height=17)
    for scene in (splats, splats.take(slice(0, 0))):
        frame = draw(renderer, scene, behind, mode=mode)
        assert frame.color.shape == (17, 33, 3)
        assert not frame.color.any()
        assert not frame.alpha.any()


def test_many_layers_end_early_and_span_batches(renderer):
    """A wall of 1,000 layers over every pixel: several batches a tile, and a vote that ends it."""
    rng = np.random.default_rng(3)
    n = 1000
    means = np.zeros((n, 3), np.float32)
    means[:, 2] = rng.permutation(np.linspace(-1, 1, n))
    splats = Splats(
        means,
        np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        np.full((n, 3), 2.0, np.float32),
        np.full(n, 0.05, np.float32),
        rng.uniform(-1, 1, (n, 1, 3)).astype(np.float32),
    )
    seen = Camera.look_at((0, 0, -5), (0, 0, 0), width=40, height=24)
    for mode in sorted(modes.NAMES - {"learned"}):
        expected = draw(ReferenceRenderer(), splats, seen, mode=mode)
        actual = draw(renderer, splats, seen, mode=mode)
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB, mode


@pytest.mark.parametrize("culling", [{"frustum": "inside"}, {"frustum": "near"},
                                     {"min_pixels": 2.0}, {"min_alpha": 0.4}])  # fmt: skip
def test_culling_leaves_out_the_same_splats(renderer, culling):
    splats, seen = make_splats(300, seed=21), camera(fx=140.0, fy=140.0)
    expected, actual, counted = (
        draw(r, splats, seen, **culling) for r in (ReferenceRenderer(), renderer, CPURenderer())
    )
    whole = draw(renderer, splats, seen)
    assert 0 < actual.stats["visible"] == counted.stats["visible"] < whole.stats["visible"]
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


@pytest.mark.parametrize("mode", sorted(modes.NAMES))
def test_paint_is_blended_by_the_weights_of_colours(renderer, mode):
    splats, rng = with_weights(make_splats(200, 1, seed=4)), np.random.default_rng(1)
    paint = Paint(
        rng.uniform(-1, 1, (200, 6)).astype(np.float32),
        rng.uniform(0, 1, 200).astype(np.float32),
    )
    request = FrameRequest(
        camera(), Settings(mode=mode, storage="float32"), depth=True, seed=1, paint=paint
    )
    frames = []
    for each in (ReferenceRenderer(), renderer):
        each.upload(splats)
        frames.append(each.render(request))
    expected, actual = frames
    assert expected.paint.min() < -0.1
    assert psnr(0.5 + 0.5 * actual.paint, 0.5 + 0.5 * expected.paint) >= MIN_DB
    np.testing.assert_array_equal(actual.color, actual.paint[..., :3])


@pytest.mark.parametrize("storage", ["uint8", "float16", "float32"])
def test_storage_costs_little_and_more_bits_cost_less(renderer, storage):
    splats, seen = make_splats(300, 3, seed=6), camera()
    exact = draw(ReferenceRenderer(), splats, seen)
    found = psnr(draw(renderer, splats, seen, storage=storage).color, exact.color)
    least, most = {"uint8": (40, 80), "float16": (60, 100), "float32": (90, 200)}[storage]
    assert least < found < most


def test_random_numbers_are_the_references_but_where_rounding_moves_alpha(renderer):
    splats, seen = make_splats(300, 3, seed=7), camera()
    expected, actual = (
        draw(r, splats, seen, 3, mode="stochastic", storage="float16")
        for r in (ReferenceRenderer(), renderer)
    )
    assert (np.abs(actual.color - expected.color).max(axis=2) > 1e-3).mean() < 5e-3


def test_a_tall_picture_of_large_splats_is_shared_out_among_lanes(renderer):
    """More rows of tiles than a thread counts alone, more tiles than it writes alone."""
    splats = make_splats(40, 0, seed=8)
    seen = Camera.look_at((0.5, 0, -4.0), (0, 0, 0), width=90, height=260)
    for mode in ("sorted", "binned"):
        expected, actual = (
            draw(r, splats, seen, mode=mode, splat_scale=4.0)
            for r in (ReferenceRenderer(), renderer)
        )
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
        assert actual.stats["instances"] > 16 * 40


def test_a_frame_that_finds_too_little_room_is_drawn_again(monkeypatch):
    splats, seen = make_splats(300, seed=9), camera()
    monkeypatch.setattr(Room, "for_scene", classmethod(lambda cls, splats: cls(7, 5)))
    for mode in ("sorted", "cells"):
        small = CUDARenderer(Work(torch, shared_launcher()))
        expected = draw(ReferenceRenderer(), splats, seen, mode=mode)
        actual = draw(small, splats, seen, mode=mode)
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
        small.close()


def test_room_grows_over_what_was_needed_and_has_an_end():
    room = Room(10, 100)
    assert room.holds(10, 100)
    assert room.grown(10, 100, 1000) == room
    assert not room.holds(20, 90)
    room = room.grown(20, 90, 1000)
    assert room == (25, 100)
    assert not room.holds(1000, 10**6)
    assert room.grown(1000, 10**6, 1000) == (1000, 1_250_000)
    with pytest.raises(RenderError, match="smaller"):
        room.holds(5, MOST)


def test_a_frame_is_not_drawn_over_by_the_next(renderer):
    splats = make_splats(100, seed=2)
    one = draw(renderer, splats, camera())
    kept = one.premultiplied().copy(), one.depth.copy()
    draw(renderer, splats, camera(fx=90.0))
    np.testing.assert_array_equal(one.premultiplied(), kept[0])
    np.testing.assert_array_equal(one.depth, kept[1])


@pytest.mark.parametrize("painted", [False, True])
def test_a_frame_is_drawn_where_opengl_finds_it_and_nowhere_else(renderer, painted):
    splats, rng = make_splats(100, seed=2), np.random.default_rng(0)
    paint = Paint(rng.uniform(-1, 1, (100, 6)).astype(np.float32)) if painted else None
    request = FrameRequest(camera(), Settings(storage="float32"), depth=True, paint=paint)
    renderer.upload(splats)
    expected, canvas = renderer.render(request), HostCanvas(70, 50)
    frame = renderer.draw(request, canvas)
    draw(renderer, splats, camera(fx=90.0))  # draws over what the renderer keeps
    assert expected.alpha.max() > 0.5
    assert frame.size == (70, 50)
    np.testing.assert_array_equal(canvas.pixels, expected.premultiplied())
    outcome = frame.outcome(False)
    assert outcome.whole
    assert outcome.stats == expected.stats
    assert [*outcome.timings, "download"] == [*expected.timings]
    assert canvas.withdraw(1)
    with pytest.raises(Withdrawn):
        renderer.draw(request, canvas)


@pytest.mark.parametrize("shown", BLENDED)
def test_debug_views_are_made_where_opengl_finds_them(renderer, shown):
    renderer.upload(make_splats(100, seed=2))
    # The mode has its cells, of which there is a view.
    request = FrameRequest(camera(), Settings(storage="float32", shown=shown, mode="cells"))
    expected, canvas = renderer.render(request), HostCanvas(70, 50)
    assert renderer.draw(request, canvas).outcome(True).whole
    assert expected.color.std() > 0.05
    np.testing.assert_allclose(canvas.pixels, expected.premultiplied(), atol=2e-5)


LOOKS = [("none", 0.0), ("none", 1.0), ("reinhard", 0.0), ("aces", -0.5), ("neutral", 1.5)]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shown", ["colour", "alpha"])
def test_pixels_that_are_kept_are_compared_where_they_are(renderer, shown, look):
    renderer.upload(make_splats(100, seed=2))
    frames, wholes, behind = [], [], (0.1, 0.9, 0.3)
    settings = {"background": behind, "tone_mapping": look[0], "exposure": look[1]}
    for mode in ("sorted", "weighted"):
        request = FrameRequest(camera(), Settings(mode=mode, shown=shown, **settings))
        canvas = HostCanvas(70, 50)
        frames.append(renderer.draw(request, canvas, kept=True))
        wholes.append(renderer.render(request))
        np.testing.assert_allclose(canvas.pixels, wholes[-1].premultiplied(), atol=1e-6)
    a, b = (frame.picture for frame in frames)
    np.testing.assert_allclose(a.frame().premultiplied(), wholes[0].premultiplied(), atol=1e-6)
    place, way = HostCanvas(70, 50), Settings(shown=shown, **settings)
    pictures = [developed(whole, way).over(behind) for whole in wholes]
    expected = difference(*pictures, with_ssim=False)
    found = a.difference(b, way, place)
    assert found.psnr == pytest.approx(expected.psnr, abs=0.01)
    assert found.max_error == pytest.approx(expected.max_error, abs=0.01)
    assert found.limit == limit_for(expected.absolute)
    assert found.heat.canvas is place
    assert found.heat.outcome(False).whole
    np.testing.assert_array_equal(place.pixels[..., 3], 1.0)
    # Colours of the ramp are up to 255 / limit times as far apart as what they are made from.
    colors = heat(expected.absolute, found.limit)
    np.testing.assert_allclose(place.pixels[..., :3], colors, atol=1e-5 * 255 / found.limit)
    assert a.difference(b, way) == found._replace(heat=None)
    assert a.difference(wholes[1], way) is None
    assert place.withdraw(1)
    with pytest.raises(Withdrawn):
        a.difference(b, way, place)


@pytest.mark.parametrize("curve", CURVES)
def test_pictures_are_developed_as_by_the_host(curve):
    """Bright and dark, thin and clear. Powers of float32 on the one side: 1e-5 of white."""
    rng = np.random.default_rng(0)
    rgba = rng.uniform(0, 1, (40, 50, 4)).astype(np.float32) ** 3
    rgba[0, :, 3] = 0.0
    rgba[1:, :, :3] *= 3 * rgba[1:, :, 3:]
    way = Settings(tone_mapping=curve, exposure=0.7, background=(0.2, 0.4, 0.6))
    picture = CUDAPicture(Work(torch, shared_launcher()), torch.from_numpy(rgba.copy()))
    found = picture._developed(way).numpy()
    whole = developed(Frame(rgba[..., :3], rgba[..., 3]), way).over(way.background)
    np.testing.assert_allclose(found[..., :3], np.clip(whole, 0, 1), atol=1e-5)
    assert found[..., :3].std() > 0.1
    np.testing.assert_array_equal(found[..., 3], 1.0)


def test_a_scale_ends_where_few_are_beyond_by_device_and_host():
    """One in a thousand pixels, one more, and the largest difference there is."""
    work = Work(torch, shared_launcher())
    for beyond, limit in ((2, 16), (3, 32), (2000, 255)):
        values = np.zeros((40, 50, 4), np.float32)
        values[..., 3] = 1.0
        black, white = values.copy(), values.copy()
        white.reshape(-1, 4)[:, 0] = 12 / 255
        white.reshape(-1, 4)[:beyond, 0] = 1.0 if beyond == 2000 else 20 / 255
        pictures = [CUDAPicture(work, torch.from_numpy(each)) for each in (black, white)]
        assert pictures[0].difference(pictures[1], Settings()).limit == limit
        assert limit_for(np.abs(white - black).max(axis=2)) == limit


def test_depth_of_nothing_is_no_colour(renderer):
    renderer.upload(make_splats(20))
    behind = Camera.look_at((0, 0, -5), (0, 0, -10), width=33, height=17)
    canvas = HostCanvas(33, 17)
    renderer.draw(FrameRequest(behind, Settings(shown="depth")), canvas)
    np.testing.assert_array_equal(canvas.pixels, 0)


def test_a_mean_that_stays_on_the_device_is_that_of_the_host(renderer):
    renderer.upload(make_splats(100, seed=2))
    request = FrameRequest(camera(), Settings(mode="stochastic", samples=2))
    host, device, kept = Accumulator(), Accumulator(), renderer.new_mean()
    for count in range(1, 5):
        expected = host.add(renderer.render(host.next(request)))
        canvas = HostCanvas(70, 50)
        frame = renderer.draw(device.next(request), canvas, averaged=True)
        assert np.isnan(canvas.pixels).all()
        device.add_to(kept, frame)
        np.testing.assert_allclose(canvas.pixels, expected.premultiplied(), atol=1e-6)
        assert device.frames == count


@pytest.fixture
def little_room(monkeypatch):
    """A renderer that finds out late what its frames needed."""
    monkeypatch.setattr(Room, "for_scene", classmethod(lambda cls, splats: cls(7, 5)))
    monkeypatch.setattr(HostCopy, "late", 10**9)
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


def test_what_a_frame_lacked_room_for_is_known_later_and_is_in_the_next(little_room, monkeypatch):
    splats = make_splats(300, seed=9)
    little_room.upload(splats)
    request = FrameRequest(camera(), Settings(storage="float32"))
    pictures = [HostCanvas(70, 50) for _ in range(4)]
    first = little_room.draw(request, pictures[0])
    second = little_room.draw(request, pictures[1])
    assert first.outcome(False) is second.outcome(False) is None, "nobody has waited"
    third = little_room.draw(request, pictures[2])
    # The host has waited for the first, and learned how many splats are in view; room for more is
    # made when nothing is under way. What tiles they reach it does not know yet.
    assert first.outcome(False).whole is second.outcome(False).whole is False
    assert third.outcome(False) is None
    monkeypatch.setattr(HostCopy, "late", 0)
    assert third.outcome(False).whole is False
    fourth = little_room.draw(request, pictures[3])
    assert fourth.outcome(False).whole
    expected = draw(ReferenceRenderer(), splats, camera()).premultiplied()
    found = [psnr(canvas.pixels, expected) for canvas in pictures]
    assert found[3] >= MIN_DB > max(found[:3])


def test_a_mean_begins_with_a_frame_that_is_whole(little_room):
    little_room.upload(make_splats(300, seed=9))
    request = FrameRequest(camera(), Settings(mode="stochastic", samples=1))
    frames = [
        little_room.draw(replace(request, seed=seed), HostCanvas(70, 50), averaged=True)
        for seed in range(3)
    ]
    assert frames[0].outcome(False).whole, "the host has waited for it"
    assert frames[2].outcome(False) is None
    assert all(frame.outcome(True).whole for frame in frames)


def test_another_scene_does_not_inherit_what_is_under_way(little_room):
    little_room.upload(make_splats(300, seed=9))
    request = FrameRequest(camera(), Settings(storage="float32"))
    frame = little_room.draw(request, HostCanvas(70, 50))
    other = make_splats(40, seed=1)
    little_room.upload(other)
    assert frame.outcome(False).whole is False, "it was waited for before its memory went"
    canvas = HostCanvas(70, 50)
    while not little_room.draw(request, canvas).outcome(True).whole:
        pass
    expected = draw(ReferenceRenderer(), other, camera()).premultiplied()
    assert psnr(canvas.pixels, expected) >= MIN_DB


def test_frames_are_the_same_bytes_each_time(renderer):
    splats, seen = with_weights(make_splats(300, 2, seed=10)), camera()
    for mode in sorted(modes.NAMES):
        one, two = (draw(renderer, splats, seen, 4, mode=mode) for _ in range(2))
        np.testing.assert_array_equal(one.premultiplied(), two.premultiplied())


@pytest.mark.parametrize("count", [0, 1, 3071, 3072, 9000])
@pytest.mark.parametrize(
    ("what", "bits", "wide"),
    [("depth", 32, True), ("tile", 13, False), ("tile", 16, False), ("tile", 20, True)],
)
def test_the_sort_is_numpys_stable_one(what, bits, wide, count):
    rng, room = np.random.default_rng(count), 9500
    keys = rng.integers(0, 1 << bits, room, dtype=np.uint64)
    keys[::3] = keys[0]  # many equal ones
    kind, signed = (np.uint32, np.int32) if wide else (np.uint16, np.int16)
    buffers = Buffers(torch, "cpu")
    plan = Plan(buffers)
    counts = plan.zeros(3)
    sent = buffers.send("keys", keys.astype(kind).view(signed))
    values = None if what == "depth" else buffers.send("values", np.arange(room, dtype=np.int32))
    sorted_keys, order = sort(plan, what, sent, values, counts, room, bits, wide=wide)
    plan.finish()
    launcher = shared_launcher()

    class Filling:
        """Sets the counts, as stages before a sort would; the plan has just made them zero."""

        def launch(self, *launch):
            plan.piece(counts)[:] = count
            launcher.launch(*launch)

    plan.run(Filling(), lambda stage: None)
    expected = np.argsort(keys[:count], kind="stable")
    np.testing.assert_array_equal(order.numpy()[:count], expected)
    np.testing.assert_array_equal(sorted_keys.numpy().view(kind)[:count], keys[:count][expected])


SURFEL_CASES = {
    "centred": (1.0, {}),
    "off centre": (1.0, {"cx": -12.0, "cy": 60.0}),
    "large": (4.0, {"fy": 30.0}),
    "near plane": (3.0, {"near": 4.5}),
}
SURFEL_MODES = [
    (name, kind, mode, more)
    for name in SURFEL_CASES
    for kind in ("2d", "mixed")
    for mode in sorted(modes.NAMES)
    for more in (SETTINGS["binned"] if mode == "binned" and name == "centred" else ({},))
]  # fmt: skip


def draw_surfels(renderer, name, kind, mode, **more):
    """What the reference draws, and the renderer."""
    scale, view = SURFEL_CASES[name]
    splats = with_weights(make_splats(200, 1, kind, seed=31))
    settings = {"mode": mode, "splat_scale": scale, **more}
    return [draw(r, splats, camera(**view), 5, **settings) for r in (ReferenceRenderer(), renderer)]


@pytest.mark.parametrize(("name", "kind", "mode", "more"), SURFEL_MODES)
def test_surfels_are_the_references(renderer, name, kind, mode, more):
    expected, actual = draw_surfels(renderer, name, kind, mode, **more)
    assert expected.alpha.max() > 0.5, "the view must show something"
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB
    shown = expected.alpha > 0.1
    nearest = expected.depth[shown].min()
    assert psnr(nearest / actual.depth[shown], nearest / expected.depth[shown]) >= MIN_DB
    np.testing.assert_array_equal(actual.depth[actual.alpha == 0], 0)


@pytest.mark.parametrize("storage", ["float16", "uint8"])
def test_packed_surfels_stay_surfels(renderer, storage):
    """Rounded axes and sizes, but of no thickness: as flat ellipsoids they are far off."""
    for kind in ("2d", "mixed"):
        expected, actual = draw_surfels(renderer, "large", kind, "sorted", storage=storage)
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= 45
        scene = make_splats(50, 0, kind, seed=3)
        scene.scales[1::2, 2] *= np.float32(1e-30)
        codes = pack_shapes(scene, scale_range(scene.scales), storage)[:, 6]
        np.testing.assert_array_equal(codes == 0, scene.surfels)


def test_a_scene_after_surfels_is_drawn_without_them(renderer):
    """Kernels and memory are of the scene at hand."""
    for kind in ("mixed", "3d", "2d"):
        splats = make_splats(100, 0, kind, seed=12)
        expected, actual = (draw(r, splats, camera()) for r in (ReferenceRenderer(), renderer))
        assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


@pytest.mark.parametrize("culling", [{"frustum": "inside"}, {"min_pixels": 2.0},
                                     {"min_alpha": 0.4}])  # fmt: skip
def test_culling_leaves_out_the_same_surfels(renderer, culling):
    splats, seen = make_splats(200, 0, "mixed", seed=21), camera(fx=140.0, fy=140.0)
    expected, actual = (
        draw(r, splats, seen, **culling, antialiasing="on") for r in (ReferenceRenderer(), renderer)
    )
    assert 0 < actual.stats["visible"] < 200
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= MIN_DB


def test_every_kernel_was_run():
    """Runs last: what was launched is all there is of projecting, ordering, blending and comparing;
    what else there is has tests of its own."""
    own = "project", "sort.cu", "groups.cu", "bins.cu", "modes/", "display.cu"
    files = [name for name in FILES if name.startswith(own)]
    kernels = {kernel for name in files for kernel in load(name).kernels}
    assert shared_launcher().launched >= kernels
