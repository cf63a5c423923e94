"""`Task`: a function in a thread, with progress, cancelling and a result, as Qt signals.

`OneTask` is the base of what runs one of them at a time; `Tasks` runs any number, each to its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal, SignalInstance

from ..scenes.errors import Cancelled
from ..scenes.progress import Progress

REPORT_EVERY = 1 / 30
"""Least time between two progress signals of the same stage, seconds."""


def tell(signal: SignalInstance, *values: Any) -> None:
    """Emits a signal from a thread that may outlive its window; then nobody is there to listen.

    Closing waits for threads, but not for ever, and Qt raises where the sender has been deleted.
    """
    with suppress(RuntimeError):
        signal.emit(*values)


class Task(QObject):
    """Runs `work(progress)` in a thread of its own; exactly one of the last three signals follows.

    With `keep` a result counts even where the task was cancelled: the work gives what it had.

    Signals (delivered in the thread that made the task):
        progress: fraction 0 to 1, stage.
        done: the result.
        failed: the exception.
        cancelled: `cancel` was called and the work let go.
    """

    progress = Signal(float, str)
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(
        self,
        name: str,
        work: Callable[[Progress], Any],
        parent: QObject,
        *,
        keep: bool = False,
    ) -> None:
        super().__init__(parent)
        self._keep = keep
        self.name = name
        self._work = work
        self._cancel = threading.Event()
        self._reported = (0.0, "")
        self._thread = threading.Thread(target=self._run, name=f"voile task {name}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def cancel(self) -> None:
        """Asks the work to stop at its next progress report; returns at once."""
        self._cancel.set()

    def join(self, seconds: float) -> bool:
        """Waits for the thread to end, at most `seconds`; whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            result = self._work(self._report)
        except Cancelled:
            tell(self.cancelled)
        except Exception as error:
            tell(self.failed, error)
        else:
            # A cancel that came too late to stop the work still means that nobody wants it.
            if self._cancel.is_set() and not self._keep:
                tell(self.cancelled)
            else:
                tell(self.done, result)

    def _report(self, fraction: float, stage: str, /) -> None:
        if self._cancel.is_set():
            raise Cancelled(self.name)
        before, shown = self._reported
        now = time.monotonic()
        if stage != shown or now - before >= REPORT_EVERY:
            self._reported = (now, stage)
            tell(self.progress, fraction, stage)


class OneTask(QObject):
    """Runs one task at a time; what is asked for meanwhile is not done.

    Signals:
        progressed: fraction, stage.
        failed: the exception.
        ended: the task is over, for whatever reason.
    """

    progressed = Signal(float, str)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task: Task | None = None

    @property
    def running(self) -> bool:
        """Whether a task is under way."""
        return self._task is not None

    def cancel(self) -> None:
        """Stops soon; what is there by then stands. Returns at once."""
        if self._task is not None:
            self._task.cancel()

    def close(self, seconds: float) -> list[str]:
        """Cancels and waits; its name if it did not end within `seconds`."""
        if self._task is None:
            return []
        self._task.cancel()
        return [] if self._task.join(seconds) else [self._task.name]

    def _run(self, task: Task, stage: str) -> None:
        """Starts a task; `stage` is told until it reports one of its own."""
        self._task = task
        task.progress.connect(self.progressed)
        task.failed.connect(self.failed)
        for over in (task.done, task.failed, task.cancelled):
            over.connect(self._end)
        self.progressed.emit(0.0, stage)
        task.start()

    def _end(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
            self.ended.emit()


class Tasks(QObject):
    """Runs tasks beside each other, each to its end: what they do is wanted even at the last.

    Signals:
        failed: the exception of one of them.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []

    @property
    def running(self) -> bool:
        """Whether a task is under way."""
        return bool(self._tasks)

    def run(
        self, name: str, work: Callable[[], Any], done: Callable[[Any], object] | None = None
    ) -> None:
        """Does `work` in a thread of its own, and then `done` with its result in this one."""
        task = Task(name, lambda _: work(), self)
        self._tasks.append(task)
        task.failed.connect(self.failed)
        if done is not None:
            task.done.connect(done)
        for over in (task.done, task.failed):
            over.connect(lambda _: self._end(task))
        task.start()

    def close(self, seconds: float) -> list[str]:
        """Waits; names of those that did not end within `seconds` each."""
        return [task.name for task in self._tasks if not task.join(seconds)]

    def _end(self, task: Task) -> None:
        self._tasks.remove(task)
        task.deleteLater()
