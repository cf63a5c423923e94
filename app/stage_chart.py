"""`StageChart`: milliseconds of the last frames, a bar a frame, its stages on top of each other."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .trace import Recorded, Recorder

COLORS = ("#7fb4e6", "#e0a45c", "#8fcf9f", "#b79be8", "#e88fb4", "#7fd0cf", "#c9c27a", "#969da8")
"""Of the stages in the order in which they first appear; of equal lightness."""

BAR = 5
"""Width of a bar with its gap, pixels."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 8, 10, 24


class StageChart(QWidget):
    """The latest frame is at the right.

    Attributes:
        budget: milliseconds that a frame may take, drawn as a line; None draws none.
    """

    def __init__(self, recorder: Recorder, parent: QWidget) -> None:
        super().__init__(parent)
        self._recorder = recorder
        self.budget: float | None = None
        self.setFont(theme.sized(self.font(), 0.85))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Milliseconds of the last frames by stage")

    def sizeHint(self) -> QSize:
        """Wide and low."""
        return QSize(480, 160)

    @property
    def shown(self) -> list[Recorded]:
        """The frames that there is room for."""
        room = max(1, (self.width() - _LEFT - _RIGHT) // BAR)
        return list(self._recorder.frames)[-room:]

    @property
    def stages(self) -> dict[str, str]:
        """The stages of the frames and their colours."""
        names = dict.fromkeys(name for frame in self.shown for name in frame.stages)
        return {name: COLORS[k % len(COLORS)] for k, name in enumerate(names)}

    def paintEvent(self, event: QPaintEvent) -> None:
        """Grid, bars, budget, legend."""
        painter = QPainter(self)
        frames = self.shown
        area = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        # A single slow frame must not flatten all others: its bar is cut.
        times = sorted(f.milliseconds for f in frames) or [self.budget or 33.3]
        top = _ceiling(1.1 * times[int(0.9 * (len(times) - 1))])
        self._paint_grid(painter, area, top)
        colors = {name: QColor(color) for name, color in self.stages.items()}
        rest = QColor(theme.LINE)
        for k, frame in enumerate(reversed(frames)):
            left = area.right() - BAR * (k + 1)
            self._paint_bar(painter, area, left, top, frame, colors, rest)
        if self.budget is not None and self.budget <= top:
            y = area.bottom() - area.height() * self.budget / top
            painter.setPen(QPen(QColor(theme.ACCENT), 1, Qt.PenStyle.DashLine))
            painter.drawLine(int(area.left()), int(y), int(area.right()), int(y))
        self._paint_legend(painter, area, frames)
        painter.end()

    def _paint_grid(self, painter: QPainter, area: QRectF, top: float) -> None:
        aligned = Qt.AlignmentFlag
        for part in (0.0, 0.5, 1.0):
            y = area.bottom() - part * area.height()
            painter.setPen(QPen(QColor(theme.LINE), 1))
            painter.drawLine(int(area.left()), int(y), int(area.right()), int(y))
            painter.setPen(QColor(theme.MUTED))
            box = QRectF(0, y - 8, _LEFT - 6, 16)
            unit = " ms" if part == 1.0 else ""
            text = f"{part * top:g}{unit}"
            painter.drawText(box, aligned.AlignRight | aligned.AlignVCenter, text)

    def _paint_bar(
        self,
        painter: QPainter,
        area: QRectF,
        left: float,
        top: float,
        frame: Recorded,
        colors: dict[str, QColor],
        rest: QColor,
    ) -> None:
        def height(milliseconds: float) -> float:
            return area.height() * min(milliseconds, top) / top

        whole = height(frame.milliseconds)
        painter.fillRect(QRectF(left, area.bottom() - whole, BAR - 1, whole), rest)
        y = area.bottom()
        for name, milliseconds in frame.stages.items():
            part = min(height(milliseconds), y - area.top())
            y -= part
            painter.fillRect(QRectF(left, y, BAR - 1, part), colors[name])

    def _paint_legend(self, painter: QPainter, area: QRectF, frames: list[Recorded]) -> None:
        x, y = area.left(), self.height() - 15.0
        latest = frames[-1].stages if frames else {}
        for name, color in self.stages.items():
            text = f"{name} {latest[name]:.1f}" if name in latest else name
            width = painter.fontMetrics().horizontalAdvance(text)
            if x + width + 14 > area.right():
                break
            painter.fillRect(QRectF(x, y + 3, 8, 8), QColor(color))
            painter.setPen(QColor(theme.MUTED))
            painter.drawText(QRectF(x + 13, y - 1, width + 4, 16), text)
            x += width + 30
        if not frames:
            painter.setPen(QColor(theme.FAINT))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "No frame was drawn yet")


def _ceiling(milliseconds: float) -> float:
    """A round number that is not below."""
    step = 1.0
    while True:
        for digit in (1, 2, 5):
            if digit * step >= milliseconds:
                return digit * step
        step *= 10.0
