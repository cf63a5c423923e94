"""Frames of the CUDA backend on the host: the room that they have, where they are drawn, what is
known of them and when, means of them, how they are compared, and the sorts below them."""

from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, shared_launcher
from make_splats import make_splats
from small_frames import MIN_DB, camera, draw

from voile import Camera, FrameRequest, Settings
from voile.kernels.cuda.sources import load
from voile.render import RenderError
from voile.render.accumulate import Accumulator
from voile.render.cuda.frame import MOST, Room
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

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def renderer():
    made = CUDARenderer(Work(torch, shared_launcher()))
    yield made
    made.close()


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


def test_every_kernel_was_run():
    """Runs last: these are all there is of sorting and comparing."""
    kernels = {kernel for name in ("sort.cu", "display.cu") for kernel in load(name).kernels}
    assert shared_launcher().launched >= kernels
