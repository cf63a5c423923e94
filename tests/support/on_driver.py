"""Checks of `GPULauncher` on the stand-in driver; `test_cuda_driver.py` runs them in a process that
finds no other `libcuda.so.1`. The packages that call the driver are the real ones."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch_on_driver as gpu
from cuda_host import HostLauncher
from gl_context import gl_renderer
from make_images import make_image
from make_materials import make_material
from make_splats import make_splats
from rich.console import Console

from voile import Camera, FrameRequest, Settings
from voile.kernels.cuda.compile import CUDAError
from voile.render import BackendUnavailable
from voile.render.cuda import available, interop
from voile.render.cuda.device import Address, GPULauncher
from voile.render.cuda.gradients import Gradients
from voile.render.cuda.image import CUDAImageRenderer
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.device_frame import Canvas, NotShared
from voile.render.gl.present import Presenter
from voile.render.image.view import whole
from voile.render.renderer import BackendFailed
from voile.scenes.content import Content
from voile.scenes.lights import Lamp, Lights, uniform
from voile.scenes.mesh import make_mesh

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import gpu as benchmark
import prove_gpu

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=40, height=30)
HERE = {"architecture": 80, "version": 13000, "drawing": 0}
UNSUPPORTED, NO_BINARY, LAUNCH_FAILED = 900, 209, 719

gpu.install()


@pytest.fixture(autouse=True)
def device():
    gpu.driver.fake_be(*HERE.values())
    with gpu.OnDevice():
        yield


@pytest.fixture
def refuse():
    """Makes calls of the driver fail; all is well again after the test, or by 0."""
    names = set()

    def refuse(name: str, code: int) -> None:
        names.add(name)
        gpu.driver.fake_refuse(name.encode(), code)

    yield refuse
    for name in names:
        gpu.driver.fake_refuse(name.encode(), 0)


@pytest.fixture(scope="module")
def host_work():
    return Work(torch, HostLauncher(Path(os.environ["FAKE_DRIVER_KERNELS"])))


@pytest.fixture(scope="module")
def gl():
    renderer = gl_renderer()
    yield renderer
    renderer.close()


def names(calls):
    """Without the questions of torch's runtime."""
    asked = ("cuCtxGetCurrent", "cuStreamIsCapturing", "cuCtxSetCurrent")
    return [name for name, *_ in calls if name not in asked]


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells", "stochastic"])
def test_frames_are_those_of_the_host_also_when_a_graph_draws_them(mode, kind, host_work):
    renderers = CUDARenderer(), CUDARenderer(host_work)
    gpu.calls()
    for renderer in renderers:
        renderer.upload(make_splats(100, 1, kind))
    for step in range(4):
        camera = Camera.look_at((1.0, -1.2, -5.0 + 0.1 * step), (0, 0, 0), width=32, height=20)
        request = FrameRequest(camera, Settings(mode=mode), depth=True, seed=step)
        frame, expected = (renderer.render(request) for renderer in renderers)
        np.testing.assert_array_equal(frame.premultiplied(), expected.premultiplied())
        np.testing.assert_array_equal(frame.depth, expected.depth)
        assert min(frame.timings.values()) >= 0
    assert names(gpu.calls()).count("cuGraphLaunch") == 2


def test_between_the_ends_of_a_capture_nothing_is_asked_but_launches():
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    for _ in range(2):  # each lane
        renderer.render(FrameRequest(CAMERA))
    gpu.calls()
    renderer.render(FrameRequest(CAMERA))
    calls = gpu.calls()
    asked = names(calls)
    begin, end = asked.index("cuStreamBeginCapture"), asked.index("cuStreamEndCapture")
    within = asked[begin + 1 : end]
    assert within[0] == "cuMemsetD8Async", "what is 0 when a frame begins"
    assert set(within[1:]) == {"cuLaunchKernelEx", "cuEventRecordWithFlags"}
    streams = {call[-1] for call in calls if call[0] == "cuLaunchKernelEx"}
    assert len(streams) == 1
    assert streams != {"stream=0x0"}
    ends = [call for call in calls if call[0] == "cuEventRecordWithFlags"]
    assert sum(call[-1] == "external" for call in ends) == within.count("cuEventRecordWithFlags")
    (launched,) = (call for call in calls if call[0] == "cuGraphLaunch")
    assert launched[1] == "stream=0x0", "where the frame's other steps are"
    waits = [name for name in asked if "Synchronize" in name]
    assert waits == 3 * ["cuEventSynchronize"], "what was counted, and two parts of the picture"


