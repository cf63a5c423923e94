"""When a frame is repeated as a graph and when not; how scenes are packed; what stages cost."""

import numpy as np
import pytest
from make_splats import make_splats

from voile import Camera, Settings
from voile.render.cuda.device import Address
from voile.render.cuda.packing import (
    color_bytes,
    pack_colors,
    pack_shapes,
    scale_range,
)
from voile.render.cuda.plan import Buffers, Plan
from voile.render.cuda.replay import Replayer
from voile.render.cuda.timing import StageTimes
from voile.render.cuda.view import VIEW_FLOATS, pack_view

torch = pytest.importorskip("torch")


class FakeMark:
    """A clock that every launch moves on by a millisecond."""

    def __init__(self, launcher):
        self.launcher, self.at = launcher, None

    def record(self):
        self.at = self.launcher.clock

    def milliseconds_to(self, later):
        return float(later.at - self.at)


class FakeLauncher:
    """Notes launches; captures them as CUDA does: without running them."""

    device, name = "cpu", "fake"

    def __init__(self, error=None):
        self.ran, self.captures, self.clock = [], 0, 0
        self.error, self._into = error, None

    def launch(self, kernel, blocks, block, *arguments):
        (self.ran if self._into is None else self._into).append(kernel)
        self.clock += 1

    def mark(self):
        return FakeMark(self)

    def capture(self, work):
        if self.error:
            raise self.error
        self.captures += 1
        self._into = recorded = []
        work()
        self._into = None

        def replay():
            self.ran.extend(recorded)

        return replay


def plan_of(buffers, size=10, scale=1.0, kernels=("a", "b")):
    plan = Plan(buffers)
    zeros = plan.zeros(3)
    for kernel in kernels:
        plan.each(kernel, 10, buffers.get("memory", size), zeros, scale, None)
        plan.stage(f"stage {kernel}")
    plan.finish()
    return plan


@pytest.fixture
def buffers():
    return Buffers(torch, "cpu")


def test_a_frame_is_captured_when_it_comes_again_and_then_repeated(buffers):
    launcher = FakeLauncher()
    replayer, marks = Replayer(launcher), []
    for frame in range(4):
        replayer.run(plan_of(buffers), marks.append)
        assert launcher.ran == ["a", "b"] * (frame + 1)
    assert launcher.captures == 1
    assert replayer.replays == 3
    assert marks == ["stage a", "stage b"] * 2, "run once, captured once"


@pytest.mark.parametrize(
    "change", [{"size": 999}, {"scale": 2.0}, {"kernels": ("a", "c")}, {"kernels": ("a",)}]
)
def test_whatever_changes_ends_the_repeating(buffers, change):
    launcher = FakeLauncher()
    replayer = Replayer(launcher)
    for _ in range(3):
        replayer.run(plan_of(buffers), lambda stage: None)
    launcher.ran.clear()
    for _ in range(3):
        replayer.run(plan_of(buffers, **change), lambda stage: None)
    assert launcher.captures == 2
    assert replayer.replays == 4
    assert launcher.ran == list(change.get("kernels", ("a", "b"))) * 3


def test_a_tail_may_differ_and_is_launched_whatever_is_captured(buffers):
    launcher = FakeLauncher()
    replayer, marks = Replayer(launcher), []
    for frame in range(4):
        plan = Plan(buffers)
        plan.each("head", 10, buffers.get("memory", 10))
        plan.end_head()
        plan.each("tail", 10, Address(1000 + frame))
        plan.stage("drawn")
        plan.finish()
        replayer.run(plan, marks.append)
    assert launcher.ran == ["head", "tail"] * 4
    assert (launcher.captures, replayer.replays) == (1, 3)
    assert marks == ["drawn"] * 4


def test_contents_of_memory_may_change(buffers):
    launcher = FakeLauncher()
    replayer = Replayer(launcher)
    for frame in range(3):
        buffers.send("memory", np.full(10, frame, np.float32))
        replayer.run(plan_of(buffers), lambda stage: None)
    assert replayer.replays == 2


def test_frames_in_turns_are_not_captured(buffers):
    launcher = FakeLauncher()
    replayer = Replayer(launcher)
    for frame in range(6):
        replayer.run(plan_of(buffers, scale=float(frame % 2)), lambda stage: None)
    assert launcher.captures == replayer.replays == 0


def test_a_capture_that_fails_is_not_tried_again_and_frames_are_drawn(buffers):
    launcher = FakeLauncher(RuntimeError("operation not permitted when stream is capturing"))
    replayer = Replayer(launcher)
    for _ in range(4):
        replayer.run(plan_of(buffers), lambda stage: None)
    assert launcher.ran == ["a", "b"] * 4
    assert "not permitted" in replayer.trouble


