"""`Welcome`: what an empty window shows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ..scenes.io import FORMATS
from . import theme
from .icons import Sign


class Welcome(QWidget):
    """A hint to drop a scene, and the other ways to one."""

    open_asked = Signal()
    builtin_asked = Signal()
    materials_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(theme.GRID)
        column.addWidget(Sign(theme.icon("cube-scan", "FAINT"), 64, self))
        title = QLabel("Drop a splat scene here", self)
        title.setFont(theme.sized(self.font(), 1.6, QFont.Weight.Light))
        names = [f.title.split(",")[0] for f in FORMATS.values()]
        formats = QLabel("  ·  ".join(dict.fromkeys(names)), self)
        formats.setProperty("role", "muted")
        for label in (title, formats):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        row = QHBoxLayout()
        row.setContentsMargins(0, 2 * theme.GRID, 0, 0)
        row.addStretch(1)
        for text, signal in (
            ("Open…", self.open_asked),
            ("Built-in scene", self.builtin_asked),
            ("Built-in materials", self.materials_asked),
        ):
            button = QPushButton(text, self)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
