"""The overlay in the corner of the picture: what is drawn, by what, how fast."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from ..render.settings import Settings
from ..render.spec import settings_label
from . import theme


@dataclass(frozen=True)
class FrameFacts:
    """What the overlay says about the frame on screen; sizes are physical pixels.

    `photo` is the name of the photograph where that is shown.
    """

    milliseconds: float
    splats: int
    visible: int
    width: int
    height: int
    backend: str
    device: str = ""
    settings: Settings = field(default_factory=Settings)
    samples: int = 0
    photo: str = ""

    @property
    def mode(self) -> str:
        """Blending mode and its settings, and how many samples were added up, in words."""
        added = f" · {self.samples:,} samples" if self.samples else ""
        return settings_label(self.settings) + added


class Hud(QFrame):
    """A few quiet lines: a caption column and a value column, figures aligned."""

    ROWS = ("Frame", "Mode", "Splats", "Size", "Backend", "B to A")

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
        self._captions: dict[str, QLabel] = {}
        for row, name in enumerate(self.ROWS):
            caption, value = QLabel(name, self), QLabel("", self)
            caption.setProperty("role", "muted")
            caption.setFont(small)
            value.setFont(theme.sized(small, 1.0, QFont.Weight.Medium))
            layout.addWidget(caption, row, 0)
            layout.addWidget(value, row, 1)
            self._values[name], self._captions[name] = value, caption
        self.setMinimumWidth(220)
        self.show_difference(None)

    def show_facts(self, facts: FrameFacts, *, drawing: bool = False) -> None:
        """Fills the lines; `drawing` says that a newer frame is on its way."""
        busy = "  drawing…" if drawing else ""
        self._set("Frame", f"{facts.milliseconds:.1f} ms{busy}")
        self._set("Mode", facts.mode)
        self._set("Splats", f"{facts.visible:,} of {facts.splats:,}")
        self._set("Size", f"{facts.width} × {facts.height} px")
        device = self.fontMetrics().elidedText(facts.device, Qt.TextElideMode.ElideRight, 240)
        self._set("Backend", f"{facts.backend} · {device}" if device else facts.backend)
        self.adjustSize()

    def show_difference(self, words: str | None) -> None:
        """How B differs from A; None hides the line."""
        self._set("B to A", words or "")
        for label in (self._values["B to A"], self._captions["B to A"]):
            label.setHidden(words is None)
        self.adjustSize()

    def text(self) -> str:
        """All lines, one a row."""
        return "\n".join(f"{k} {v.text()}" for k, v in self._values.items() if v.text())

    def _set(self, name: str, value: str) -> None:
        self._values[name].setText(value)
