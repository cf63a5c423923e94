"""`ProgressCard`: what a long task is doing, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from . import theme

WIDTH = 380
"""Device-independent pixels, where the picture has room for them."""


class ProgressCard(QFrame):
    """A title, the stage, a bar and Cancel."""

    cancelled = Signal()

    def __init__(self, parent: QWidget, *, can_cancel: bool = True) -> None:
        super().__init__(parent)
        self.setProperty("role", "overlay")
        self.setFixedWidth(WIDTH)
        self._stage = QLabel("", self)
        self._share = QLabel("", self)
        self._share.setProperty("role", "muted")
        self._share.setFont(theme.sized(self.font(), 0.95))
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        top = QHBoxLayout()
        top.addWidget(self._stage, 1)
        top.addWidget(self._share)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(10)
        self.cancel_button = QPushButton("Cancel", self)
        self.cancel_button.setProperty("role", "quiet")
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel_button.clicked.connect(self.cancelled)
        self.cancel_button.setVisible(can_cancel)
        top.addWidget(self.cancel_button)
        column.addLayout(top)
        column.addWidget(self._bar)
        self.hide()

    def report(self, fraction: float, stage: str) -> None:
        """Shows how far the task is; `fraction` from 0 to 1."""
        fraction = min(max(fraction, 0.0), 1.0)
        self._bar.setValue(round(1000 * fraction))
        self._share.setText(f"{fraction:.0%}")
        width = self.width() - 140
        self._stage.setText(
            self.fontMetrics().elidedText(stage, Qt.TextElideMode.ElideMiddle, width)
        )
        self._stage.setToolTip(stage)
        self.show()
