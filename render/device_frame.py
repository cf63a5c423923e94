"""`DeviceFrame`: a drawn frame that is still on the device that drew it, which is not OpenGL's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .frame import Frame, FrameRequest
from .renderer import RenderError


class NotShared(RenderError):
    """OpenGL cannot have a frame from its device but by way of the host; the text says why."""


class SharedBuffer(Protocol):
    """A buffer of OpenGL's that a device writes to; its context is current around every call."""

    def write(self, frame: DeviceFrame) -> None:
        """Fills it with the frame's pixels, for what OpenGL does next. Raises NotShared."""
        ...

    def close(self) -> None:
        """The device lets go of the buffer, which OpenGL may then free. Raises nothing."""
        ...


@dataclass(frozen=True, eq=False)
class DeviceFrame:
    """Colour and coverage of a frame, in memory of its own: no later frame draws over it.

    Attributes:
        color: (H, W, 4) float32 tensor, premultiplied by alpha; row 0 is the top row.
        ready: makes whatever the calling thread does next on the device wait for the frame.
        share: gives a buffer of OpenGL's, by its name, to the device. Raises NotShared.
        download: the frame as arrays. Raises BackendFailed.
        timings, stats: as in `Frame`.
    """

    color: Any
    ready: Callable[[], None]
    share: Callable[[int], SharedBuffer]
    download: Callable[[], Frame]
    timings: dict[str, float]
    stats: dict[str, int]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        height, width = self.color.shape[:2]
        return width, height


@runtime_checkable
class DeviceRenderer(Protocol):
    """A renderer whose frames may stay on a device."""

    def draw(self, request: FrameRequest) -> DeviceFrame:
        """As `Renderer.render`, but for depth, which is left out."""
        ...
