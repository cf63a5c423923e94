"""`FrameWorker`: the backends that return arrays, drawing in a thread; the latest request wins."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..render.frame import Frame, FrameRequest
from ..render.renderer import Renderer, create_renderer
from ..scenes.splats import Splats


@dataclass(frozen=True)
class Picture:
    """What a frame is kept for: a PNG file, or the clipboard where `path` is None."""

    path: Path | None = None


@dataclass(frozen=True, eq=False)
class Job:
    """A frame to draw. One that is for a `picture` is never dropped for a later one."""

    backend: str
    splats: Splats
    request: FrameRequest
    picture: Picture | None = None


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn frame and the job it answers; `milliseconds` is the time it took on `device`."""

    job: Job
    frame: Frame
    milliseconds: float
    device: str


class FrameWorker(QObject):
    """Owns the array renderers and the thread they draw in.

    Signals (delivered in the thread that made the worker):
        drawn: a Drawing.
        failed: a Job and its exception.
    """

    drawn = Signal(object)
    failed = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._changed = threading.Condition()
        self._next: Job | None = None
        self._pictures: list[Job] = []
        self._stop = False
        self._busy = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a frame is being drawn or waits to be."""
        with self._changed:
            return self._busy or self._next is not None or bool(self._pictures)

    def draw(self, job: Job) -> None:
        """Asks for a frame; one that still waits is dropped. Returns at once."""
        with self._changed:
            if job.picture:
                self._pictures.append(job)
            else:
                self._next = job
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="voile task frames", daemon=True)
            self._thread.start()

    def drop(self) -> None:
        """Forgets the frame that waits; pictures still come."""
        with self._changed:
            self._next = None

    def close(self, seconds: float) -> bool:
        """Stops after the frame that is being drawn; whether that was within `seconds`."""
        with self._changed:
            self._stop = True
            self._next, self._pictures = None, []
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _wait(self) -> Job | None:
        with self._changed:
            self._busy = False
            self._changed.wait_for(lambda: self._stop or self._next or self._pictures)
            if self._stop:
                return None
            self._busy = True
            if self._pictures:
                return self._pictures.pop(0)
            job, self._next = self._next, None
            return job

    def _run(self) -> None:
        name, splats, renderer = "", None, None
        while (job := self._wait()) is not None:
            try:
                if renderer is None or name != job.backend:
                    _close(renderer)
                    renderer, splats = None, None
                    renderer = create_renderer(job.backend)
                    name = job.backend
                if splats is not job.splats:
                    splats = None
                    renderer.upload(job.splats)
                    splats = job.splats
                start = time.perf_counter()
                frame = renderer.render(job.request)
                elapsed = 1e3 * (time.perf_counter() - start)
            except Exception as error:
                self.failed.emit(job, error)
            else:
                self.drawn.emit(Drawing(job, frame, elapsed, renderer.capabilities.device))
        _close(renderer)


def _close(renderer: Renderer | None) -> None:
    if renderer is not None:
        renderer.close()
