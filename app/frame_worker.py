"""`FrameWorker`: the backends that return arrays, drawing in a thread; the latest request wins."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..render.accumulate import Accumulator
from ..render.captured import photo_frame
from ..render.device_frame import DeviceFrame, DeviceRenderer
from ..render.frame import Frame, FrameRequest
from ..render.inspect import PROJECTED
from ..render.renderer import Renderer, create_renderer
from ..scenes.captured import CapturedView
from ..scenes.content import Content
from ..scenes.splats import Splats
from .differences import Pair, compare

if TYPE_CHECKING:
    from ..render.gl.frame import GLFrame


SHARED = "shared with OpenGL"
"""What is said of a frame that stays on the device that drew it."""


def copied(reason: str) -> str:
    """What is said of a frame of a device that comes by way of the host."""
    return f"host copy: {reason}"


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
        milliseconds: what drawing it took on `device`.
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


class FrameWorker(QObject):
    """Owns the array renderers and the thread they draw in.

    Signals (delivered in the thread that made the worker):
        drawn: a Drawing.
        failed: a Job and its exception.
        compared: a `differences.Compared`.
    """

    drawn = Signal(object)
    failed = Signal(object, object)
    compared = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._changed = threading.Condition()
        self._next: list[Job] = []
        self._pictures: list[Job] = []
        self._pair: Pair | None = None
        self._stop = False
        self._drawing: Job | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a frame is being drawn or waits to be that is not just a refinement."""
        with self._changed:
            waiting = [*self._next, *self._pictures]
            if self._drawing is not None:
                waiting.append(self._drawing)
            return any(not job.refining for job in waiting)

    def draw(self, *jobs: Job) -> None:
        """Asks for frames; those that still wait are dropped. Returns at once."""
        with self._changed:
            self._next = list(jobs)
            self._changed.notify()
        self._start()

    def take(self, job: Job) -> None:
        """Asks for a picture; it comes before all frames that wait. Returns at once."""
        with self._changed:
            self._pictures.append(job)
            self._changed.notify()
        self._start()

    def compare(self, pair: Pair) -> None:
        """Asks how two frames differ; a pair that still waits is dropped. Returns at once."""
        with self._changed:
            self._pair = pair
            self._changed.notify()
        self._start()

    def drop(self) -> None:
        """Forgets the frames that wait; pictures still come."""
        with self._changed:
            self._next, self._pair = [], None

    def close(self, seconds: float) -> bool:
        """Stops after the frame that is being drawn; whether that was within `seconds`."""
        with self._changed:
            self._stop = True
            self._next, self._pictures, self._pair = [], [], None
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="voile task frames", daemon=True)
            self._thread.start()

    def _wait(self) -> Job | Pair | None:
        with self._changed:
            self._drawing = None
            self._changed.wait_for(
                lambda: self._stop or self._pictures or self._pair is not None or self._next
            )
            if self._stop:
                return None
            if self._pair is not None and not self._pictures:
                pair, self._pair = self._pair, None
                return pair
            self._drawing = (self._pictures or self._next).pop(0)
            return self._drawing

    def _run(self) -> None:
        renderers = _Renderers()
        while (work := self._wait()) is not None:
            if isinstance(work, Pair):
                self.compared.emit(compare(work))
                continue
            try:
                drawing = renderers.draw(work)
            except Exception as error:
                self.failed.emit(work, error)
            else:
                self.drawn.emit(drawing)
        renderers.close()


class _Renderers:
    """One renderer for each backend that was asked for; used by the worker's thread alone."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Renderer, Content | None]] = {}
        self._photo: tuple[tuple[CapturedView, int, int], Frame] | None = None

    def draw(self, job: Job) -> Drawing:
        if job.photo is not None:
            return self._show(job, job.photo)
        if job.request.settings.shown in PROJECTED:
            from ..render.cpu.views import draw_projected  # Numba, which takes its time to load

            start = time.perf_counter()
            frame = draw_projected(job.content, job.request)
            elapsed = 1e3 * (time.perf_counter() - start)
            return Drawing(
                job, frame, elapsed, "projection", frame.stats, 0, dict(frame.timings), start
            )
        renderer, content = self._held.get(job.backend, (None, None))
        if renderer is None:
            renderer = create_renderer(job.backend)
        if content is not job.content:
            self._held[job.backend] = renderer, None
            renderer.upload(job.content)
            # Scenes that are no longer shown must not be held.
            for name, (other, held) in list(self._held.items()):
                if held is not None and held is not job.content:
                    other.close()
                    del self._held[name]
        self._held[job.backend] = renderer, job.content
        mean = job.accumulator
        request = job.request if mean is None else mean.next(job.request)
        device, samples, route = renderer.capabilities.device, 0, ""
        start = time.perf_counter()
        if isinstance(renderer, DeviceRenderer) and mean is None and not job.arrays:
            frame, route = renderer.draw(request), SHARED
            elapsed = 1e3 * (time.perf_counter() - start)
        else:
            frame = renderer.render(request)
            elapsed = 1e3 * (time.perf_counter() - start)
            if isinstance(renderer, DeviceRenderer):
                route = copied(job.arrays)
            if mean is not None:
                frame, samples = mean.add(frame), mean.samples
        timings = dict(frame.timings)
        return Drawing(job, frame, elapsed, device, frame.stats, samples, timings, start, route)

    def _show(self, job: Job, photo: CapturedView) -> Drawing:
        """The photograph where the job's camera has it; the last one is kept."""
        start = time.perf_counter()
        key = photo, job.request.camera.width, job.request.camera.height
        if self._photo is None or self._photo[0] != key:
            self._photo = key, photo_frame(*key)
        elapsed = 1e3 * (time.perf_counter() - start)
        return Drawing(job, self._photo[1], elapsed, "photograph", {}, begun=start)

    def close(self) -> None:
        for renderer, _ in self._held.values():
            renderer.close()
