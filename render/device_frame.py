"""`DeviceFrame`: a frame that a device draws where OpenGL finds it, and that the host never sees.

OpenGL lends a `Canvas`, the device's last kernel writes to it, and OpenGL takes it back; each waits
for the other on the GPU. The host learns afterwards what the frame cost and whether it is whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .accumulate import Mean
from .frame import Frame, FrameRequest
from .renderer import RenderError
from .settings import Settings

PIXEL = 16
"""Bytes: RGBA, float32."""


class NotShared(RenderError):
    """OpenGL cannot have a frame from its device but by way of the host; the text says why."""


class Withdrawn(RenderError):
    """A canvas that OpenGL has taken back before anything was drawn to it."""


class SharedBuffer(Protocol):
    """A buffer of OpenGL's that a device writes to; its context is current around every call."""

    def map(self, size: int) -> tuple[int, Callable[[], None]]:
        """Gives `size` bytes to the device: the address, and what makes the calling thread's stream
        wait until they may be written. Raises NotShared."""
        ...

    def unmap(self, written: Callable[[], None]) -> None:
        """Gives it back to OpenGL, after what `written` waits for. Raises NotShared."""
        ...

    def close(self) -> None:
        """The device lets go of the buffer, which OpenGL may then free. Raises nothing."""
        ...


Share = Callable[[int], SharedBuffer]
"""Gives a buffer of OpenGL's, by its name, to a device. Raises NotShared."""


class Canvas:
    """Memory of OpenGL's that a device may write one frame to, row 0 the top row.

    Attributes:
        size: width and height, pixels.

    Args:
        size: as above.
        address: of the device's memory.
        writable: makes the calling thread's stream wait until it may be written.
    """

    def __init__(self, size: tuple[int, int], address: int, writable: Callable[[], None]) -> None:
        self.size = size
        self._address, self._writable = address, writable
        self._lock, self._withdrawn = threading.Lock(), False

    @contextmanager
    def lent(self) -> Iterator[int]:
        """The address, while the calling thread launches what writes there. Raises Withdrawn."""
        with self._lock:
            if self._withdrawn:
                raise Withdrawn("the window has no place for this frame any more")
            self._writable()
            yield self._address

    def withdraw(self, seconds: float) -> bool:
        """Nobody begins to draw there any more; whether whoever had begun is done within `seconds`,
        which may compile kernels first."""
        self._withdrawn = True
        if not self._lock.acquire(timeout=seconds):
            return False
        self._lock.release()
        return True


class Outcome(NamedTuple):
    """What is known of a frame once the device has drawn it.

    Attributes:
        whole: whether there was room for all its splats; if not there is for the next frame.
        timings, stats: as in `Frame`.
    """

    whole: bool
    timings: dict[str, float]
    stats: dict[str, int]


class Picture(Protocol):
    """The pixels of a frame, which stay on the device after OpenGL has taken the frame."""

    def frame(self) -> Frame:
        """As arrays; waits for the device."""
        ...

    def difference(
        self, other: Any, settings: Settings, canvas: Canvas | None = None
    ) -> Apart | None:
        """How far another picture is from this, both as a display shows them.

        None where that is for the host to find out: the other one is not on this device. Raises
        Withdrawn.

        Args:
            other: the picture.
            settings: by which both are shown: background, exposure and tone curve.
            canvas: where to draw the difference in colours, if that is wanted.
        """
        ...


class Apart(NamedTuple):
    """How two pictures differ.

    Attributes:
        psnr, max_error: as in `measuring.Difference`.
        limit: where the colours of the difference end, in 1/255.
        heat: the difference in these, where it was wanted.
    """

    psnr: float
    max_error: float
    limit: int
    heat: DeviceFrame | None


@dataclass(frozen=True, eq=False)
class DeviceFrame:
    """Colour and coverage of a frame on a canvas, float32 RGBA premultiplied by alpha.

    Attributes:
        canvas: where it is, or will be when the device comes to it.
        ready: makes whatever the calling thread does next on the device wait for the frame.
        outcome: what is known of it; None where the device is not there yet, unless it is told to
            wait. Call it from the thread that draws. Raises RenderError, or BackendFailed.
        color: (H, W, 4) tensor of a frame that is to be averaged, valid until the next is drawn.
        picture: its pixels, where they were to be kept.
        kept: whether they were, or those of the mean it is added to are.
    """

    canvas: Canvas
    ready: Callable[[], None]
    outcome: Callable[[bool], Outcome | None]
    color: Any = None
    picture: Picture | None = None
    kept: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.canvas.size


@runtime_checkable
class DeviceRenderer(Protocol):
    """A renderer whose frames may stay on a device."""

    @property
    def share(self) -> Share:
        """Gives buffers to the device."""
        ...

    def draw(
        self, request: FrameRequest, canvas: Canvas, *, averaged: bool = False, kept: bool = False
    ) -> DeviceFrame:
        """As `Renderer.render`, but to a canvas and without depth; returns before it is drawn.

        Args:
            request: of the frame.
            canvas: where to.
            averaged: leaves the canvas to the mean that the frame is then added to.
            kept: also in memory of the frame's own, or of the mean's that it is added to.

        Raises:
            Withdrawn: the canvas is not lent any more.
        """
        ...

    def new_mean(self) -> Mean[DeviceFrame]:
        """Adds up frames on the device."""
        ...
