"""The help box: what mouse and keys do, all of it, narrowed by what is typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .controls import HELP

SIZE = 520, 560


class HelpBox(QDialog):
    """A table of gestures, and of every command that has keys.

    Args:
        commands: with the menus they are in, as `palette.commands` gives them.
        parent: the window.

    Attributes:
        line, table: what is looked for, and what is found.
    """

    def __init__(self, commands: Sequence[tuple[str, QAction]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mouse and keys")
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Search keys and what they do")
        self.line.setAccessibleName("Search keys")
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._narrow)
        self.table = QTreeWidget(self)
        self.table.setAccessibleName("Mouse and keys")
        self.table.setColumnCount(2)
        self.table.setHeaderHidden(True)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        header = self.table.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * theme.GRID,) * 4)
        column.setSpacing(theme.GRID)
        column.addWidget(self.line)
        column.addWidget(self.table)
        self._rows = [*HELP, *keyed(commands)]
        self._narrow("")
        self.resize(*SIZE)
        self.line.setFocus()

    def _narrow(self, text: str) -> None:
        self.table.clear()
        words = text.lower().split()
        for keys, meaning in self._rows:
            if all(word in f"{keys} {meaning}".lower() for word in words):
                self.table.addTopLevelItem(QTreeWidgetItem([keys, meaning]))


def keyed(commands: Sequence[tuple[str, QAction]]) -> list[tuple[str, str]]:
    """Keys and names of the commands that have keys."""
    native = QKeySequence.SequenceFormat.NativeText
    return [
        (", ".join(each.toString(native) for each in action.shortcuts()), name)
        for name, action in commands
        if action.shortcuts()
    ]
