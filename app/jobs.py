"""`Job` and `Drawing`: a frame that the window asks for, and the one that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..render.accumulate import Accumulator
from ..render.device_frame import Canvas, DeviceFrame
from ..render.frame import Frame, FrameRequest
from ..render.inspect import PROJECTED
from ..scenes.captured import CapturedView
from ..scenes.content import Content
from ..scenes.splats import Splats

if TYPE_CHECKING:
    from ..render.gl.frame import GLFrame


@dataclass(frozen=True)
class Picture:
    """What a frame is kept for: a PNG file, or the clipboard where `path` is None.

    `size` is its width and height in pixels, where it is not that of the frame.
    """

    path: Path | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Job:
    """A frame to draw.

    Attributes:
        backend, content, request: what draws what and how.
        side: 0, or 1 where it is what the picture is compared with.
        picture: what the frame is kept for; such a job is never dropped for a later one.
        accumulator: adds the frame to those before of the same request.
        refining: there is a picture of this view already, which this frame only makes better.
        photo: a photograph that is shown instead of drawing anything.
        arrays: why the frame is wanted as arrays; empty where it may stay on the device.
        canvas: where a device is to draw it; None where nobody knew that a device will.
        compared: whether a device is to keep its pixels, to compare them with the other side's.
    """

    backend: str
    content: Content
    request: FrameRequest
    side: int = 0
    picture: Picture | None = None
    accumulator: Accumulator | None = None
    refining: bool = False
    photo: CapturedView | None = None
    arrays: str = "the picture is kept"
    canvas: Canvas | None = None
    compared: bool = False

    @property
    def in_window(self) -> bool:
        """Whether the window's own thread draws it."""
        return self.backend == "gl" and self.request.settings.shown not in PROJECTED

    @property
    def splats(self) -> Splats:
        """Those of the content."""
        return self.content.splats


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn frame and the job it answers.

    Attributes:
        job: what was asked for.
        frame: the frame, or the mean of all frames so far where the job accumulates.
        milliseconds: what drawing it took on `device`. Of a frame that a device may not have drawn
            yet, this, `stats` and `timings` become known later: `FrameWorker.settled`.
        stats: counts by name, as in `Frame`.
        samples: samples per pixel in the mean; 0 where nothing is added up.
        timings: milliseconds by stage, as in `Frame`.
        begun: when drawing it began, by `time.perf_counter`.
        route: how it comes from its device to the window; empty for those that OpenGL draws, and
            those that no device does.
    """

    job: Job
    frame: Frame | GLFrame | DeviceFrame
    milliseconds: float
    device: str
    stats: dict[str, int]
    samples: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    begun: float = 0.0
    route: str = ""
