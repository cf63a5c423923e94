"""`FrameWorker`: all backends but gl, drawing in a thread; the latest request wins."""

from __future__ import annotations

import threading
from typing import Literal

from PySide6.QtCore import QObject, Signal

from ..render.device_frame import DeviceFrame, Withdrawn
from .differences import Pair, compare
from .job_renderers import JobRenderers, PlaceWanted
from .jobs import Drawing, Job
from .tasks import tell

LOOK = 0.001
"""Seconds between two looks at whether a device has drawn what it was given, where nothing else is
to be done."""


class FrameWorker(QObject):
    """Owns the renderers that need no context of OpenGL's, and the thread they draw in.

    Signals (delivered in the thread that made the worker):
        drawn: a Drawing.
        settled: a Drawing, and the `Outcome` of its frame, which has stayed on its device.
        place_wanted: a Job that was not drawn for want of a canvas, and the `Share` to make one by.
        failed: a Job and its exception.
        compared: a `differences.Compared`.
    """

    drawn = Signal(object)
    settled = Signal(object, object)
    place_wanted = Signal(object, object)
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
        self._unsettled: list[Drawing] = []  # the thread's own
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

    def _wait(self) -> Job | Pair | Literal["look"] | None:
        with self._changed:
            self._drawing = None
            if not self._changed.wait_for(
                lambda: self._stop or self._pictures or self._pair is not None or self._next,
                LOOK if self._unsettled else None,
            ):
                return "look"
            if self._stop:
                return None
            if self._pair is not None and not self._pictures:
                pair, self._pair = self._pair, None
                return pair
            self._drawing = (self._pictures or self._next).pop(0)
            return self._drawing

    def _run(self) -> None:
        renderers = JobRenderers()
        while (work := self._wait()) is not None:
            if isinstance(work, Pair):
                self._compare(work)
            elif isinstance(work, Job):
                self._draw(renderers, work)
            self._settle()
        renderers.close()

    def _draw(self, renderers: JobRenderers, job: Job) -> None:
        try:
            drawing = renderers.draw(job)
        except PlaceWanted as wanted:
            tell(self.place_wanted, job, wanted.share)
        except Exception as error:
            tell(self.failed, job, error)
        else:
            if isinstance(drawing.frame, DeviceFrame):
                self._unsettled.append(drawing)
            tell(self.drawn, drawing)

    def _compare(self, pair: Pair) -> None:
        try:
            compared = compare(pair)
        except Withdrawn:
            pass  # both are drawn anew for another context, and then compared
        except Exception as error:
            tell(self.failed, pair.b.job, error)
        else:
            tell(self.compared, compared)

    def _settle(self) -> None:
        """Tells what has become known of frames on devices; waits for none."""
        for drawing in self._unsettled[:]:
            assert isinstance(drawing.frame, DeviceFrame)
            try:
                outcome = drawing.frame.outcome(False)
            except Exception as error:
                self._unsettled.remove(drawing)
                tell(self.failed, drawing.job, error)
                continue
            if outcome is not None:
                self._unsettled.remove(drawing)
                tell(self.settled, drawing, outcome)