def test_a_host_that_does_not_wait_learns_of_a_frame_when_the_device_has_come_to_it():
    renderer, pixels = CUDARenderer(), torch.full((30, 40, 4), float("nan"), device="cuda:0")
    renderer.upload(make_splats(100, 1))
    expected = renderer.render(FrameRequest(CAMERA)).premultiplied()
    canvas = Canvas((40, 30), pixels.data_ptr(), lambda: None)
    frame = renderer.draw(FrameRequest(CAMERA), canvas)
    assert frame.outcome(False) is None
    outcome = frame.outcome(False)  # time has passed
    assert outcome is not None
    assert outcome.whole
    np.testing.assert_array_equal(pixels.cpu().numpy(), expected)


def test_a_thread_that_never_used_the_gpu_may_launch():
    """The default stream is that of the thread's current context, and it has none."""
    launcher, failed = GPULauncher(), []
    frame = torch.ones(4, 4, 4, device="cuda:0")
    mean = torch.zeros(4, 4, 4, device="cuda:0")
    arguments = frame, 16, 0.5, mean, Address(mean.data_ptr())

    def draw():
        try:
            launcher.launch("average", 1, (128, 1), *arguments)
        except CUDAError as error:
            failed.append(error)

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join()
    assert not failed
    assert torch.all(mean == 0.5)


@pytest.mark.parametrize("how", ["a launch is refused", "another call ends the capture"])
def test_a_capture_that_fails_leaves_frames_and_streams_as_they_were(how, refuse, caplog):
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    renderer.render(FrameRequest(CAMERA))
    expected = renderer.render(FrameRequest(CAMERA)).premultiplied()
    launcher, capture = renderer.work.launcher, renderer.work.launcher.capture

    def failing(work):
        def fails():
            if how == "a launch is refused":
                refuse("cuLaunchKernelEx", UNSUPPORTED)
            else:
                assert gpu.driver.cuCtxSynchronize() == UNSUPPORTED
            work()

        try:
            return capture(fails)
        finally:
            refuse("cuLaunchKernelEx", 0)

    launcher.__dict__["capture"] = failing
    gpu.calls()
    for _ in range(3):
        frame = renderer.render(FrameRequest(CAMERA))
        np.testing.assert_array_equal(frame.premultiplied(), expected)
        assert torch.cuda.current_stream().cuda_stream == 0
    asked = names(gpu.calls())
    assert "cuGraphLaunch" not in asked
    assert asked.count("cuStreamBeginCapture") == asked.count("cuStreamEndCapture") == 2
    assert caplog.text.count("not captured as a CUDA graph") == 2, "once for each lane"


def test_nobody_waits_for_the_whole_device_while_a_frame_is_captured(caplog):
    """It would end the capture: a buffer that is let go in another thread waits."""
    launcher = GPULauncher()
    buffer = object.__new__(interop.MappedBuffer)
    buffer._core, buffer._torch, buffer._index = launcher._core, torch, 0
    buffer._mapped, buffer._resource = object(), SimpleNamespace(close=lambda: None)
    zeros, other = torch.ones(8, device="cuda:0"), threading.Thread(target=buffer.close)

    def work():
        other.start()
        other.join(0.2)
        zeros.zero_()

    gpu.calls()
    replay = launcher.capture(work)
    other.join(10)
    asked = names(gpu.calls())
    assert asked.index("cuStreamEndCapture") < asked.index("cuCtxSynchronize")
    assert not caplog.records
    assert torch.all(zeros == 1)
    replay()
    assert torch.all(zeros == 0)


@pytest.mark.parametrize(("capability", "code"), [(75, 75), (87, 87), (91, 90), (103, 103)])
def test_code_is_for_the_gpu_or_the_one_before_it(capability, code):
    gpu.driver.fake_be(capability, -1, -1)
    launcher = GPULauncher()
    assert launcher._architecture == code
    mean = torch.zeros(4, 4, 4, device="cuda:0")
    launcher.launch("average", 1, (128, 1), mean, 16, 0.5, mean, mean)


