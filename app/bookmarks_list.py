"""`BookmarksList`: the views that a person has kept, to go back to by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .bookmarks import Bookmark

if TYPE_CHECKING:
    from .docks import Context

MOST_ROWS = 6
"""Rows shown before the list scrolls."""


class BookmarksList(QWidget):
    """Click or Return goes there, F2 or a double click renames, Delete removes.

    Attributes:
        model: the bookmarks.
        list, add, remove: the list and its buttons.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._history = context.session, context.history
        self.model = context.session.bookmarks
        self.model.keep_in(context.folder / "bookmarks.json")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Bookmarks")
        self.list.setUniformItemSizes(True)
        edits = QAbstractItemView.EditTrigger
        self.list.setEditTriggers(edits.DoubleClicked | edits.EditKeyPressed)
        self.list.itemClicked.connect(lambda item: self.go(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.go(self.list.row(item)))
        self.list.itemChanged.connect(self._renamed)
        self.list.currentRowChanged.connect(self._mark)
        self.add = QPushButton("Keep this view", self)
        self.add.setToolTip("Sets a bookmark here; it is kept with the scene")
        self.add.clicked.connect(self._add)
        self.remove = QPushButton("Remove", self)
        self.remove.clicked.connect(self._remove)
        self.list.installEventFilter(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.add, 1)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.list)
        column.addLayout(row)
        self.model.changed.connect(self.refresh)
        self._session.scene_changed.connect(self.refresh)
        self.refresh()

    def go(self, row: int) -> None:
        """Looks from a bookmark, as a step of its own."""
        self._history.end_gesture()
        self._session.navigator.restore(self.model.here[row].view)
        self._history.end_gesture()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete is the list's while that has the focus, not the window's."""
        kinds = QEvent.Type
        if event.type() in (kinds.ShortcutOverride, kinds.KeyPress):
            pressed = cast(QKeyEvent, event).key() == Qt.Key.Key_Delete
            if pressed and event.type() == kinds.KeyPress:
                self._remove()
            elif pressed:
                event.accept()
            return pressed
        return False

    def refresh(self) -> None:
        """Shows the bookmarks of the scene."""
        marks, row = self.model.here, self.list.currentRow()
        with QSignalBlocker(self.list):
            self.list.clear()
            for mark in marks:
                item = QListWidgetItem(mark.name, self.list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.setCurrentRow(min(row, len(marks) - 1))
        height = self.list.sizeHintForRow(0) if marks else 0
        self.list.setFixedHeight(height * min(len(marks), MOST_ROWS) + 8)
        self.list.setVisible(bool(marks))
        self.remove.setVisible(bool(marks))
        self.add.setEnabled(self._session.opened is not None)
        self._mark()

    def _mark(self) -> None:
        self.remove.setEnabled(self.list.currentRow() >= 0)

    def _add(self) -> None:
        before = self.model.here
        row = self.model.add(self._session.navigator.view)
        self._note("Keep view", before)
        self.list.setCurrentRow(row)

    def _remove(self) -> None:
        if self.list.currentRow() >= 0:
            before = self.model.here
            self.model.remove(self.list.currentRow())
            self._note("Remove bookmark", before)

    def _renamed(self, item: QListWidgetItem) -> None:
        before = self.model.here
        self.model.rename(self.list.row(item), item.text())
        if self.model.here != before:
            self._note("Rename bookmark", before)
        else:
            self.refresh()

    def _note(self, text: str, before: tuple[Bookmark, ...]) -> None:
        self._history.end_gesture()
        apply = lambda marks: setattr(self.model, "here", marks)  # noqa: E731
        self._history.note(text, "bookmarks", before, self.model.here, apply)
        self._history.end_gesture()
