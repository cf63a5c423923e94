"""What `GPULauncher` asks of the driver, and what comes of what the driver refuses."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch_on_driver as gpu
from make_splats import make_splats

from voile import Camera, FrameRequest
from voile.kernels.cuda.compile import CUDAError
from voile.render import BackendUnavailable
from voile.render.cuda import available, interop
from voile.render.cuda.device import Address, GPULauncher
from voile.render.cuda.renderer import CUDARenderer
from voile.render.renderer import BackendFailed

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=40, height=30)
UNSUPPORTED, NO_BINARY, LAUNCH_FAILED = 900, 209, 719


def test_between_the_ends_of_a_capture_nothing_is_asked_but_launches():
    renderer = CUDARenderer()
    renderer.upload(make_splats(100, 1))
    for _ in range(2):  # each lane
        renderer.render(FrameRequest(CAMERA))
    gpu.calls()
    renderer.render(FrameRequest(CAMERA))
    calls = gpu.calls()
    asked = gpu.asked(calls)
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
    asked = gpu.asked(gpu.calls())
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
    asked = gpu.asked(gpu.calls())
    assert asked.index("cuStreamEndCapture") < asked.index("cuCtxSynchronize")
    assert not caplog.records
    assert torch.all(zeros == 1)
    replay()
    assert torch.all(zeros == 0)


@pytest.mark.parametrize(("capability", "code"), [(75, 75), (87, 87), (91, 90), (103, 103)])
def test_code_is_for_the_gpu_or_the_one_before_it(capability, code):
    gpu.be(architecture=capability)
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
    gpu.be(**pretended)
    with pytest.raises(BackendUnavailable, match=words):
        CUDARenderer()


def test_a_driver_that_is_older_than_the_compiler_is_told(monkeypatch):
    monkeypatch.setattr(available, "compiler_version", lambda: "13.0")
    gpu.be(version=12080)
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
