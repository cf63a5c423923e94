"""What lies over the two pictures of a comparison: their names, the divider, the colour scale."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from ..render.heat import RAMP
from . import theme
from .comparison import Comparison
from .differences import Compared
from .divider import Divider
from .hud import FrameFacts

MARGIN = 2 * theme.GRID


class Tag(QFrame):
    """A letter, and what is drawn on its side."""

    def __init__(self, letter: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        name = QLabel(letter, self)
        name.setProperty("role", "accent")
        self._words = QLabel(self)
        self._words.setFont(theme.sized(self.font(), 0.9))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(10)
        row.addWidget(name)
        row.addWidget(self._words)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def show_facts(self, facts: FrameFacts) -> None:
        """Backend, mode and time."""
        drawn = f"{facts.backend} · {facts.mode} · {facts.milliseconds:.1f} ms"
        self._words.setText(facts.photo or drawn)
        self.adjustSize()


class HeatLegend(QFrame):
    """The colours of the difference and the numbers at their ends."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(theme.sized(self.font(), 0.85))
        self._limit = 0
        self.setFixedSize(QSize(220, 44))
        self.hide()

    def show_limit(self, limit: int) -> None:
        """Where the colours end, in 1/255."""
        self._limit = limit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ramp and three numbers below it."""
        super().paintEvent(event)
        painter = QPainter(self)
        ramp = QRectF(12, 9, self.width() - 24, 8)
        gradient = QLinearGradient(ramp.topLeft(), ramp.topRight())
        for k, color in enumerate(RAMP):
            gradient.setColorAt(k / (len(RAMP) - 1), QColor.fromRgbF(*map(float, color)))
        painter.fillRect(ramp, gradient)
        painter.setPen(QColor(theme.MUTED))
        below = QRectF(12, 21, self.width() - 24, 16)
        for align, text in (
            (Qt.AlignmentFlag.AlignLeft, "0"),
            (Qt.AlignmentFlag.AlignHCenter, f"{self._limit / 2:.0f}"),
            (Qt.AlignmentFlag.AlignRight, f"{self._limit} / 255"),
        ):
            painter.drawText(below, align | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class CompareOverlay(QObject):
    """Places and fills all of it; children of the viewport.

    Attributes:
        a, b: the tags.
        divider, legend: the line, and the scale of the heat map.
    """

    def __init__(self, comparison: Comparison, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._comparison = comparison
        self._viewport = viewport
        self.divider = Divider(viewport)
        self.a, self.b = Tag("A", viewport), Tag("B", viewport)
        self.legend = HeatLegend(viewport)
        self._sides = 0
        self._limit = 0
        self.divider.moved.connect(self._move)
        comparison.active_changed.connect(self._changed, max_args=0)
        comparison.look_changed.connect(self.place)

    def show_facts(self, facts: dict[int, FrameFacts]) -> None:
        """What is drawn on either side."""
        self._sides = len(facts)
        if self._comparison.active:
            for side, tag in enumerate((self.a, self.b)):
                if side in facts:
                    tag.show_facts(facts[side])
            self.place()

    def show_compared(self, compared: Compared) -> None:
        """How the sides differ."""
        self._limit = compared.limit if compared.heat is not None else 0
        self.legend.show_limit(self._limit)
        self.place()

    def place(self) -> None:
        """Shows what is wanted, where it belongs."""
        both = self._comparison.active and self._sides == 2
        heat = both and self._comparison.heat
        self.a.setVisible(both)
        self.b.setVisible(both)
        self.divider.setVisible(both and not heat)
        self.legend.setVisible(heat and self._limit > 0)
        width, height = self._viewport.width(), self._viewport.height()
        self.a.move(MARGIN, MARGIN)
        # Side by side where there is room, else below each other.
        right = width - self.b.width() - MARGIN
        beside = right > self.a.width() + 2 * MARGIN
        below = 2 * MARGIN + self.a.height() - theme.GRID
        self.b.move(max(MARGIN, right), MARGIN if beside else below)
        self.legend.move(width - self.legend.width() - MARGIN, height - 44 - MARGIN)
        self.divider.place(self._comparison.divider)

    def _changed(self) -> None:
        if not self._comparison.active:
            self._sides = self._limit = 0
        self.place()

    def _move(self, share: float) -> None:
        self._comparison.divider = share
