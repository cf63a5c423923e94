"""`Measurer`: the frontier of one view, measured in a thread with a renderer of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ..render.camera import Camera
from ..render.frontier import candidates, measure
from ..render.modes import MODES
from ..render.renderer import create_renderer
from ..render.scene_facts import facts_of
from ..render.settings import Settings
from ..scenes.progress import Progress
from ..scenes.splats import Splats
from .tasks import Task


class Measurer(QObject):
    """One measurement at a time.

    Signals:
        progressed: fraction, stage.
        measured: a Point, as soon as it is known.
        failed: the exception.
        ended: the measurement is over, for whatever reason.
    """

    progressed = Signal(float, str)
    measured = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task: Task | None = None

    @property
    def running(self) -> bool:
        """Whether something is being measured."""
        return self._task is not None

    def start(self, backend: str, splats: Splats, camera: Camera, settings: Settings) -> None:
        """Measures everything that a backend offers for a view; `settings` gives the rest."""
        if self._task is not None:
            return
        base = settings.copy()

        def work(progress: Progress) -> None:
            renderer = create_renderer(backend)
            try:
                renderer.upload(splats)
                ways = candidates(renderer, splats, base)
                for mode in {way.mode: MODES[way.mode] for way in ways}.values():
                    # Here it can be cancelled; within a frame it could not.
                    mode.prepare(facts_of(splats), lambda _, stage: progress(0.0, stage))
                for point in measure(renderer, [camera], ways, progress):
                    self.measured.emit(point)
            finally:
                renderer.close()

        task = self._task = Task("measuring", work, self)
        task.progress.connect(self.progressed)
        task.failed.connect(self.failed)
        for over in (task.done, task.failed, task.cancelled):
            over.connect(self._end)
        self.progressed.emit(0.0, "Measuring")
        task.start()

    def cancel(self) -> None:
        """Stops at the next frame; what was measured stands. Returns at once."""
        if self._task is not None:
            self._task.cancel()

    def close(self, seconds: float) -> list[str]:
        """Cancels and waits; its name if it did not end within `seconds`."""
        if self._task is None:
            return []
        self._task.cancel()
        return [] if self._task.join(seconds) else [self._task.name]

    def _end(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
            self.ended.emit()
