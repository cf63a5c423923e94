"""Sharing with OpenGL by `cuda.core`'s own calls; OpenGL is real."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
import torch_on_driver as gpu
from make_splats import make_splats

from voile import Camera, FrameRequest
from voile.render.cuda.device import GPULauncher
from voile.render.cuda.renderer import CUDARenderer
from voile.render.device_frame import NotShared
from voile.render.gl.present import Presenter

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=40, height=30)
OPERATING_SYSTEM = 304


def test_everything_is_asked_of_torchs_current_device(monkeypatch, gl):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    gpu.be(drawing=1)
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
    assert [name for name in gpu.asked(gpu.calls()) if "Event" not in name] == [
        "cuCtxSynchronize",
        "cuGraphicsUnmapResources",
        "cuGraphicsUnregisterResource",
    ]
    assert frame.outcome(False) is not None


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("cuGLGetDevices", r"no CUDA device draws the window \(CUDA_ERROR_OPERATING_SYSTEM\)"),
        ("cuGraphicsGLRegisterBuffer", r"no buffer can be registered \(CUDA_ERROR"),
        ("cuGraphicsMapResources", r"the buffer cannot be mapped \(CUDA_ERROR"),
        ("cuGraphicsResourceGetMappedPointer", r"the buffer cannot be mapped \(CUDA_ERROR"),
    ],
)
def test_what_the_driver_does_not_share_is_told_and_nothing_stays_held(gl, refuse, refused, words):
    launcher = GPULauncher()
    refuse(refused, OPERATING_SYSTEM)
    with gl.ctx:
        shared = Presenter(gl.ctx).shared
        with pytest.raises(NotShared, match=words) as raised:
            shared.lend((40, 30), launcher.share)
        assert "\n" not in str(raised.value)
        refuse(refused, 0)
        shared.lend((40, 30), launcher.share)
        shared.release()


def test_a_window_that_another_gpu_draws_is_told(gl):
    gpu.be(drawing=3)
    with gl.ctx, pytest.raises(NotShared, match="drawn by CUDA device 3, frames by 0"):
        Presenter(gl.ctx).shared.lend((40, 30), GPULauncher().share)
