"""Exceptions that nobody caught: logged, and shown in the window instead of ending it."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)


class Failures(QObject):
    """Takes over `sys.excepthook` and `threading.excepthook` until it is closed.

    `happened` carries the exception to the thread of the window.
    """

    happened = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def close(self) -> None:
        """Puts back the hooks that were there before."""
        sys.excepthook, threading.excepthook = self._before

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, Exception):  # KeyboardInterrupt, SystemExit
            self._before[0](kind, error, trace)
            return
        log.error("uncaught exception", exc_info=(kind, error, trace))
        self.happened.emit(error)

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._uncaught(args.exc_type, args.exc_value, args.exc_traceback)
