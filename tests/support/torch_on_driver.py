"""torch's part of a GPU on the stand-in driver (`fake_driver`), for the CPU build of torch.

`install` puts streams, events and graphs into `torch.cuda` that call the driver as torch does by
way of the CUDA runtime, with torch's own signatures. Within
`OnDevice` tensors asked for on "cuda" are the host's memory, which the driver takes for its own:
copies of pinned memory and `zero_` go through the driver, in the order of the stream; other
operations find done what was put there before. Nothing of a device is ever freed.
"""

from __future__ import annotations

import ctypes
import inspect
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

NONBLOCKING, DISABLE_TIMING, EXTERNAL = 1, 2, 1
CAPTURE_MODES = {"global": 0, "thread_local": 1, "relaxed": 2}

SEEN = frozenset(
    {"data_ptr", "is_contiguous", "size", "stride", "dim", "numel", "element_size", "view",
     "reshape", "flatten", "detach", "untyped_storage", "storage_offset", "__len__", "__get__"}
)  # fmt: skip
"""Operations that read no memory."""

TO_HOST = frozenset({"cpu", "tolist", "item", "__bool__", "__int__", "__float__", "__index__"})
"""Operations whose results the host has; it waits for them."""

driver = ctypes.CDLL("libcuda.so.1")
driver.fake_log.restype = ctypes.c_char_p
driver.fake_run.restype = ctypes.c_bool
_threads = threading.local()
_owned: dict[int, torch.Tensor] = {}  # by address of their storage, never freed
_pinned: dict[int, torch.Tensor] = {}


def calls() -> list[list[str]]:
    """What the driver was asked since the last time: names, and arguments."""
    return [line.split() for line in driver.fake_log().decode().splitlines()]


def asked(calls: list[list[str]]) -> list[str]:
    """Names of calls, without the questions of the runtime and the choice of a context."""
    asked = ("cuCtxGetCurrent", "cuStreamIsCapturing", "cuCtxSetCurrent")
    return [name for name, *_ in calls if name not in asked]


def be(*, architecture: int = 80, version: int = 13000, drawing: int = 0) -> None:
    """What the driver pretends: its GPUs, the CUDA that it is for, and which GPU draws windows."""
    driver.fake_be(architecture, version, drawing)


def call(name: str, *arguments: Any) -> None:
    """A call as the CUDA runtime makes it: with the primary context where there is none."""
    context = ctypes.c_void_p()
    driver.cuCtxGetCurrent(ctypes.byref(context))
    if not context:
        driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)
        driver.cuCtxSetCurrent(context)
    check(getattr(driver, name)(*arguments))


def check(code: int) -> None:
    if code:
        text = ctypes.c_char_p()
        driver.cuGetErrorName(code, ctypes.byref(text))
        raise torch.AcceleratorError(f"CUDA error: {(text.value or b'').decode()}")


class Stream:
    def __init__(self, device: Any = None, priority: int = 0, *, cuda_stream: int | None = None):
        if cuda_stream is None:
            made = ctypes.c_void_p()
            call("cuStreamCreateWithPriority", ctypes.byref(made), NONBLOCKING, priority)
            cuda_stream = made.value or 0
        self.cuda_stream = cuda_stream

    @property
    def handle(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.cuda_stream)

    def wait_event(self, event: Event) -> None:
        event.wait(self)

    def synchronize(self) -> None:
        call("cuStreamSynchronize", self.handle)


def current_stream(device: Any = None) -> Stream:
    return Stream(cuda_stream=getattr(_threads, "stream", 0))


def set_stream(stream: Stream) -> None:
    _threads.stream = stream.cuda_stream


@contextmanager
def stream(stream: Stream | None):
    before = current_stream()
    set_stream(stream or before)
    try:
        yield
    finally:
        set_stream(before)


class Event:
    def __init__(self, enable_timing=False, blocking=False, interprocess=False, external=False):
        self._flags = 0 if enable_timing else DISABLE_TIMING
        self._external, self._made = external, ctypes.c_void_p()

    def record(self, stream: Stream | None = None) -> None:
        stream, capturing = stream or current_stream(), ctypes.c_int()
        if not self._made:
            call("cuEventCreate", ctypes.byref(self._made), self._flags)
        driver.cuStreamIsCapturing(stream.handle, ctypes.byref(capturing))
        flags = EXTERNAL if capturing.value and self._external else 0
        call("cuEventRecordWithFlags", self._made, stream.handle, flags)

    def wait(self, stream: Stream | None = None) -> None:
        if self._made:
            call("cuStreamWaitEvent", (stream or current_stream()).handle, self._made, 0)

    def query(self) -> bool:
        if not self._made:
            return True
        code = driver.cuEventQuery(self._made)
        if code not in (0, 600):
            check(code)
        return code == 0

    def synchronize(self) -> None:
        if self._made:
            call("cuEventSynchronize", self._made)

    def elapsed_time(self, end_event: Event) -> float:
        assert self.query(), "both events must be completed"
        assert end_event.query(), "both events must be completed"
        milliseconds = ctypes.c_float()
        call("cuEventElapsedTime", ctypes.byref(milliseconds), self._made, end_event._made)
        return milliseconds.value


class CUDAGraph:
    def __init__(self, keep_graph: bool = False):
        self._made = ctypes.c_void_p()

    def capture_begin(
        self, pool=None, capture_error_mode: str = "global", check_input_liveness: bool = False
    ) -> None:
        mode = CAPTURE_MODES[capture_error_mode]
        call("cuStreamBeginCapture", current_stream().handle, mode)

    def capture_end(self) -> None:
        graph = ctypes.c_void_p()
        call("cuStreamEndCapture", current_stream().handle, ctypes.byref(graph))
        call("cuGraphInstantiateWithFlags", ctypes.byref(self._made), graph, ctypes.c_ulonglong(0))

    def replay(self) -> None:
        call("cuGraphLaunch", self._made, current_stream().handle)


