"""The GPU as the CUDA backend uses it: is there one, and launching kernels on torch's stream."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.compile import CUDAError, compile_source
from ...kernels.cuda.sources import FILES, Source, load, nets_source
from ..device_frame import SharedBuffer
from .available import check_driver, check_gpu, import_core, import_torch
from .interop import WHOLE_DEVICE, MappedBuffer, Streams, first_line


class Mark(Protocol):
    """A place on the device's timeline."""

    def record(self) -> None:
        """Puts it behind all that was launched."""
        ...

    def milliseconds_to(self, later: Any) -> float:
        """Time to another mark; the device has come to both."""
        ...


class Address(NamedTuple):
    """Memory of the device that is no tensor's."""

    value: int


class Fetched(Protocol):
    """A copy of a tensor on its way to the host."""

    def there(self) -> bool:
        """Whether the device has come to it; returns at once."""
        ...

    def array(self) -> NDArray[Any]:
        """The copy; waits for it."""
        ...


class Launcher(Protocol):
    """Where tensors live and kernels run.

    Attributes:
        device: of torch's tensors.
        name: for people.
    """

    device: str
    name: str

    @property
    def capture(self) -> Callable[[Callable[[], None]], Callable[[], None]] | None:
        """Makes one call of all launches that a function makes; None where that cannot be."""
        ...

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        """Runs a kernel on tensors, addresses (None is a null pointer), int and float, in this
        order."""
        ...

    def send(self, tensor: Any, array: NDArray[Any]) -> None:
        """Copies an array to a tensor of its shape and type; the array may change at once."""
        ...

    def fetch(self, tensor: Any) -> Fetched:
        """Begins to copy a tensor, after all that was launched; nobody waits."""
        ...

    def mark(self) -> Mark:
        """A mark that has not been recorded."""
        ...

    def to_host(self, tensor: Any) -> NDArray[Any]:
        """A copy of a tensor, after all that was launched."""
        ...

    def fence(self) -> Callable[[], None]:
        """After all that was launched; calling it makes the calling thread's stream wait."""
        ...

    def share(self, buffer: int) -> SharedBuffer:
        """A buffer of OpenGL's, by its name, to draw frames to. Raises NotShared."""
        ...


def split(value: Any) -> tuple[str, Any]:
    """Kind and value of a kernel's argument: p an address, i a C int32, f a C float."""
    if isinstance(value, (bool, int)):
        return "i", ctypes.c_int32(value)
    if isinstance(value, float):
        return "f", ctypes.c_float(value)
    if value is None:
        return "p", 0
    if isinstance(value, Address):
        return "p", value.value
    assert value.is_contiguous(), "kernels take contiguous tensors"
    return "p", value.data_ptr()  # cuda.core takes a plain int for an address, and no c_void_p


class GPULauncher:
    """The current CUDA device of torch, and its current stream.

    Raises:
        BackendUnavailable: no driver, one that is too old, no GPU, an old one, or a package is
            missing; the text says which and what to do.
    """

    def __init__(self) -> None:
        driver = check_driver()
        self._torch = torch = import_torch()
        self._core = core = import_core(torch.version.cuda, driver)
        self._index, self.name, self._architecture = check_gpu(core, torch)
        self.device = f"cuda:{self._index}"
        self._streams = Streams(core, torch, self._index)
        self._sources: dict[str, Source] = {
            name: source for source in map(load, FILES) for name in source.kernels
        }
        self._modules: dict[str, Any] = {}
        self._kernels: dict[str, Any] = {}
        self._aside: Any = None  # a stream to capture on

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        """Runs a kernel on torch's current stream; its file is compiled on first use."""
        if blocks == 0:
            return
        if kernel not in self._kernels:
            self._kernels[kernel] = self._load(kernel)
        config = self._core.LaunchConfig(grid=(blocks, 1, 1), block=(*block, 1))
        values = (split(value)[1] for value in arguments)
        try:
            # torch's context, which a thread need not have: the default stream is that of whichever
            # is current. Of another GPU it would be, where that is what the thread had.
            self._core.Device(self._index).set_current()
            self._core.launch(self._streams.current(), config, self._kernels[kernel], *values)
        except Exception as error:  # the class is private in cuda.core
            raise CUDAError(
                f"kernel {kernel} cannot be launched on {self.name}: {first_line(error)}"
            ) from error

    def mark(self) -> Mark:
        """An event of CUDA's; it may be recorded inside a captured graph."""
        return _EventMark(self._torch, self.device)

    def send(self, tensor: Any, array: NDArray[Any]) -> None:
        """By pinned memory, which torch keeps until the GPU has read it: from any other the host
        would wait for all that was launched before."""
        pinned = self._torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        np.copyto(pinned.numpy(), array)
        tensor.copy_(pinned, non_blocking=True)

    def fetch(self, tensor: Any) -> Fetched:
        """To pinned memory, to which a GPU writes several times as fast; torch keeps it for the
        next one when the array is gone."""
        pinned = self._torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        pinned.copy_(tensor, non_blocking=True)
        event = self._torch.cuda.Event()
        event.record(self._torch.cuda.current_stream(self.device))
        return _Copy(pinned, event)

    def to_host(self, tensor: Any) -> NDArray[Any]:
        """As `fetch`, at once."""
        return self.fetch(tensor).array()

    def fence(self) -> Callable[[], None]:
        """An event of CUDA's, which no host waits for."""
        return self._streams.fence()

    def share(self, buffer: int) -> SharedBuffer:
        """Registered with CUDA, where this GPU draws the window. Raises NotShared."""
        driver = import_module("cuda.bindings.driver")
        return MappedBuffer(self._core, driver, self._torch, self._index, buffer)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """The launches of `work` as a CUDA graph. Raises RuntimeError."""
        cuda = self._torch.cuda
        graph = cuda.CUDAGraph()
        if self._aside is None:
            self._aside = cuda.Stream(self._index)
        # Not `torch.cuda.graph`: it waits for the device, and lets go of the memory torch keeps.
        with WHOLE_DEVICE, cuda.stream(self._aside):
            # Other threads may use the GPU meanwhile: only this one is recorded.
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                work()
            finally:
                graph.capture_end()
        return graph.replay

    def _load(self, kernel: str) -> Any:
        source = self._sources.get(kernel) or nets_source(kernel)
        if source.name not in self._modules:
            code = compile_source(source, self._architecture)
            self._modules[source.name] = self._core.ObjectCode.from_cubin(code)
        try:
            return self._modules[source.name].get_kernel(kernel)  # loads the module
        except Exception as error:
            raise CUDAError(
                f"the driver does not load kernel {kernel} for {self.name}: {first_line(error)}. "
                "Update it."
            ) from error


class _EventMark:
    """An event of torch's, on the stream that is current when it is recorded."""

    def __init__(self, torch: Any, device: str) -> None:
        self._torch, self._device = torch, device
        # External: within a graph it becomes a node that records, and not a mere dependency.
        self._event = torch.cuda.Event(enable_timing=True, external=True)

    def record(self) -> None:
        self._event.record(self._torch.cuda.current_stream(self._device))

    def milliseconds_to(self, later: _EventMark) -> float:
        return self._event.elapsed_time(later._event)


class _Copy:
    """A `Fetched` in pinned memory."""

    def __init__(self, pinned: Any, event: Any) -> None:
        self._pinned, self._event = pinned, event

    def there(self) -> bool:
        return self._event.query()

    def array(self) -> NDArray[Any]:
        self._event.synchronize()
        return self._pinned.numpy()
