"""`Preparer`: gets the backends ready in a thread, and says so only when it takes long."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from .backends import Prepared, prepare
from .tasks import Task

PATIENCE = 1200
"""Milliseconds before getting ready is worth a word: kernels from the cache take less."""


class Preparer(QObject):
    """Runs `backends.prepare` once.

    Signals:
        progressed: fraction, stage; only after `PATIENCE`.
        ready: the Prepared backends.
        failed: the exception; nothing can be drawn.
    """

    progressed = Signal(float, str)
    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._reached = (0.0, "Getting ready")
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._tell)
        self._task = Task("preparing", prepare, self)
        self._task.progress.connect(self._progress)
        self._task.done.connect(self._done)
        self._task.failed.connect(self._failed)

    def start(self) -> None:
        """Starts the thread."""
        self._patience.start(PATIENCE)
        self._task.start()

    def close(self, seconds: float) -> list[str]:
        """Cancels and waits; its name if it did not end within `seconds`."""
        self._patience.stop()
        self._task.cancel()
        return [] if self._task.join(seconds) else [self._task.name]

    def _progress(self, fraction: float, stage: str) -> None:
        self._reached = fraction, stage
        if not self._patience.isActive():
            self._tell()

    def _tell(self) -> None:
        self.progressed.emit(*self._reached)

    def _done(self, prepared: Prepared) -> None:
        self._patience.stop()
        self.ready.emit(prepared)

    def _failed(self, error: BaseException) -> None:
        self._patience.stop()
        self.failed.emit(error)