@pytest.mark.parametrize(
    ("pretended", "words"),
    [
        ({"architecture": 70}, r"capability 7\.0; the CUDA backend needs 7\.5"),
        ({"architecture": 140}, r"does not know compute capability 14\.0; update it: pip install"),
        ({"version": 11080}, r"driver is for CUDA 11\.8; .*update the driver"),
    ],
)
def test_what_does_not_fit_is_told(pretended, words):
    gpu.driver.fake_be(*(HERE | pretended).values())
    with pytest.raises(BackendUnavailable, match=words):
        CUDARenderer()


def test_a_driver_that_is_older_than_the_compiler_is_told(monkeypatch):
    monkeypatch.setattr(available, "compiler_version", lambda: "13.0")
    gpu.driver.fake_be(-1, 12080, -1)
    with pytest.raises(BackendUnavailable, match=r"CUDA 12\.8: update the driver, .*voile\[cuda12"):
        CUDARenderer()


def test_a_context_that_cannot_be_had_is_told(refuse):
    refuse("cuCtxSetCurrent", 2)
    with pytest.raises(BackendUnavailable, match="cannot be used: CUDA_ERROR"):
        GPULauncher()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("cuLibraryLoadData", NO_BINARY, "does not load kernel project .*NO_BINARY_FOR_GPU"),
        ("cuLaunchKernelEx", LAUNCH_FAILED, "kernel project cannot be launched .*LAUNCH_FAILED"),
        ("cuMemcpyAsync", LAUNCH_FAILED, "stopped working .*LAUNCH_FAILED"),
    ],
)
def test_what_the_driver_refuses_is_told_and_the_next_frame_is_whole(name, code, words, refuse):
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    refuse(name, code)
    with pytest.raises(BackendFailed, match=words) as raised:
        renderer.render(FrameRequest(CAMERA))
    assert "\n" not in str(raised.value)
    refuse(name, 0)
    assert renderer.render(FrameRequest(CAMERA)).alpha.any()


def test_memory_of_the_host_is_not_a_kernels():
    """And so a kernel that were given any would fail here as on a GPU."""
    mean = torch.zeros(4, 4, 4)
    with pytest.raises(CUDAError, match="ILLEGAL_ADDRESS"):
        GPULauncher().launch("average", 1, (128, 1), mean, 16, 0.5, mean, mean)


