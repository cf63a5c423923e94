"""`LampTarget`: where lamps are in the picture, and the handles of the one that is chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainter, QPen

from ..render.camera import Camera
from ..scenes.lights import Lamp, LightError, Lights
from ..scenes.placement import Placement
from .aim import REACH, Aim
from .gizmo import Float64, Gizmo, project
from .light_edits import LightEdits
from .tool import Bench, stroke, under

_MARGIN = 0.1  # of the picture: the scene's middle is in sight farther in than that

_INSET = 42.0  # how far from the edge what is beyond it is marked, pixels


@dataclass(frozen=True)
class Spot:
    """Where a lamp is marked.

    Attributes:
        at: (2,) pixels.
        beyond: (2,) unit vector, the way to a lamp that the picture does not show; else None.
    """

    at: Float64
    beyond: Float64 | None = None


class LampTarget:
    """The lamp that is chosen: a point lamp is moved, a directional one turned."""

    def __init__(self, bench: Bench, lights: LightEdits) -> None:
        self._bench, self._lights = bench, lights
        self._row = 0
        self._lamp: Lamp | None = None  # what is moved, as it was
        self._shown: Lights | None = None

    def gizmo(self, camera: Camera) -> Gizmo | None:
        """The handles of the lamp."""
        lamp = self._lights.lamp
        return None if lamp is None else self._gizmo(lamp, camera)

    def spots(self, camera: Camera) -> dict[int, Spot]:
        """Where lamps are marked, by number: what is not in the picture at its edge."""
        found = {}
        for row, lamp in enumerate(self._lights.lights.lamps):
            gizmo = self._gizmo(lamp, camera)
            if gizmo is not None:
                at = gizmo.tip if isinstance(gizmo, Aim) else gizmo.center
                ahead = gizmo.visible
                found[row] = _spot(at if ahead else _behind(gizmo.pivot, camera), ahead, camera)
        return found

    def at(self, x: float, y: float, camera: Camera) -> int | None:
        """The number of the lamp whose mark is at a pixel."""
        away = {row: math.dist((x, y), spot.at) for row, spot in self.spots(camera).items()}
        row = min(away, key=lambda r: away[r], default=None)
        return row if row is not None and away[row] <= REACH else None

    def take(self) -> None:
        """Remembers the lamp."""
        self._row, self._lamp = self._lights.chosen or 0, self._lights.lamp
        self._shown = self._lights.lights

    @property
    def held(self) -> bool:
        """Whether the lights are those that were taken or shown."""
        return self._lamp is not None and self._lights.lights is self._shown

    def move(self, change: Placement) -> None:
        """Shows the lamp moved, or turned."""
        lamp = self._lamp
        assert lamp is not None
        place = np.array(lamp.place)
        point = lamp.kind == "point"
        x, y, z = change.matrix @ place + (np.array(change.translation) if point else 0.0)
        try:
            moved = replace(lamp, place=(float(x), float(y), float(z)))
        except LightError:
            return  # farther than numbers go
        text = "Move lamp" if point else "Turn sun"
        self._lights.preview(text, self._row, moved)
        self._shown = self._lights.lights

    def drop(self) -> None:
        """A step, where it was moved at all."""
        self._lights.commit()
        self.forget()

    def back(self) -> None:
        """The lamp as it was."""
        self._lights.take_back()
        self.forget()

    def forget(self) -> None:
        """Lets go."""
        self._lamp = self._shown = None

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """A plumb line from a point lamp to the level of the scene's middle: how high it is."""
        lamp, opened = self._lights.lamp, self._bench.session.opened
        if lamp is None or opened is None or lamp.kind != "point":
            return
        up = np.array(self._bench.session.navigator.up, np.float64)
        up /= np.linalg.norm(up)
        place = np.array(lamp.place)
        foot = place - up * float(up @ (place - opened.center))
        ends = np.stack([place, foot])
        depths = ends @ camera.world_to_camera[2, :3] + camera.world_to_camera[2, 3]
        if depths.min() <= camera.near:
            return
        (ax, ay), (bx, by) = project(ends, camera)
        line = QLineF(ax, ay, bx, by)
        for pen in (under(1.0), _dashed(stroke(None, 1.0))):
            painter.setPen(pen)
            painter.drawLine(line)
            painter.drawEllipse(QPointF(bx, by), 4.0, 2.0)

    def _gizmo(self, lamp: Lamp, camera: Camera) -> Gizmo | None:
        if lamp.kind == "point":
            return Gizmo("move", lamp.place, camera)
        opened = self._bench.session.opened
        if opened is None:
            return None
        pivot, navigator = opened.center, self._bench.session.navigator
        x, y = project(pivot[None], camera)[0] / (camera.width, camera.height)
        ahead = camera.world_to_camera[2, :3] @ pivot + camera.world_to_camera[2, 3] > camera.near
        inside = _MARGIN <= x <= 1.0 - _MARGIN and _MARGIN <= y <= 1.0 - _MARGIN
        if not (ahead and inside):
            pivot = navigator.target  # a direction is the same anywhere: where it is seen
        return Aim(lamp.place, navigator.up, pivot, camera)


def _spot(at: Float64, ahead: bool, camera: Camera) -> Spot:
    """The mark of what is at a pixel, or that way where it is behind the eye."""
    size = np.array([camera.width, camera.height], np.float64)
    if ahead and (at >= 0.0).all() and (at <= size).all():
        return Spot(at)
    middle, way = size / 2.0, at - size / 2.0
    room = np.maximum(middle - _INSET, 1.0)
    reach = float((room / np.maximum(np.abs(way), 1e-9)).min())
    return Spot(middle + reach * way, way / np.linalg.norm(way))


def _behind(point: Float64, camera: Camera) -> Float64:
    """(2,) a pixel on the side to turn to for a point behind the eye; below, right behind it."""
    x, y = camera.world_to_camera[:2, :3] @ point + camera.world_to_camera[:2, 3]
    side = np.array([x, y] if math.hypot(x, y) > 1e-9 else [0.0, 1.0])
    return np.array([camera.width, camera.height]) / 2.0 + side


def _dashed(pen: QPen) -> QPen:
    pen.setDashPattern([4.0, 4.0])
    return pen
