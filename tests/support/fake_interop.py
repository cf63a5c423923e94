"""CUDA's side of sharing with OpenGL, without a GPU: it notes what is asked and can refuse it.

A mapped buffer is the host's memory, which reaches OpenGL's when it is unmapped, never before: a
step that is left out or out of order shows in the picture.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np

from voile.render.cuda.interop import MappedBuffer
from voile.render.device_frame import Canvas, DeviceFrame, Outcome, SharedBuffer
from voile.render.frame import Frame

GL_COPY_WRITE_BUFFER, GL_BUFFER_SIZE = 0x8F37, 0x8764


class Code(IntEnum):
    """Of the driver."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_NO_DEVICE = 100


class FakeInterop:
    """Stands in for `cuda.core`, `cuda.bindings.driver` and torch at once.

    Attributes:
        log: what was asked, in order.
        refuses: calls that fail.
        devices: that draw the window.
        stream: handle of torch's current stream.
        short: bytes that a mapped buffer lacks.
        held: buffers that are registered, by name.
        late: whether nothing becomes known of frames.
    """

    LEGACY_DEFAULT_STREAM = "legacy"

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.refuses: set[str] = set()
        self.devices, self.stream, self.short = [0], 0, 0
        self.held: set[int] = set()
        self.late = False
        self.cuda, self.GraphicsResource, self.Stream = self, self, self
        self.CUGLDeviceList = SimpleNamespace(CU_GL_DEVICE_LIST_ALL=1)

    def names(self) -> list[str]:
        """What was asked, without its arguments."""
        return [entry[0] for entry in self.log]

    def note(self, name: str, *arguments: Any) -> None:
        self.log.append((name, *arguments))
        if name in self.refuses:
            raise Exception(f"CUDA_ERROR_OF_{name.upper()}.\nmore")  # as cuda.core raises its own

    def share(self, buffer: int) -> SharedBuffer:
        return MappedBuffer(self, self, self, 0, buffer)

    def draw(self, whole: Frame, canvas: Canvas, outcome: Outcome | None = None) -> DeviceFrame:
        """Draws a frame of arrays "on the device"."""
        pixels = np.ascontiguousarray(whole.premultiplied())
        with canvas.lent() as address:
            self.note("draw")
            ctypes.memmove(address, pixels.ctypes.data, pixels.nbytes)
        told = outcome or Outcome(True, whole.timings, whole.stats)
        return DeviceFrame(
            canvas, lambda: self.note("drawn"), lambda wait: None if self.late else told
        )

    # cuda.core

    def Device(self, index: int) -> Any:
        return SimpleNamespace(set_current=lambda: self.note("set_current", index))

    def from_gl_buffer(self, buffer: int, *, flags: str) -> Resource:
        self.note("register", buffer, flags)
        self.held.add(buffer)
        return Resource(self, buffer)

    def from_handle(self, handle: int) -> str:
        return f"stream {handle}"

    # cuda.bindings.driver

    def cuGLGetDevices(self, most: int, which: int) -> tuple[Any, ...]:
        self.log.append(("devices",))
        if "devices" in self.refuses:
            return Code.CUDA_ERROR_NO_DEVICE, None, None
        assert len(self.devices) <= most
        return Code.CUDA_SUCCESS, len(self.devices), [*self.devices, 0, 0]

    # torch.cuda

    def current_stream(self, index: int) -> Any:
        return SimpleNamespace(cuda_stream=self.stream, wait_event=lambda event: self.note("wait"))

    def Event(self) -> Any:
        return SimpleNamespace(record=lambda stream: self.note("record"))

    def synchronize(self, index: int) -> None:
        self.note("synchronize")


class Resource:
    """A registered buffer; it must be OpenGL's own, of the context that is current."""

    def __init__(self, fake: FakeInterop, buffer: int) -> None:
        self._fake, self._buffer, self._mapped = fake, buffer, None
        self._gl = ctypes.CDLL("libGL.so.1")

    def map(self, *, stream: str) -> Any:
        self._fake.note("map", stream)
        assert self._buffer in self._fake.held
        assert self._mapped is None
        size = ctypes.c_int()
        self._gl.glBindBuffer(GL_COPY_WRITE_BUFFER, self._buffer)
        self._gl.glGetBufferParameteriv(GL_COPY_WRITE_BUFFER, GL_BUFFER_SIZE, ctypes.byref(size))
        assert size.value, "the buffer is not OpenGL's any more"
        self._mapped = (ctypes.c_char * size.value)()
        return SimpleNamespace(
            handle=ctypes.addressof(self._mapped), size=size.value - self._fake.short
        )

    def unmap(self, *, stream: str) -> None:
        mapped, self._mapped = self._mapped, None
        self._fake.note("unmap", stream)
        assert mapped is not None
        self._gl.glBindBuffer(GL_COPY_WRITE_BUFFER, self._buffer)
        size = ctypes.c_ssize_t(len(mapped))
        self._gl.glBufferSubData(GL_COPY_WRITE_BUFFER, ctypes.c_ssize_t(0), size, mapped)

    def close(self) -> None:
        self._fake.note("unregister", self._buffer)
        self._mapped = None  # as cuda.core does
        self._fake.held.remove(self._buffer)