def synchronize(device: Any = None) -> None:
    call("cuCtxSynchronize")


def install() -> None:
    """Into `torch.cuda`, for the rest of the process."""
    cuda = torch.cuda
    for name, ours in {
        "Event": Event,
        "CUDAGraph": CUDAGraph,
        "current_stream": current_stream,
        "set_stream": set_stream,
        "synchronize": synchronize,
        "stream": stream,
    }.items():
        _same(getattr(cuda, name), ours)
        setattr(cuda, name, ours)
    cuda.Stream = Stream
    cuda.is_available, cuda.current_device = lambda: True, lambda: 0
    cuda.get_device_name = lambda device=None: "stand-in"
    cuda.get_device_capability = lambda device=None: divmod(_architecture(), 10)
    torch.version.cuda = "12.9"


def _architecture() -> int:
    parts = [ctypes.c_int(), ctypes.c_int()]
    for part, attribute in zip(parts, (75, 76)):
        driver.cuDeviceGetAttribute(ctypes.byref(part), attribute, 0)
    return 10 * parts[0].value + parts[1].value


def _same(theirs: Any, ours: Any) -> None:
    """What the stand-in takes, torch takes; and the names of the arguments are torch's."""
    if inspect.isclass(ours):
        for name, function in vars(ours).items():
            if inspect.isfunction(function) and name not in ("__init__", "handle"):
                _same(getattr(theirs, name), function)
        theirs, ours = theirs.__new__, ours.__init__
    names = [[*inspect.signature(each).parameters][int(each.__name__[:2] == "__") :]
             for each in (theirs, ours)]  # fmt: skip
    assert names[0] == names[1], f"{ours}: torch's has {names[0]}"


class OnDevice(TorchFunctionMode):
    """Tensors of "cuda" on the stand-in driver, for the thread that enters it."""

    def __torch_function__(self, func: Callable[..., Any], types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), func.__name__
        if func == torch.Tensor.device.__get__ and _on_device(args[0]):
            return torch.device("cuda", 0)
        if name == "cuda" or (name == "to" and _is_cuda(args[1])):
            _wait()  # nothing here says that the source is pinned
            return _own(args[0].clone())
        made, pinned = _is_cuda(kwargs.get("device")), kwargs.pop("pin_memory", False)
        if made:
            del kwargs["device"]
        here = any(map(_on_device, _tensors((args, kwargs))))
        if name == "zero_" and here:
            _zero(args[0])
            return args[0]
        if name == "copy_" and here and _copy(*args, **kwargs):
            return args[0]
        if name == "numpy":
            assert not here, "can't convert a CUDA tensor to numpy"
        if here and (name in TO_HOST or name == "copy_" or _picks_by_a_number(name, args)):
            _wait()
        reads = name not in SEEN and not (name == "__getitem__" and not _tensors(args[1:]))
        if here and reads:
            capturing = driver.fake_run(current_stream().handle)
            assert not capturing, f"{name} in a capture: the stand-in cannot record it"
        if here and name == "cpu":
            return args[0].clone()
        result = func(*args, **kwargs)
        if pinned:
            _pinned[_place(result)] = result
        if made or (here and name not in TO_HOST):
            for tensor in _tensors(result):
                _own(tensor)
        return result


def _wait() -> None:
    current_stream().synchronize()


def _picks_by_a_number(name: str, args: Any) -> bool:
    """Whether the host has to know a number, or how many are true, to index by it."""
    return name == "__getitem__" and any(
        index.dim() == 0 or index.dtype == torch.bool for index in _tensors(args[1:])
    )


def _zero(tensor: torch.Tensor) -> None:
    assert tensor.is_contiguous()
    place, bytes_ = tensor.data_ptr(), tensor.numel() * tensor.element_size()
    handle = current_stream().handle
    call("cuMemsetD8Async", ctypes.c_ulonglong(place), 0, ctypes.c_size_t(bytes_), handle)


def _copy(to: torch.Tensor, source: torch.Tensor, non_blocking: bool = False) -> bool:
    """Whether it is a copy that nobody waits for."""
    ends = [_on_device(t) or _place(t) in _pinned for t in (to, source)]
    alike = to.dtype == source.dtype and to.shape == source.shape
    if not (non_blocking and all(ends) and alike):
        return False
    assert to.is_contiguous()
    assert source.is_contiguous()
    places = (ctypes.c_ulonglong(t.data_ptr()) for t in (to, source))
    bytes_ = ctypes.c_size_t(to.numel() * to.element_size())
    call("cuMemcpyAsync", *places, bytes_, current_stream().handle)
    return True


def _own(tensor: torch.Tensor) -> torch.Tensor:
    storage = tensor.untyped_storage()
    if storage.data_ptr() and storage.data_ptr() not in _owned:
        _owned[storage.data_ptr()] = tensor
        driver.fake_own(ctypes.c_ulonglong(storage.data_ptr()), ctypes.c_size_t(len(storage)))
    return tensor


def _place(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _on_device(tensor: torch.Tensor) -> bool:
    return _place(tensor) in _owned


def _is_cuda(device: Any) -> bool:
    return isinstance(device, (str, torch.device)) and str(device).startswith("cuda")


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [tensor for part in value for tensor in _tensors(part)]
