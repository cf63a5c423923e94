"""`FrontierChart`: time against error of everything that was measured; a click chooses."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..render.frontier import Point, frontier
from ..render.settings import Settings
from . import theme
from .chart_axes import MODE_COLORS, OTHER_COLOR, ChartAxes, decibel_text

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 8, 36
_NEAR = 10.0  # pixels from a dot that still mean it
_DOT = 4.0


class FrontierChart(QWidget):
    """Dots of milliseconds and dB; a line along those that no other beats in both.

    Signals:
        hovered: the Point under the mouse, or None.
        chosen: the Point that was clicked.
    """

    hovered = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._points: list[Point] = []
        self._axes = ChartAxes([])
        self._under: Point | None = None
        self._settings = Settings()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.sized(self.font(), 0.8))

    @property
    def points(self) -> list[Point]:
        """What is shown."""
        return self._points

    def sizeHint(self) -> QSize:
        """As tall as it is legible."""
        return QSize(264, 216)

    def show_points(self, points: Sequence[Point]) -> None:
        """Shows other points; the axes fit them."""
        self._points = list(points)
        self._axes = ChartAxes(self._points)
        self._hover(None)
        self.update()

    def mark(self, settings: Settings) -> None:
        """Rings the point that is drawn by."""
        self._settings = settings
        self.update()

    def place(self, point: Point) -> QPointF:
        """Where a point stands, in pixels of the widget."""
        return self._at(*self._axes.place(point))

    def _at(self, u: float, v: float) -> QPointF:
        width, height = self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM
        return QPointF(_LEFT + u * width, _TOP + (1 - v) * height)

    def _nearest(self, at: QPointF) -> Point | None:
        def far(point: Point) -> float:
            away = self.place(point) - at
            return (away.x() ** 2 + away.y() ** 2) ** 0.5

        near = min(self._points, key=far, default=None)
        return near if near is not None and far(near) <= _NEAR else None

    def _hover(self, point: Point | None) -> None:
        if point is not self._under:
            self._under = point
            hand = Qt.CursorShape.PointingHandCursor
            self.setCursor(Qt.CursorShape.ArrowCursor if point is None else hand)
            self.hovered.emit(point)
            self.update()

    # What Qt asks for

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Says what is under the mouse."""
        self._hover(self._nearest(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the point under the mouse."""
        point = self._nearest(event.position())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(point)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse."""
        self._hover(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Grid, frontier, dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_grid(painter)
        line = [self.place(p) for p in frontier(self._points)]
        pen = QPen(QColor(theme.MUTED), 1.2, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawPolyline(line)
        for point in self._points:
            color = QColor(MODE_COLORS.get(point.settings["mode"], OTHER_COLOR))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            size = _DOT * (1.4 if point is self._under else 1.0)
            painter.drawEllipse(self.place(point), size, size)
            if point.matches(self._settings):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(color, 1.5))
                painter.drawEllipse(self.place(point), size + 4, size + 4)
        painter.end()

    def _paint_grid(self, painter: QPainter) -> None:
        grid, words = QPen(QColor(theme.LINE), 1), QPen(QColor(theme.MUTED))
        aligned = Qt.AlignmentFlag
        for u, text in self._axes.x_ticks:
            at = self._at(u, 0)
            painter.setPen(grid)
            painter.drawLine(at, self._at(u, 1))
            painter.setPen(words)
            box = QRectF(at.x() - 30, at.y() + 3, 60, 14)
            painter.drawText(box, aligned.AlignHCenter | aligned.AlignTop, text)
        for v, text in self._axes.y_ticks:
            at = self._at(0, v)
            painter.setPen(grid)
            painter.drawLine(at, self._at(1, v))
            painter.setPen(words)
            box = QRectF(0, at.y() - 8, _LEFT - 6, 16)
            painter.drawText(box, aligned.AlignRight | aligned.AlignVCenter, text)
        painter.setPen(QPen(QColor(theme.FAINT)))
        foot = QRectF(_LEFT, self.height() - 16, self.width() - _LEFT - _RIGHT, 16)
        painter.drawText(foot, aligned.AlignRight | aligned.AlignVCenter, "ms a frame")
        painter.drawText(foot, aligned.AlignLeft | aligned.AlignVCenter, "dB against sorted")


def point_text(point: Point) -> str:
    """A line about a point."""
    return f"{point.label}\n{point.milliseconds:.1f} ms · {decibel_text(point.decibels)}"
