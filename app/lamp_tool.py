"""`LampTool`: lamps as marks in the picture, chosen by a click, moved and turned by handles.

A lamp that the picture does not show is marked dimly at its edge, with an arrow to where it is.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from ..render.selecting import How
from ..scenes.lights import Lamp
from ..scenes.srgb import to_display
from .aim import Aim
from .gizmo import FREE, Float64, Gizmo, Handle
from .gizmo_tool import GizmoTool
from .lamp_target import LampTarget, Spot
from .light_edits import LightEdits
from .tool import GLOW, LIGHT, Bench, Point, under

_RADIUS = 11.0  # of a mark, pixels
_NUMBER = 12.0  # how much longer it is with a number
_HEAD = 11.0  # length of the end of an arrow, pixels
_DIM = 0.7  # opacity of marks at the edge
_BACK = QColor(18, 20, 24, 215)


class LampTool(GizmoTool):
    """Handles of the chosen lamp. A press on the mark of another one chooses and takes that."""

    def __init__(self, bench: Bench, lights: LightEdits) -> None:
        self.lamps = LampTarget(bench, lights)
        self._lights = lights
        self._over: int | None = None  # the mark under the mouse
        super().__init__(bench, self.lamps)

    def begin(self) -> None:
        """The tool is taken up: a lamp is chosen if there is one."""
        if self._lights.chosen is None and self._lights.lights.lamps:
            self._lights.choose(0)

    def press(self, at: Point, how: How) -> bool:
        """Takes a handle of the chosen lamp, or another lamp."""
        if super().press(at, how):
            return True
        row = self.at(at)
        if row is None:
            return False
        self._lights.choose(row)
        super().press(at, how)
        return True

    def hover(self, at: Point) -> bool:
        """Whether a handle or a mark is under the mouse."""
        over_handle = super().hover(at)
        return self.hover_mark(None if over_handle else at) or over_handle

    def hover_mark(self, at: Point | None) -> bool:
        """Whether a mark is under the mouse; None: it is on something else."""
        self._over = None if at is None else self.at(at)
        return self._over is not None

    def at(self, at: Point) -> int | None:
        """The lamp whose mark is at a place of the picture."""
        return self.lamps.at(*at, self.bench.camera())

    def paint(self, painter: QPainter) -> None:
        """The handles of the chosen lamp below the marks of all."""
        super().paint(painter)
        self.paint_marks(painter, self._lights.chosen)

    def paint_marks(self, painter: QPainter, chosen: int | None = None) -> None:
        """A mark for each lamp, in its colour; the chosen one on top."""
        spots, lamps = self.lamps.spots(self.bench.camera()), self._lights.lights.lamps
        for row in sorted(spots, key=lambda r: r == chosen):
            grip = self._held if self._held is not None else self._hot
            bright = row == self._over or (row == chosen and grip == FREE)
            edge = GLOW if bright or row == chosen else LIGHT
            number = str(row + 1) if len(lamps) > 1 else ""
            spot, width = spots[row], 2.5 if bright else 1.5
            painter.setOpacity(1.0 if spot.beyond is None or bright else _DIM)
            if spot.beyond is not None:
                _pointer(painter, spot, _NUMBER if number else 0.0, edge)
            _mark(painter, QPointF(*spot.at), lamps[row], number, edge, width)
        painter.setOpacity(1.0)

    def _paint_handle(self, painter: QPainter, gizmo: Gizmo, handle: Handle, held: bool) -> None:
        if gizmo.kind == "move" and handle.axis == FREE:
            return  # the mark is that handle
        super()._paint_handle(painter, gizmo, handle, held)
        if isinstance(gizmo, Aim) and handle.axis == FREE:
            _arrow_head(painter, gizmo.tip, gizmo.center, GLOW if held else gizmo.color)


def _mark(painter: QPainter, at: QPointF, lamp: Lamp, number: str, edge: str, width: float) -> None:
    """A dark disc with a sun or a bulb in the lamp's colour, longer where it has a number."""
    right = _RADIUS + (_NUMBER if number else 0.0)
    frame = QRectF(at.x() - _RADIUS, at.y() - _RADIUS, _RADIUS + right, 2.0 * _RADIUS)
    painter.setPen(QPen(QColor(edge), width))
    painter.setBrush(_BACK)
    painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
    ink = _ink(lamp)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(ink))
    pen = QPen(ink, 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if lamp.kind == "directional":
        painter.drawEllipse(at, 3.2, 3.2)
        painter.setPen(pen)
        for angle in np.arange(8) * np.pi / 4.0:
            ray = QPointF(np.cos(angle), np.sin(angle))
            painter.drawLine(at + ray * 5.4, at + ray * 7.2)
    else:
        painter.drawEllipse(at + QPointF(0.0, -1.6), 4.4, 4.4)
        painter.setPen(pen)
        for below, half in ((4.4, 2.2), (6.8, 1.2)):
            painter.drawLine(at + QPointF(-half, below), at + QPointF(half, below))
    if number:
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(QColor(LIGHT))
        box = QRectF(at.x() + _RADIUS - 2.0, frame.top(), _NUMBER, frame.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, number)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _pointer(painter: QPainter, spot: Spot, longer: float, color: str) -> None:
    """The end of an arrow out of the rim of a mark, which is `longer` to the right."""
    way = spot.beyond
    assert way is not None
    rim = spot.at + np.array([longer if way[0] > 0.0 else 0.0, 0.0]) + (_RADIUS + 4.0) * way
    _head(painter, rim + _HEAD * way, way, color)


def _arrow_head(painter: QPainter, start: Float64, end: Float64, color: str) -> None:
    """The end of an arrow, unless it points at the eye."""
    away = float(np.linalg.norm(end - start))
    if away >= 2.0 * _HEAD:
        _head(painter, end, (end - start) / away, color)


def _head(painter: QPainter, tip: Float64, way: Float64, color: str) -> None:
    """A triangle that points a way (2,), a unit vector."""
    along = _HEAD * way
    side = np.array([-along[1], along[0]]) * 0.5
    corners = (tip, tip - along + side, tip - along - side)
    painter.setPen(under(0.0))
    painter.setBrush(QColor(color))
    painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _ink(lamp: Lamp) -> QColor:
    """The lamp's colour as bright as it goes: it is seen on a dark disc. A black one is white."""
    color = np.array(lamp.color, np.float64)
    shown = to_display(color / color.max()) if color.max() > 0.0 else np.ones(3)
    r, g, b = (float(c) for c in np.clip(shown, 0.0, 1.0))
    return QColor.fromRgbF(r, g, b)
