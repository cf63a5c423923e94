"""`Timeline`: the keys of a camera path along its time, to scrub and to drag."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .motion import Motion

PAD = 18
"""Pixels left and right of the time that is shown."""

REACH = 8
"""How far the mouse may miss a key, device-independent pixels."""

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)
_APART = 56  # pixels between two numbers at least


class Timeline(QWidget):
    """Press a key to choose and drag it, anywhere else to look at that time.

    Signals:
        chosen: a key's place, or -1.
        scrubbed: a time, seconds, that a person wants to look at.
        dragged: a key's place and the time it is wanted at.
        released: a gesture is over.
    """

    chosen = Signal(int)
    scrubbed = Signal(float)
    dragged = Signal(int, float)
    released = Signal()

    def __init__(self, motion: Motion, parent: QWidget) -> None:
        super().__init__(parent)
        self._motion = motion
        self._key: int | None = None  # that is dragged
        self._span = 0.0  # seconds shown while something is dragged
        self.selected = -1
        self.setAccessibleName("Timeline of the camera path")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        motion.changed.connect(self._changed)
        motion.moved.connect(self._changed)

    def sizeHint(self) -> QSize:
        """As high as it is drawn."""
        return QSize(400, 64)

    def _changed(self) -> None:
        self.update()

    @property
    def span(self) -> float:
        """Seconds from the left end to the right."""
        return self._span or max(4.0, math.ceil(self._motion.end + 0.5))

    def place(self, time: float) -> float:
        """Where a time is, pixels from the left."""
        return PAD + (self.width() - 2 * PAD) * time / self.span

    def time_at(self, x: float) -> float:
        """The time at a place."""
        return max(0.0, (x - PAD) / max(1, self.width() - 2 * PAD) * self.span)

    # What Qt asks for

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes a key, or goes to a time."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, times = event.position().x(), [key.time for key in self._motion.keys]
        near = [k for k, time in enumerate(times) if abs(self.place(time) - x) <= REACH]
        self._span = self.span
        self._key = min(near, key=lambda k: abs(self.place(times[k]) - x)) if near else None
        self.chosen.emit(-1 if self._key is None else self._key)
        self.scrubbed.emit(self.time_at(x) if self._key is None else times[self._key])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the key, or the time."""
        if not self._span:
            return
        time = self.time_at(event.position().x())
        if self._key is None:
            self.scrubbed.emit(time)
        else:
            self.dragged.emit(self._key, round(time, 2))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._span, self._key = 0.0, None
            self.update()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go by a tenth of a second; with Ctrl to the next key. Home and End."""
        motion, keys = self._motion, Qt.Key
        step = {keys.Key_Left: -1, keys.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            times = [k.time for k in motion.keys if (k.time - motion.time) * step > 1e-6]
            self.scrubbed.emit(min(times, key=lambda t: t * step, default=motion.time))
        elif step is not None:
            self.scrubbed.emit(motion.time + 0.1 * step)
        elif event.key() in (keys.Key_Home, keys.Key_End):
            self.scrubbed.emit(motion.start if event.key() == keys.Key_Home else motion.end)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Numbers above, the path as a bar, keys as diamonds, the time as a line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.sized(self.font(), 0.8))
        middle = 40.0
        self._paint_scale(painter, middle)
        motion = self._motion
        if motion.path is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.FAINT))
            left, right = self.place(motion.start), self.place(motion.end)
            painter.drawRoundedRect(QRectF(left, middle - 2, right - left, 4), 2, 2)
        if motion.keys:
            x = self.place(motion.time)
            painter.setPen(QPen(QColor(theme.ACCENT), 1.5))
            painter.drawLine(QPointF(x, 17), QPointF(x, self.height() - 4))
        for k, key in enumerate(motion.keys):
            x, chosen = self.place(key.time), k == self.selected
            size = 7 if chosen else 6
            painter.setPen(QPen(QColor(theme.WINDOW), 1.5))
            painter.setBrush(QColor(theme.ACCENT if chosen else theme.TEXT))
            corners = ((0, -size), (size, 0), (0, size), (-size, 0))
            painter.drawPolygon(QPolygonF([QPointF(x + a, middle + b) for a, b in corners]))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.ACCENT), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_scale(self, painter: QPainter, middle: float) -> None:
        width = max(1, self.width() - 2 * PAD)
        step = next((s for s in _STEPS if width * s / self.span >= _APART), _STEPS[-1])
        for k in range(int(self.span / step) + 1):
            x = self.place(k * step)
            painter.setPen(QColor(theme.LINE))
            painter.drawLine(QPointF(x, 18), QPointF(x, middle + 16))
            painter.setPen(QColor(theme.MUTED))
            where = QRectF(x - 30, 1, 60, 15)
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, f"{k * step:g} s")
