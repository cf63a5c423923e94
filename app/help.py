"""The help box: what mouse and keys do."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from . import theme
from .controls import HELP


class HelpBox(QDialog):
    """A table of gestures and keys, from the lists that define them."""

    def __init__(self, shortcuts: list[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mouse and keys")
        grid = QGridLayout(self)
        grid.setContentsMargins(28, 24, 28, 24)
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(7)
        for row, (keys, meaning) in enumerate((*HELP, *shortcuts)):
            left, right = QLabel(keys, self), QLabel(meaning, self)
            left.setFont(theme.sized(self.font(), 1.0, QFont.Weight.Medium))
            right.setProperty("role", "muted")
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)
