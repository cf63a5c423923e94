"""`MappedBuffer`: a buffer of OpenGL's that CUDA copies frames to, on the GPU.

Registered once; every frame maps it, copies on torch's current stream, and unmaps it, after which
OpenGL may read. It has not been run on a GPU yet (docs/gpu-status.md).
"""

from __future__ import annotations

import logging
from typing import Any

from ..device_frame import DeviceFrame, NotShared

log = logging.getLogger(__name__)

MOST_DEVICES = 16
"""That are asked for by whom the window is drawn."""


class MappedBuffer:
    """A registered buffer. OpenGL's context is current around every call.

    Args:
        core, driver, torch: `cuda.core`, `cuda.bindings.driver` and torch.
        index: torch's device, on which the frames are.
        buffer: OpenGL's name of the buffer.

    Raises:
        NotShared: another GPU draws the window, or the driver refuses.
    """

    def __init__(self, core: Any, driver: Any, torch: Any, index: int, buffer: int) -> None:
        self._core, self._driver, self._torch, self._index = core, driver, torch, index
        try:
            core.Device(index).set_current()  # of this thread, which may be new to CUDA
            _check_display(driver, index)
            self._resource = core.GraphicsResource.from_gl_buffer(buffer, flags="write_discard")
        except NotShared:
            raise
        except Exception as error:  # the class is private in cuda.core
            raise NotShared(f"no buffer can be registered ({_first_line(error)})") from error

    def write(self, frame: DeviceFrame) -> None:
        """Copies the frame's colour into the buffer. Raises NotShared."""
        size = frame.color.numel() * frame.color.element_size()
        try:
            self._core.Device(self._index).set_current()
            frame.ready()
            current = self._torch.cuda.current_stream(self._index)
            stream = self._stream(current.cuda_stream)
            mapped = self._resource.map(stream=stream)
            try:
                self._copy(mapped, frame.color.data_ptr(), size, current.cuda_stream)
            finally:
                self._resource.unmap(stream=stream)
            # The frame may be let go before the copy is done.
            frame.color.record_stream(current)
        except NotShared:
            raise
        except Exception as error:
            raise NotShared(f"the buffer cannot be written ({_first_line(error)})") from error

    def close(self) -> None:
        """Unregisters the buffer. A driver that refuses is told in the log: OpenGL goes on."""
        try:
            self._core.Device(self._index).set_current()
            self._resource.close()
        except Exception as error:
            log.warning("CUDA does not let go of OpenGL's buffer: %s", _first_line(error))

    def _stream(self, handle: int) -> Any:
        """torch's stream as cuda.core's; torch says 0 for the default one."""
        if handle == 0:
            return self._core.LEGACY_DEFAULT_STREAM
        return self._core.Stream.from_handle(handle)

    def _copy(self, mapped: Any, source: int, size: int, stream: int) -> None:
        if mapped.size < size:
            raise NotShared(f"the mapped buffer has {mapped.size} of {size} bytes")
        (code,) = self._driver.cuMemcpyDtoDAsync(int(mapped.handle), source, size, stream)
        if code != 0:
            raise NotShared(f"the frame cannot be copied ({code.name})")


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


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
