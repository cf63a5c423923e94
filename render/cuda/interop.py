"""`MappedBuffer`: a buffer of OpenGL's that CUDA draws to.

Registered once. It is mapped for every frame, in which kernels write to it as to any memory, and
unmapped, after which OpenGL may read. Both are put on torch's current stream: what OpenGL did
before is done before kernels write, and what they write is there before OpenGL reads; the host
waits for neither. It has not been run on a GPU yet (docs/gpu-status.md).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from ..device_frame import NotShared

log = logging.getLogger(__name__)

MOST_DEVICES = 16
"""That are asked for by whom the window is drawn."""

WHOLE_DEVICE = threading.Lock()
"""Held by whoever captures a graph or waits for a whole device, which ends every capture on it,
whichever thread's it is."""


class Streams:
    """torch's current stream, as cuda.core's.

    Args:
        core, torch: `cuda.core` and torch.
        index: torch's device.
    """

    def __init__(self, core: Any, torch: Any, index: int) -> None:
        self._core, self._torch, self._index = core, torch, index
        # torch says 0 for the default one, which cuda.core has an object of its own for.
        self._known: dict[int, Any] = {0: core.LEGACY_DEFAULT_STREAM}

    def current(self) -> Any:
        """The calling thread's."""
        handle = self._torch.cuda.current_stream(self._index).cuda_stream
        if handle not in self._known:
            self._known[handle] = self._core.Stream.from_handle(handle)
        return self._known[handle]

    def fence(self) -> Callable[[], None]:
        """After all on the current stream; calling it makes the calling thread's stream wait."""
        torch, index = self._torch, self._index
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(index))
        return lambda: torch.cuda.current_stream(index).wait_event(event)


class MappedBuffer:
    """A registered buffer. OpenGL's context is current around every call.

    Args:
        core, driver, torch: `cuda.core`, `cuda.bindings.driver` and torch.
        index: torch's device, which draws the frames.
        buffer: OpenGL's name of the buffer.

    Raises:
        NotShared: another GPU draws the window, or the driver refuses.
    """

    def __init__(self, core: Any, driver: Any, torch: Any, index: int, buffer: int) -> None:
        self._core, self._torch, self._index = core, torch, index
        self._streams, self._mapped = Streams(core, torch, index), None
        try:
            core.Device(index).set_current()  # of this thread, which may be new to CUDA
            _check_display(driver, index)
            self._resource = core.GraphicsResource.from_gl_buffer(buffer, flags="write_discard")
        except NotShared:
            raise
        except Exception as error:  # the class is private in cuda.core
            raise NotShared(f"no buffer can be registered ({first_line(error)})") from error

    def map(self, size: int) -> tuple[int, Callable[[], None]]:
        """Gives it to the device, for `size` bytes to be written. Raises NotShared.

        Returns:
            Its address, and what makes the calling thread's stream wait until it may be written.
        """
        try:
            self._core.Device(self._index).set_current()
            # While this is held the buffer stays mapped.
            self._mapped = self._resource.map(stream=self._streams.current())
            if self._mapped.size < size:
                raise NotShared(f"the mapped buffer has {self._mapped.size} of {size} bytes")
            return int(self._mapped.handle), self._streams.fence()
        except NotShared:
            raise
        except Exception as error:
            raise NotShared(f"the buffer cannot be mapped ({first_line(error)})") from error

    def unmap(self, written: Callable[[], None]) -> None:
        """Gives it back to OpenGL. Raises NotShared.

        Args:
            written: makes the calling thread's stream wait until all is written.
        """
        try:
            self._core.Device(self._index).set_current()
            written()
            self._resource.unmap(stream=self._streams.current())
            self._mapped = None
        except Exception as error:
            raise NotShared(f"the buffer cannot be unmapped ({first_line(error)})") from error

    def close(self) -> None:
        """Unregisters the buffer, once the device does nothing more with it. A driver that refuses
        is told in the log: OpenGL goes on."""
        try:
            self._core.Device(self._index).set_current()
            if self._mapped is not None:  # a frame may be under way that nobody wants any more
                with WHOLE_DEVICE:
                    self._torch.cuda.synchronize(self._index)
            self._resource.close()  # unmaps it first
            self._mapped = None
        except Exception as error:
            log.warning("CUDA does not let go of OpenGL's buffer: %s", first_line(error))


def _check_display(driver: Any, index: int) -> None:
    """Raises NotShared where the window is drawn by something other than CUDA's device `index`."""
    everyone = driver.CUGLDeviceList.CU_GL_DEVICE_LIST_ALL
    code, count, devices = driver.cuGLGetDevices(MOST_DEVICES, everyone)
    if code != 0:
        raise NotShared(f"no CUDA device draws the window ({code.name})")
    drawing = [int(device) for device in devices[: int(count)]]
    if index not in drawing:
        others = ", ".join(map(str, drawing)) or "none"
        raise NotShared(f"the window is drawn by CUDA device {others}, frames by {index}")


def first_line(error: Exception) -> str:
    """What an error says, without the end of the sentence."""
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
