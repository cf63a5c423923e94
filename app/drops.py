"""`Drops`: files that are dropped onto the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class Drops(QObject):
    """Filters the drag and drop events of a window: local files and folders are taken.

    Args:
        window: what things are dropped onto.
        hover: told whether something that would be taken is over the window.
        open: given the paths that were dropped, one or more.
    """

    def __init__(
        self, window: QWidget, hover: Callable[[bool], None], open: Callable[[Sequence[Path]], None]
    ) -> None:
        super().__init__(window)
        self._hover, self._open = hover, open
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events of drags."""
        kinds = QEvent.Type
        if event.type() == kinds.DragEnter:
            drag = cast(QDragEnterEvent, event)
            if any(url.isLocalFile() for url in drag.mimeData().urls()):
                drag.acceptProposedAction()
                self._hover(True)
            return True
        if event.type() == kinds.DragLeave:
            self._hover(False)
        elif event.type() == kinds.Drop:
            self._hover(False)
            drop = cast(QDropEvent, event)
            urls = drop.mimeData().urls()
            paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
            if paths:
                drop.acceptProposedAction()
                self._open(paths)
            return True
        return False
