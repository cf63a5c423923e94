"""`Drops`: files that are dropped onto the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class Drops(QObject):
    """Filters the drag and drop events of a window: local files and folders are taken.

    Args:
        window: what things are dropped onto.
        hover: told whether something that would be taken is over the window.
        open: given the path that was dropped; of several, the first.
    """

    def __init__(
        self, window: QWidget, hover: Callable[[bool], None], open: Callable[[str], None]
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
            paths = [url.toLocalFile() for url in drop.mimeData().urls() if url.isLocalFile()]
            if paths:
                drop.acceptProposedAction()
                self._open(paths[0])
            return True
        return False
