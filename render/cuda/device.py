"""The GPU as the CUDA backend uses it: is there one, and launching kernels on torch's stream."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.compile import INSTALL, CUDAError, compile_source, compiler_version
from ...kernels.cuda.sources import FILES, Source, load, nets_source
from ..device_frame import SharedBuffer
from ..renderer import BackendUnavailable
from .interop import MappedBuffer, Streams

OLDEST_DRIVER = 12000
"""As cuDriverGetVersion says it: CUDA 12.0, the first that loads what NVRTC 12 makes."""

OLDEST_ARCHITECTURE = 75
"""Turing: what NVRTC 12 still compiles for without a warning."""

OTHERS = "the backends gl and cpu need no CUDA."


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
        check_driver()
        try:
            core = import_module("cuda.core")
            compiler_version()
        except (ImportError, CUDAError) as error:
            raise BackendUnavailable(
                f"the packages of the CUDA backend are missing ({error}); "
                f"install them: {INSTALL}; {OTHERS}"
            ) from error
        self._core, self._torch = core, import_torch()
        self._index = index = self._torch.cuda.current_device()
        self.device = f"cuda:{index}"
        self.name = self._torch.cuda.get_device_name(index)
        major, minor = self._torch.cuda.get_device_capability(index)
        self._architecture = 10 * major + minor
        if self._architecture < OLDEST_ARCHITECTURE:
            raise BackendUnavailable(
                f"{self.name} has compute capability {major}.{minor}; the CUDA backend needs "
                f"{OLDEST_ARCHITECTURE / 10} (Turing, 2018) or more; {OTHERS}"
            )
        self._streams = Streams(core, self._torch, index)
        self._device = core.Device(index)
        self._device.set_current()  # the primary context, which torch uses too
        self._sources: dict[str, Source] = {
            name: source for source in map(load, FILES) for name in source.kernels
        }
        self._modules: dict[str, Any] = {}
        self._kernels: dict[str, Any] = {}

    def launch(self, kernel: str, blocks: int, block: tuple[int, int], *arguments: Any) -> None:
        """Runs a kernel on torch's current stream; its file is compiled on first use."""
        if blocks == 0:
            return
        if kernel not in self._kernels:
            self._kernels[kernel] = self._load(kernel)
        config = self._core.LaunchConfig(grid=(blocks, 1, 1), block=(*block, 1))
        values = (split(value)[1] for value in arguments)
        try:
            self._core.launch(self._streams.current(), config, self._kernels[kernel], *values)
        except Exception as error:  # the class is private in cuda.core
            raise CUDAError(
                f"kernel {kernel} cannot be launched on {self.name}: {error}"
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
        graph = self._torch.cuda.CUDAGraph()
        # Other threads may use the GPU meanwhile: only this one is recorded.
        with self._torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
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
                f"the driver does not load kernel {kernel} for {self.name}: {error}. Update it."
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


def import_torch() -> Any:
    """torch, where it can use CUDA. Nothing below `render.cuda` imports it otherwise.

    Raises:
        BackendUnavailable: it is missing, or made without CUDA.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailable(f"torch cannot be imported: {error}; {OTHERS}") from error
    if not torch.cuda.is_available():
        made = "was built without CUDA" if torch.version.cuda is None else "finds no usable GPU"
        raise BackendUnavailable(
            f"torch {torch.__version__} {made}; install one with CUDA, as pytorch.org/get-started "
            f"says; {OTHERS}"
        )
    return torch


def check_driver(open_library: Callable[[str], Any] = ctypes.CDLL) -> None:
    """Asks the driver alone, which takes no time and loads no package.

    Raises:
        BackendUnavailable: no driver, one that is too old, or no GPU.
    """
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = open_library(library)
    except OSError as error:
        raise BackendUnavailable(
            f"there is no NVIDIA driver ({library} is missing); with an NVIDIA GPU, install its "
            f"driver; {OTHERS}"
        ) from error
    version, count = ctypes.c_int(0), ctypes.c_int(0)
    code = driver.cuInit(0)
    if code == 0:
        driver.cuDriverGetVersion(ctypes.byref(version))
        code = driver.cuDeviceGetCount(ctypes.byref(count))
    if code != 0 or count.value == 0:
        raise BackendUnavailable(f"the NVIDIA driver finds no usable GPU (code {code}); {OTHERS}")
    if version.value < OLDEST_DRIVER:
        raise BackendUnavailable(
            f"the NVIDIA driver is for CUDA {_version(version.value)}; the CUDA backend needs one "
            f"for {_version(OLDEST_DRIVER)} or later: update the driver; {OTHERS}"
        )


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
