"""The about box: what this is, its version, and what draws."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .. import __version__
from . import theme
from .icons import Sign


class AboutBox(QDialog):
    """`facts` are (caption, value) pairs about the graphics, from the viewport."""

    def __init__(self, facts: list[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Voile")
        self.rows = [
            ("Voile", __version__),
            *facts,
            ("Qt", qVersion()),
            ("Python", platform.python_version()),
            ("System", f"{platform.system()} {platform.machine()}"),
        ]
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 20)
        column.setSpacing(6)
        head = QHBoxLayout()
        sign = Sign(theme.icon("cube-scan", "ACCENT"), 36, self)
        title = QLabel("Voile", self)
        title.setFont(theme.sized(self.font(), 1.8, QFont.Weight.Light))
        head.addWidget(sign)
        head.addSpacing(8)
        head.addWidget(title, 1)
        column.addLayout(head)
        summary = QLabel("A viewer and renderer for Gaussian splats.", self)
        summary.setProperty("role", "muted")
        column.addWidget(summary)
        column.addSpacing(14)
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        for row, (caption, value) in enumerate(self.rows):
            left, right = QLabel(caption, self), QLabel(value, self)
            left.setProperty("role", "muted")
            left.setAlignment(Qt.AlignmentFlag.AlignTop)
            right.setWordWrap(True)
            right.setMinimumWidth(300)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)
        column.addLayout(grid)
        column.addSpacing(16)
        buttons = QHBoxLayout()
        copy, close = QPushButton("Copy", self), QPushButton("Close", self)
        copy.setAutoDefault(False)
        close.setDefault(True)
        close.setFocus()
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        close.clicked.connect(self.accept)
        buttons.addStretch(1)
        buttons.addWidget(copy)
        buttons.addWidget(close)
        column.addLayout(buttons)

    def text(self) -> str:
        """The facts as plain text, one a line, for reports."""
        return "\n".join(f"{caption}: {value}" for caption, value in self.rows)
