"""`CommandPalette`: every command by a few letters of its name, with its keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from . import theme

WIDTH, ROWS = 520, 12


class CommandPalette(QDialog):
    """A list of what the window can be asked to do, narrowed by what is typed.

    Commands that cannot be used now are shown, greyed, and do nothing.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Commands")
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Type a command, or keys")
        self.line.setAccessibleName("Find a command")
        self.line.setClearButtonEnabled(True)
        self.list = QTreeWidget(self)
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._narrow)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(lambda item: self._trigger(item))
        self._commands = commands(window)
        self._narrow("")

    def open_over(self, window: QMainWindow) -> None:
        """Shows it at the top of a window, ready for typing."""
        place = window.mapToGlobal(window.rect().topLeft())
        self.move(place.x() + (window.width() - self.width()) // 2, place.y() + 64)
        self.show()
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while letters go to the line."""
        if watched is self.line and isinstance(event, QKeyEvent):
            if event.type() != QEvent.Type.KeyPress:
                return False
            key, item = event.key(), self.list.currentItem()
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if item is not None:
                    self._trigger(item)
                return True
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(1 if key == Qt.Key.Key_Down else -1)
                return True
        return super().eventFilter(watched, event)

    def _narrow(self, text: str) -> None:
        self.list.clear()
        for name, action in ranked(self._commands, text):
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QTreeWidgetItem([name, keys])
            item.setData(0, Qt.ItemDataRole.UserRole, action)
            if not action.icon().isNull():
                item.setIcon(0, action.icon())
            faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
            item.setForeground(1, faint)
            if not action.isEnabled():
                item.setForeground(0, faint)
            item.setToolTip(0, action.toolTip())
            self.list.addTopLevelItem(item)
        self._move(0)
        height = max(26, self.list.sizeHintForRow(0))
        self.list.setFixedHeight(min(ROWS, max(1, self.list.topLevelItemCount())) * height + 2)
        self.adjustSize()
        self.resize(WIDTH, self.height())

    def _move(self, by: int) -> None:
        count = self.list.topLevelItemCount()
        if count:
            row = max(0, self.list.currentIndex().row())
            self.list.setCurrentIndex(self.list.model().index((row + by) % count, 0))

    def _trigger(self, item: QTreeWidgetItem) -> None:
        action: QAction = item.data(0, Qt.ItemDataRole.UserRole)
        if action.isEnabled():
            # It may open a dialog, which a popup in front of it would end.
            self.close()
            action.trigger()


def commands(window: QMainWindow) -> list[tuple[str, QAction]]:
    """All commands in the menus of a window, with the menus they are in: "View: Look from: Top"."""
    found: list[tuple[str, QAction]] = []
    for action in window.menuBar().actions():
        if (menu := _menu(action)) is not None:
            _collect(menu, f"{action.text().replace('&', '')}: ", found)
    return found


def ranked(commands: list[tuple[str, QAction]], text: str) -> list[tuple[str, QAction]]:
    """Commands whose name, hint or keys hold every word of a text; those that begin so first."""
    words = text.lower().split()
    fitting = []
    for place, (name, action) in enumerate(commands):
        keys = action.shortcut().toString()
        line = f"{name} {action.toolTip()} {keys}".lower()
        if all(word in line for word in words):
            starts = bool(words) and any(
                part.startswith(words[0]) for part in name.lower().replace(":", "").split()
            )
            exact = bool(words) and keys.lower() == text.strip().lower()
            fitting.append((not exact, not starts, place))
    return [commands[place] for *_, place in sorted(fitting)]


def _menu(action: QAction) -> QMenu | None:
    menu = action.menu()
    return menu if isinstance(menu, QMenu) else None


def _collect(menu: QMenu, path: str, found: list[tuple[str, QAction]]) -> None:
    for action in menu.actions():
        text = action.text().replace("&", "").rstrip("…")
        if (inner := _menu(action)) is not None:
            _collect(inner, f"{path}{text}: ", found)
        elif not action.isSeparator() and text:
            found.append((f"{path}{text}", action))
