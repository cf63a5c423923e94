"""What goes wrong on a GPU is told as one error that says what to do, and the renderer lives on."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, shared_launcher
from make_splats import make_splats

from voile import Camera, FrameRequest
from voile.kernels.cuda import compile as compiler
from voile.kernels.cuda.compile import CompileError
from voile.kernels.cuda.sources import Source
from voile.render.cuda import device
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.renderer import BackendFailed

torch = pytest.importorskip("torch")
CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=40, height=30)


class Failing:
    """The host's launcher, of which one kernel fails as long as there is an error."""

    device, name, capture = "cpu", "host", None

    def __init__(self, kernel):
        self.kernel, self.error = kernel, None

    def launch(self, kernel, *rest):
        if self.error and kernel == self.kernel:
            raise self.error
        shared_launcher().launch(kernel, *rest)

    def mark(self):
        return shared_launcher().mark()

    def send(self, tensor, array):
        shared_launcher().send(tensor, array)

    def fetch(self, tensor):
        return shared_launcher().fetch(tensor)

    def to_host(self, tensor):
        return shared_launcher().to_host(tensor)

    def fence(self):
        return shared_launcher().fence()

    def share(self, buffer):
        return shared_launcher().share(buffer)


TROUBLE = {
    "memory": (torch.OutOfMemoryError("CUDA out of memory. Tried 9 GiB.\nmore"),
               "too little memory for 200 splats at 40x30 .*storage to uint8"),
    "fault": (torch.AcceleratorError("CUDA error: an illegal memory access\nmore"),
              "stopped working .*illegal memory access.*Start the program again"),
    "source": (CompileError(Source("x.cu", "", ()), 80, "x.cu(3): error"), r"x\.cu\(3\): error"),
}  # fmt: skip


@pytest.mark.parametrize("kernel", ["project", "sort_tiles", "rasterize_sorted"])
@pytest.mark.parametrize("kind", TROUBLE)
def test_a_failure_is_told_and_the_next_frame_is_whole(kind, kernel):
    launcher = Failing(kernel)
    renderer = CUDARenderer(Work(torch, launcher))
    renderer.upload(make_splats(200, 1))
    before = renderer.render(FrameRequest(CAMERA))
    launcher.error, words = TROUBLE[kind]
    with pytest.raises(BackendFailed, match=words) as raised:
        renderer.render(FrameRequest(CAMERA))
    assert raised.value.backend == "cuda"
    assert "more" not in str(raised.value), "one line of what the driver says is enough"
    launcher.error = None
    after = renderer.render(FrameRequest(CAMERA))
    np.testing.assert_array_equal(after.premultiplied(), before.premultiplied())
    renderer.close()


@pytest.mark.parametrize("kind", TROUBLE)
def test_a_gpu_that_stops_before_a_frame_is_drawn_is_told(kind, monkeypatch):
    launcher = Failing("fetch")
    renderer = CUDARenderer(Work(torch, launcher))
    renderer.upload(make_splats(200, 1))
    frame = renderer.draw(FrameRequest(CAMERA), HostCanvas(40, 30))
    error, words = TROUBLE[kind]

    def stopped(copy):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(HostCopy, "there", stopped)
        with pytest.raises(BackendFailed, match=words) as raised:
            frame.outcome(False)
    assert raised.value.backend == "cuda"
    canvas = HostCanvas(40, 30)
    assert renderer.draw(FrameRequest(CAMERA), canvas).outcome(True).whole
    assert canvas.pixels[..., 3].any()


def test_faults_of_the_program_are_not_blamed_on_the_gpu():
    launcher = Failing("project")
    launcher.error = ValueError("a fault of ours")
    renderer = CUDARenderer(Work(torch, launcher))
    renderer.upload(make_splats(20, 0))
    with pytest.raises(ValueError, match="of ours"):
        renderer.render(FrameRequest(CAMERA))


def test_what_the_driver_refuses_names_kernel_and_gpu(monkeypatch):
    class Core:
        class ObjectCode:
            @staticmethod
            def from_cubin(code):
                return Core.ObjectCode()

            def get_kernel(self, name):
                raise Exception("CUDA_ERROR_NO_BINARY_FOR_GPU")  # as cuda.core raises its own

    launcher = object.__new__(device.GPULauncher)
    launcher._core, launcher._modules, launcher.name = Core, {}, "RTX 9090"
    launcher._architecture = 80
    launcher._sources = {"paint": Source("project.cu", "", ("paint",))}
    monkeypatch.setattr(device, "compile_source", lambda *_: b"\x7fELF")
    with pytest.raises(device.CUDAError, match="paint for RTX 9090: CUDA_ERROR_NO_BINARY"):
        launcher._load("paint")


def test_what_goes_to_the_gpu_and_back_is_pinned_and_nobody_waits_for_it():
    """`GPULauncher` with torch's part of a GPU stood in for by the host's memory."""
    log = []

    class Event:
        def record(self, stream):
            log.append("record")

        def query(self):
            return "synchronize" in log

        def synchronize(self):
            log.append("synchronize")

    class Pinned(torch.Tensor):
        def copy_(self, source, non_blocking=False):
            log.append(("fetch", non_blocking))
            return super().copy_(source.as_subclass(torch.Tensor))

    class Tensor(torch.Tensor):
        def copy_(self, source, non_blocking=False):
            log.append(("send", non_blocking, type(source).__name__))
            return super().copy_(source.as_subclass(torch.Tensor))

    def empty(shape, dtype, pin_memory):
        assert pin_memory
        return torch.empty(shape, dtype=dtype).as_subclass(Pinned)

    cuda = SimpleNamespace(Event=Event, current_stream=lambda device: None)
    launcher = object.__new__(device.GPULauncher)
    launcher._torch, launcher.device = SimpleNamespace(empty=empty, cuda=cuda), "cuda:0"
    tensor, array = torch.zeros(2, 3).as_subclass(Tensor), np.arange(6, dtype=np.float32)
    launcher.send(tensor, array.reshape(2, 3))
    copy = launcher.fetch(tensor)
    array[:] = 0
    assert log == [("send", True, "Pinned"), ("fetch", True), "record"]
    assert not copy.there()
    np.testing.assert_array_equal(copy.array(), [[0, 1, 2], [3, 4, 5]])
    assert copy.there()


def test_two_processes_that_compile_at_once_leave_one_whole_file(tmp_path):
    """The compiler is a stand-in that is slow and writes its process into the code."""
    code = f"""
import os, time
from pathlib import Path
from voile.kernels.cuda import compile as c
from voile.kernels.cuda.sources import Source
def slow(source, architecture):
    time.sleep(0.2)
    return b"%d " % os.getpid() * 100_000
c._compile, c.compiler_version = slow, lambda: "1.0"
folder = Path({str(tmp_path)!r})
for turn in range(5):
    got = c.compile_source(Source("a.cu", str(turn), ()), 80, folder)
    assert len(set(got.split())) == 1, "code of two processes in one file"
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    files = list(tmp_path.iterdir())
    assert len(files) == 5, "no temporary files are left"
    for file in files:
        assert compiler._read(file) is not None
