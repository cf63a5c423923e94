"""`Loader`: one scene loaded at a time, in a thread; the latest one asked for wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..scenes.builtin import SCENES
from ..scenes.progress import Progress
from .opened import OpenedScene, open_for_window
from .tasks import Task


class Loader(QObject):
    """Loads scenes.

    Signals:
        progressed: fraction, stage.
        loaded: the OpenedScene.
        failed: the scene's name, and the exception.
        ended: none is being loaded any more; before `loaded` and `failed`.
    """

    progressed = Signal(float, str)
    loaded = Signal(object)
    failed = Signal(str, object)
    ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: Task | None = None
        self._tasks: list[Task] = []  # also those that are cancelled and have not ended yet

    @property
    def task(self) -> Task | None:
        """The load that is wanted, None at rest."""
        return self._wanted

    def open(
        self,
        source: str,
        weights: Path | None = None,
        meshes: Sequence[Path] = (),
        material: str | None = None,
    ) -> None:
        """Starts to load a scene as `open_scene` does; one that is being loaded is cancelled."""
        self.cancel()

        def work(progress: Progress) -> OpenedScene:
            return open_for_window(source, progress, weights, meshes, material)

        own = SCENES.get(source)
        name = f"the {own.title.lower()}" if own else Path(source).name
        task = Task(name, work, self)
        task.progress.connect(self._progressed)
        task.done.connect(self._done)
        task.failed.connect(self._failed)
        task.cancelled.connect(self._cancelled)
        self._tasks.append(task)
        self._wanted = task
        self.progressed.emit(0.0, f"Loading {name}")
        task.start()

    def cancel(self) -> None:
        """Gives up the scene that is being loaded; returns at once."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            wanted.cancel()
            self.ended.emit()

    def close(self, seconds: float) -> list[str]:
        """Cancels and waits; names of the loads that did not end within `seconds` each."""
        self._wanted = None
        for task in self._tasks:
            task.cancel()
        return [task.name for task in self._tasks if not task.join(seconds)]

    def _progressed(self, fraction: float, stage: str) -> None:
        if self.sender() is self._wanted:
            self.progressed.emit(fraction, stage)

    def _done(self, opened: OpenedScene) -> None:
        if self._end():
            self.loaded.emit(opened)

    def _failed(self, error: BaseException) -> None:
        task = self.sender()
        if self._end() and isinstance(task, Task):
            self.failed.emit(task.name, error)

    def _cancelled(self) -> None:
        self._end()

    def _end(self) -> bool:
        """Forgets the task that sent a signal; whether it was the wanted one."""
        task = self.sender()
        if isinstance(task, Task) and task in self._tasks:
            self._tasks.remove(task)
            task.deleteLater()
        wanted = task is self._wanted and task is not None
        if wanted:
            self._wanted = None
            self.ended.emit()
        return wanted
