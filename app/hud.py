"""The overlay in the corner of the picture: what is drawn, by what, how fast."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from . import theme


@dataclass(frozen=True)
class FrameFacts:
    """What the overlay says about the frame on screen; sizes are physical pixels."""

    milliseconds: float
    splats: int
    visible: int
    width: int
    height: int
    backend: str
    device: str = ""


class Hud(QFrame):
    """Four quiet lines: a caption column and a value column, figures aligned."""

    ROWS = ("Frame", "Splats", "Size", "Backend")

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 9, 14, 10)
        layout.setHorizontalSpacing(14)
        layout.setVerticalSpacing(3)
        layout.setColumnStretch(1, 1)
        small = theme.sized(self.font(), 0.9)
        self._values: dict[str, QLabel] = {}
        for row, name in enumerate(self.ROWS):
            caption, value = QLabel(name, self), QLabel("", self)
            caption.setProperty("role", "muted")
            caption.setFont(small)
            value.setFont(theme.sized(small, 1.0, QFont.Weight.Medium))
            layout.addWidget(caption, row, 0)
            layout.addWidget(value, row, 1)
            self._values[name] = value
        self.setMinimumWidth(220)

    def show_facts(self, facts: FrameFacts, *, drawing: bool = False) -> None:
        """Fills the lines; `drawing` says that a newer frame is on its way."""
        busy = "  drawing…" if drawing else ""
        self._set("Frame", f"{facts.milliseconds:.1f} ms{busy}")
        self._set("Splats", f"{facts.visible:,} of {facts.splats:,}")
        self._set("Size", f"{facts.width} × {facts.height} px")
        device = self.fontMetrics().elidedText(facts.device, Qt.TextElideMode.ElideRight, 240)
        self._set("Backend", f"{facts.backend} · {device}" if device else facts.backend)
        self.adjustSize()

    def text(self) -> str:
        """All lines, one a row."""
        return "\n".join(f"{name} {label.text()}" for name, label in self._values.items())

    def _set(self, name: str, value: str) -> None:
        self._values[name].setText(value)
