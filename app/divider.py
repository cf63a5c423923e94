"""`Divider`: the line between the two pictures of a comparison, dragged by the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from . import theme

WIDTH = 25
"""How wide the mouse may miss the line, device-independent pixels; odd, so that it has a middle."""


class Divider(QWidget):
    """A line over the whole height with a knob; a child of the picture, placed by its parent.

    Signals:
        moved: where it was dragged to, as a share of the parent's width.
    """

    moved = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self._picture = parent
        self._grip: float | None = None  # from the line to the mouse when it was taken
        self.hide()

    def place(self, share: float) -> None:
        """Puts the line at a share of the parent's width."""
        size = self._picture.size()
        middle = round(share * size.width())
        self.setGeometry(middle - WIDTH // 2, 0, WIDTH, size.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes the line."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position().x() - WIDTH / 2
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags it."""
        if self._grip is not None:
            x = self.mapToParent(event.position()).x() - self._grip
            self.moved.emit(x / max(1, self._picture.width()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A light line between dark edges, so that it is seen on any picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, height = WIDTH / 2, self.height()
        painter.setPen(QPen(QColor(0, 0, 0, 110), 3))
        painter.drawLine(QPointF(middle, 0), QPointF(middle, height))
        light = QColor(theme.OVER_ACCENT if self._grip is not None else theme.OVER_TEXT)
        painter.setPen(QPen(light, 1))
        painter.drawLine(QPointF(middle, 0), QPointF(middle, height))
        knob = QRectF(middle - 4, height / 2 - 16, 8, 32)
        painter.setPen(QPen(QColor(0, 0, 0, 110), 1))
        painter.setBrush(light)
        painter.drawRoundedRect(knob, 4, 4)
        painter.end()
