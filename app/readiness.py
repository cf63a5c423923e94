"""`Readiness`: modes that need something worked out first get it in a thread.

Until it is there, what was drawn before is drawn on; see `Mode.prepare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from ..render.modes import MODES
from ..render.scene_facts import facts_of
from ..render.settings import Settings
from ..scenes.splats import Splats
from .session import Session
from .tasks import Task

PATIENCE = 150
"""Milliseconds before preparing is worth a word: small scenes take less."""

ALWAYS = Settings().mode
"""The mode that every scene is ready for."""


class Readiness(QObject):
    """Prepares the modes of the picture, and of what it is compared with.

    Signals:
        progressed: fraction, stage; only after `PATIENCE`.
        ended: nothing is being prepared any more.
        changed: other settings can be drawn now.
        failed: what could not be done, and the exception.
    """

    progressed = Signal(float, str)
    ended = Signal()
    changed = Signal()
    failed = Signal(str, object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._task: Task | None = None
        self._tasks: list[Task] = []  # also those that are cancelled and have not ended yet
        self._mode = ""
        self._splats: Splats | None = None  # what the mode is prepared for
        self._drawn = [ALWAYS, ALWAYS]  # the mode of each side that was ready last
        self._reached = (0.0, "")
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether a mode that is wanted is being prepared."""
        return self._task is not None

    def drawable(self, splats: Splats, wanted: Sequence[Settings]) -> list[Settings]:
        """What to draw now for what is wanted of each side; starts to prepare what is missing."""
        missing = [mode for each in wanted for mode in needed(each) if not ready(mode, splats)]
        self._want(splats, missing)
        found = [self.meanwhile(splats, each, side) for side, each in enumerate(wanted)]
        for side, settings in enumerate(found):
            self._drawn[side] = settings.mode
        return found

    def meanwhile(self, splats: Splats, settings: Settings, side: int = 0) -> Settings:
        """The settings themselves where their mode is ready, else with the mode before."""
        if settings.shown == "cells" and not ready("cells", splats):
            settings = replace(settings, shown="colour")
        if ready(settings.mode, splats):
            return settings
        before = self._drawn[side]
        return replace(settings, mode=before if ready(before, splats) else ALWAYS)

    def cancel(self) -> None:
        """Gives up preparing: the modes that wait for it are those on screen again."""
        mode, task = self._mode, self._task
        self._drop()
        if task is not None:
            self._go_back(mode)

    def close(self, seconds: float) -> bool:
        """Cancels and waits; whether every thread ended within `seconds`."""
        self._drop()
        return all(task.join(seconds) for task in self._tasks)

    def _want(self, splats: Splats, modes: Sequence[str]) -> None:
        if self._task is not None and splats is self._splats and self._mode in modes:
            return
        self._drop()
        if modes:
            self._start(splats, modes[0])

    def _start(self, splats: Splats, name: str) -> None:
        mode, facts = MODES[name], facts_of(splats)
        task = Task(f"preparing {name}", lambda progress: mode.prepare(facts, progress), self)
        task.progress.connect(self._progress)
        task.done.connect(self._done)
        task.failed.connect(self._failed)
        task.cancelled.connect(self._forget)
        self._task, self._mode, self._splats = task, name, splats
        self._tasks.append(task)
        self._reached = 0.0, f"Preparing mode {name}"
        self._patience.start(PATIENCE)
        task.start()

    def _drop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._over()

    def _over(self) -> None:
        self._task, self._splats = None, None
        self._patience.stop()
        self.ended.emit()

    def _progress(self, fraction: float, stage: str) -> None:
        if self.sender() is self._task:
            self._reached = fraction, stage
            if not self._patience.isActive():
                self._tell()

    def _tell(self) -> None:
        self.progressed.emit(*self._reached)

    def _done(self) -> None:
        if self._forget():
            self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        mode = self._mode
        if self._forget():
            self.failed.emit(f"Mode {mode} could not be prepared", error)
            self._go_back(mode)

    def _forget(self) -> bool:
        """Lets go of the task that sent a signal; whether it was the wanted one."""
        task = self.sender()
        if isinstance(task, Task) and task in self._tasks:
            self._tasks.remove(task)
            task.deleteLater()
        wanted = task is self._task and task is not None
        if wanted:
            self._over()
        return wanted

    def _go_back(self, mode: str) -> None:
        session = self._session
        sides = [session.settings]
        if session.comparison.active:
            sides.append(session.comparison.settings)
        for settings, drawn in zip(sides, self._drawn):
            if settings.shown == mode:
                settings.shown = "colour"
            if settings.mode == mode:
                settings.mode = drawn  # pyright: ignore


def needed(settings: Settings) -> list[str]:
    """The modes that have to be prepared for what is drawn."""
    return [settings.mode, *(["cells"] if settings.shown == "cells" else [])]


def ready(mode: str, splats: Splats) -> bool:
    """Whether a mode can be drawn at once. Where it cannot be drawn at all, drawing says why."""
    known, facts = MODES.get(mode), facts_of(splats)
    return known is None or known.lacks(facts) is not None or known.prepared(facts)