def test_images_are_those_of_the_host(host_work):
    drawn = []
    for renderer in (CUDAImageRenderer(), CUDAImageRenderer(host_work)):
        splats = make_image(60, (40, 50), 3)
        renderer.upload(splats)
        drawn.append(renderer.render(whole(splats)).color)
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("mode", ["sorted", "weighted"])
def test_gradients_are_those_of_the_host(mode, host_work):
    splats = make_splats(60, 1)
    rng = np.random.default_rng(0)
    columns = [splats.means, splats.quats, splats.scales, splats.opacities, splats.sh]
    columns.append(rng.normal(size=60 if mode == "weighted" else 0).astype(np.float32))
    pose = [*np.ravel(CAMERA.world_to_camera), CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy]
    camera = torch.tensor([*pose, CAMERA.near], dtype=torch.float64)
    found = []
    for work, device in ((Work(torch, GPULauncher()), "cuda:0"), (host_work, "cpu")):
        given = [torch.from_numpy(column.copy()).to(device) for column in columns]
        how = (*given, camera.to(device), 40, 30, mode, False)
        gradients = Gradients(work)
        drawn = gradients.draw(*how, True)
        slopes = [torch.ones_like(part) for part in drawn[:3]]
        back = gradients.go_back(*how, True, list(drawn), slopes, True)
        found.append([part.cpu().numpy() for part in (*drawn[:3], *back)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_frames_reach_opengl_by_the_drivers_own_calls(gl):
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    expected = renderer.render(FrameRequest(CAMERA)).premultiplied()
    with gl.ctx:
        shared = Presenter(gl.ctx).shared
        gpu.calls()
        for _ in range(2):
            frame = renderer.draw(FrameRequest(CAMERA), shared.lend((40, 30), renderer.share))
            np.testing.assert_array_equal(shared.read(frame).premultiplied(), expected)
        shared.release()
    calls = [call for call in gpu.calls() if re.match("cuGL|cuGraphics", call[0])]
    one = ["cuGraphicsMapResources", "cuGraphicsResourceGetMappedPointer"]
    assert [call[0] for call in calls] == [
        "cuGLGetDevices",
        "cuGraphicsGLRegisterBuffer",
        *2 * [*one, "cuGraphicsUnmapResources"],
        "cuGraphicsUnregisterResource",
    ]
    assert calls[1][2] == "flags=2", "what was in the buffer is of no use"
    streams = [call[1] for call in calls if call[0].endswith("mapResources")]
    assert set(streams) == {"stream=0x1"}, "the default one, where torch is too"


def test_a_frame_under_way_is_waited_for_before_its_buffer_goes(gl):
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    with gl.ctx:
        shared = Presenter(gl.ctx).shared
        canvas = shared.lend((40, 30), renderer.share)
        frame = renderer.draw(FrameRequest(CAMERA), canvas)
        gpu.calls()
        shared.release()
    assert [name for name in names(gpu.calls()) if "Event" not in name] == [
        "cuCtxSynchronize",
        "cuGraphicsUnmapResources",
        "cuGraphicsUnregisterResource",
    ]
    assert frame.outcome(False) is not None


def test_a_window_that_another_gpu_draws_is_told(gl):
    gpu.driver.fake_be(-1, -1, 3)
    with gl.ctx, pytest.raises(NotShared, match="drawn by CUDA device 3, frames by 0"):
        Presenter(gl.ctx).shared.lend((40, 30), GPULauncher().share)


@pytest.mark.parametrize("shown", ["colour", "depth", "error", *prove_gpu.PROJECTED])
def test_frames_and_views_that_nobody_waits_for_are_what_comes_as_arrays(shown):
    mode = "weighted" if shown == "error" else "sorted"
    renderer, request = CUDARenderer(), FrameRequest(CAMERA, Settings(mode=mode, shown=shown))
    renderer.upload(make_splats(100, 1))
    expected = renderer.render(request).premultiplied()
    gpu.calls()
    drawn = [prove_gpu._drawn(renderer, request) for _ in range(5)]
    assert all(frame.outcome(True).whole for frame, _ in drawn)
    assert "cuGraphLaunch" in names(gpu.calls())
    for frame, pixels in drawn:
        # Views are worked out in another order on the GPU, in float32.
        assert np.abs(pixels.cpu().numpy() - expected).max() <= prove_gpu.CANVAS_ERROR
        np.testing.assert_array_equal(frame.picture.frame().premultiplied(), pixels.cpu().numpy())


def test_everything_is_asked_of_torchs_current_device(monkeypatch, gl):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    gpu.driver.fake_be(-1, -1, 1)
    launcher, mean = GPULauncher(), torch.zeros(4, 4, 4, device="cuda:1")
    assert launcher.device == "cuda:1"
    other = launcher._core.Device(0)
    other.set_current()  # as another library may have left it
    gpu.calls()
    launcher.launch("average", 1, (128, 1), mean, 16, 0.5, mean, mean)
    with gl.ctx:
        shared = Presenter(gl.ctx).shared
        shared.lend((8, 8), launcher.share)
        shared.release()
    chosen = [call[1] for call in gpu.calls() if call[0] == "cuCtxSetCurrent"]
    assert set(chosen) == {"1"}
    other.set_current()


def lit_scene():
    """Splats that wear materials, before a pane that wears one."""
    splats = make_splats(60, 1)
    which = np.random.default_rng(1).integers(-1, 2, 60).astype(np.int32)
    named = tuple(replace(make_material(seed=k), name=f"m{k}") for k in range(2))
    corners = np.float64([[-1, -1, 0.4], [1, -1, 0.4], [1, 1, 0.4], [-1, 1, 0.4]])
    uvs = np.float64([[0, 0], [1, 0], [1, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    pane = make_mesh(corners, faces, None, uvs, material="m1")
    lights = Lights(uniform(0.3), (Lamp("point", (-1, 1, -2)),))
    return Content(replace(splats, material=which), (pane,), named, lights)


def test_materials_and_meshes_are_those_of_the_host(host_work):
    content, request = lit_scene(), FrameRequest(CAMERA, Settings(), depth=True)
    host, renderer = CUDARenderer(host_work), CUDARenderer()
    for each in (host, renderer):
        each.upload(content)
    expected = host.render(request)
    gpu.calls()
    for _ in range(4):
        frame = renderer.render(request)
        np.testing.assert_array_equal(frame.premultiplied(), expected.premultiplied())
        np.testing.assert_array_equal(frame.depth, expected.depth)
    assert names(gpu.calls()).count("cuGraphLaunch") == 2
    for _ in range(4):
        prove_gpu._drawn(renderer, request)[0].outcome(True)
    gpu.calls()
    _, pixels = prove_gpu._drawn(renderer, request)
    assert not [name for name in names(gpu.calls()) if "Synchronize" in name]
    np.testing.assert_array_equal(pixels.cpu().numpy(), expected.premultiplied())


VIEWS = ("depth", "alpha", "normals", "ids", "cells", "error", *prove_gpu.PROJECTED)


@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells", "stochastic", *VIEWS])
def test_who_draws_waits_for_nothing(mode):
    how = {"shown": mode, "mode": "weighted"} if mode in VIEWS else {"mode": mode}
    renderer, request = CUDARenderer(), FrameRequest(CAMERA, Settings(**how))
    renderer.upload(make_splats(60, 1))
    for _ in range(2):  # room, what is kept of the scene, and kernels
        prove_gpu._drawn(renderer, request)[0].outcome(True)
    for _ in range(3):  # two graphs are made, and one is launched again
        gpu.calls()
        frame, _ = prove_gpu._drawn(renderer, request)
        assert not [name for name in names(gpu.calls()) if "Synchronize" in name]
        frame.outcome(True)


def test_means_and_differences_are_those_of_the_host():
    with_what = make_splats(60, 1), CAMERA, Console(quiet=True)
    assert prove_gpu._mean_holds(CUDARenderer, *with_what, "depth")
    assert prove_gpu._difference_holds(CUDARenderer, *with_what)


def rasterization(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=0.01,
    far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=True, tile_size=16,
    backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False,
    rasterize_mode="classic", channel_chunk=32, distributed=False, camera_model="pinhole",
    segmented=False, covars=None, with_ut=False, with_eval3d=False, **distortion,
):  # fmt: skip
    """Of gsplat 1.5.3, as far as its arguments."""
    assert not distortion
    assert rasterize_mode == "classic"
    return picture_of(means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                      sh_degree)  # fmt: skip


def rasterization_2dgs(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, near_plane=0.01,
    far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=False, tile_size=16,
    backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False, distloss=False,
    depth_mode="expected",
):  # fmt: skip
    """As above."""
    picture = picture_of(means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                         sh_degree)  # fmt: skip
    return *picture, *5 * [None]


def picture_of(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height, sh_degree
):  # fmt: skip
    count = len(means)
    shapes = [(count, 3), (count, 4), (count, 3), (count,)]
    for tensor, shape in zip((means, quats, scales, opacities), shapes, strict=True):
        assert tensor.shape == shape
        assert tensor.dtype == torch.float32
        assert tensor.device.type == "cuda"
    assert viewmats.shape == (1, 4, 4)
    assert Ks.shape == (1, 3, 3)
    assert colors.shape[0] == count
    assert colors.shape[2] == 3
    assert (sh_degree + 1) ** 2 <= colors.shape[1]
    return torch.zeros(1, height, width, 3, device="cuda"), torch.zeros(1, height, width, 1)


def test_the_benchmark_runs(monkeypatch, tmp_path):
    peer = SimpleNamespace(rasterization=rasterization, rasterization_2dgs=rasterization_2dgs)
    monkeypatch.setitem(sys.modules, "gsplat", peer)
    monkeypatch.setattr(benchmark, "SCENES", {})
    file = tmp_path / "out.json"
    arguments = ["--counts", "60", "--sizes", "24x16", "--frames", "2", "--json", str(file)]
    assert benchmark.main(arguments, bandwidth=lambda: benchmark.copy_bandwidth(torch, 1)) == 0
    report = json.loads(file.read_text())
    assert report["device"] == "stand-in"
    assert [*report["scenes"]] == ["synthetic 60 at 24x16", "surfels 60 at 24x16"]
    for result in report["scenes"].values():
        assert result["gsplat_ms"] >= 0
        assert result["ms"] > 0
        assert result["in_a_row_ms"] > 0