def test_without_graphs_every_frame_is_launched(buffers):
    launcher = FakeLauncher()
    launcher.capture = None
    replayer = Replayer(launcher)
    for _ in range(3):
        replayer.run(plan_of(buffers), lambda stage: None)
    assert launcher.ran == ["a", "b"] * 3
    assert replayer.trouble == ""


def test_stages_are_timed_from_mark_to_mark(buffers):
    launcher = FakeLauncher()
    times, plan = StageTimes(launcher), plan_of(buffers, kernels=("a", "b", "c"))
    times.begin()
    plan.run(launcher, times.end)
    assert times.read(plan.stages) == {"stage a": 1.0, "stage b": 1.0, "stage c": 1.0}


def test_memory_stays_where_it_is_until_it_grows(buffers):
    first = buffers.get("a", 10, 4)
    assert buffers.get("a", 5, 4).data_ptr() == first.data_ptr()
    assert buffers.get("a", 3, dtype="float32").shape == (3,)
    assert buffers.get("b", 7, dtype="int16").dtype == torch.int16
    assert buffers.bytes == 40 * 4 + 14
    assert buffers.get("a", 100).shape == (100,)
    buffers.clear()
    assert buffers.bytes == 0


def test_zeros_are_zero_at_every_run_and_do_not_overlap(buffers):
    plan = Plan(buffers)
    pieces = [plan.zeros(count) for count in (3, 1, 256)]
    plan.finish()
    for fill in (1, 2):
        plan.run(FakeLauncher(), lambda stage: None)
        for value, piece in enumerate(pieces):
            assert not plan.piece(piece).any()
            plan.piece(piece)[:] = fill + value
        assert [int(plan.piece(piece).max()) for piece in pieces] == [fill, fill + 1, fill + 2]


def unpacked(shapes, span):
    quats = shapes[:, :4].view(np.int16) / 32767
    codes = shapes[:, 4:7].astype(np.float64)
    scales = np.where(codes > 0, np.exp2(span.low + (codes - 1) * span.step), 0)
    return quats, scales, shapes[:, 7] / 65535


@pytest.mark.parametrize("kind", ["3d", "2d"])
def test_shapes_are_rounded_a_little(kind):
    splats = make_splats(500, 0, kind=kind)
    span = scale_range(splats.scales)
    quats, scales, opacities = unpacked(pack_shapes(splats, span, "float16"), span)
    np.testing.assert_allclose(quats, splats.quats, atol=2e-5)
    np.testing.assert_allclose(scales, splats.scales, rtol=2e-4)
    np.testing.assert_allclose(opacities, splats.opacities, atol=1e-5)
    exact = pack_shapes(splats, span, "float32")
    np.testing.assert_array_equal(exact[:, 4:7], splats.scales)


def test_scales_that_are_all_the_same_or_none():
    flat = scale_range(np.zeros((3, 3), np.float32))
    assert flat.step > 0
    same = scale_range(np.full((3, 3), 0.25, np.float32))
    assert same.low == -2
    assert same.step > 0


@pytest.mark.parametrize("coefficients", [1, 4, 9, 16, 25])
def test_rows_of_colours_are_read_in_pieces_of_8_bytes(coefficients):
    sizes = [color_bytes(coefficients, storage) for storage in ("uint8", "float16", "float32")]
    assert sizes == sorted(sizes)
    assert all(size % 8 == 0 for size in sizes)
    sh = np.random.default_rng(0).normal(size=(7, coefficients, 3)).astype(np.float32)
    sh[0] *= 1e6  # beyond float16
    for storage, size in zip(("uint8", "float16", "float32"), sizes):
        packed = pack_colors(sh, storage)
        assert packed.shape == (7, size)
        if storage != "float32":
            assert np.isfinite(packed[:, :8].view(np.float16)).all()


def test_the_eye_is_kept_in_two_parts():
    camera = Camera.look_at((1234.5678901, -0.1, 7e5), (0, 0, 0), width=64, height=32)
    view = pack_view(camera, Settings(min_alpha=0.25))
    assert view.dtype == np.float32
    assert len(view) == VIEW_FLOATS
    eye = view[9:12].astype(np.float64) + view[12:15]
    np.testing.assert_allclose(eye, camera.position, rtol=1e-13)
    assert np.float32(0.25) in view
    assert np.isinf(view).sum() == 2, "nothing is culled outside of the picture by default"
