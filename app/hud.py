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

    `photo` is the name of the photograph where that is shown; `route` how the frame came to the
    window, where that is worth saying.
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
    route: str = ""

    @property
    def mode(self) -> str:
        """Blending mode and its settings, and how many samples were added up, in words."""
        added = f" · {self.samples:,} samples" if self.samples else ""
        return settings_label(self.settings) + added


class Hud(QFrame):
    """A few quiet lines: a caption column and a value column, figures aligned."""

    ROWS = ("Frame", "Mode", "Splats", "Size", "Backend", "Transfer", "B to A")

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
            layout.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            layout.addWidget(value, row, 1)
            self._values[name], self._captions[name] = value, caption
        self._values["Transfer"].setWordWrap(True)
        self.setMinimumWidth(220)
        self._show_line("Transfer", "")
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
        self._show_line("Transfer", facts.route)

    def show_difference(self, words: str | None) -> None:
        """How B differs from A; None hides the line."""
        self._show_line("B to A", words or "")

    def text(self) -> str:
        """All lines, one a row."""
        return "\n".join(f"{k} {v.text()}" for k, v in self._values.items() if v.text())

    def _show_line(self, name: str, value: str) -> None:
        """A line that is there only where it has something to say."""
        self._set(name, value)
        for label in (self._values[name], self._captions[name]):
            label.setHidden(not value)
        self.adjustSize()

    def _set(self, name: str, value: str) -> None:
        self._values[name].setText(value)
