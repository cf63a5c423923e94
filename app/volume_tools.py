"""Selecting by a volume in the scene: a sphere or a box, with handles to change it afterwards."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from ..render.camera import Camera
from ..render.selecting import How, Mask, in_box, in_sphere, pick
from ..scenes.node import Node
from ..scenes.splats import Splats
from .gizmo import FREE, Float64, Gizmo, project
from .tool import AXIS_COLORS, GLOW, LIGHT, Bench, Point, Tool, stroke, under

_GRIP = 6.0  # half side of a handle, pixels
_REACH = 10.0  # how far from it the mouse may be


class VolumeTool(Tool):
    """A drag puts a volume on what is under the mouse; its handles move and stretch it.

    Attributes:
        center: (3,) middle, world units; None before there is a volume.
        half: (3,) half sizes along the world's axes.
    """

    NAME = "volume"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.center: Float64 | None = None
        self.half = np.zeros(3)
        self._how: How = "replace"
        self._before: Sequence[Node] = ()  # with the selection that the volume adds to
        self._document: object = None
        self._held: str = ""  # "new", "center", or the sign and axis of a face
        self._start: tuple[Point, Float64, Float64] = ((0.0, 0.0), np.zeros(3), np.zeros(3))
        self._hot = ""

    def press(self, at: Point, how: How) -> bool:
        """Takes a handle, or begins another volume."""
        opened = self.bench.session.opened
        if opened is None:
            return False
        self._held = self._hit(at)
        if not self._held:
            camera = self.bench.camera()
            row = pick(opened.scene.splats, camera, *at)
            self.center = (
                self._beneath(at, camera)
                if row is None
                else opened.scene.splats.means[row].astype(np.float64)
            )
            self.half = np.zeros(3)
            self._held, self._how = "new", how
            self._before, self._document = self.bench.editor.nodes, opened.document
        assert self.center is not None
        self._start = at, self.center.copy(), self.half.copy()
        return True

    def drag(self, at: Point) -> None:
        """Sizes or moves the volume."""
        if self.center is None or not self._held:
            return
        begun, center, _ = self._start
        camera = self.bench.camera()
        gizmo = Gizmo("move", center, camera)
        if self._held == "new":
            self.half = np.full(3, math.dist(begun, at) * self._unit(center, camera))
        elif self._held == "center":
            self.center = center + np.array(gizmo.drag(FREE, begun, at).translation)
        else:
            self._stretch(gizmo, at)

    def release(self, at: Point) -> None:
        """Selects what is inside."""
        held, self._held = self._held, ""
        if self.center is None or not held:
            return
        if not (self.half > 0.0).all():  # a click
            self.center = None
            return
        self.bench.editor.select(
            self._inside,
            self._how,
            self.bench.screen_camera(),
            self._before,
            f"Select by {self.NAME}",
        )

    def hover(self, at: Point) -> bool:
        """Whether a handle is under the mouse."""
        self._hot = self._hit(at)
        return bool(self._hot)

    def cancel(self) -> bool:
        """Takes the volume away; what it selected stays."""
        had, self.center, self._held = self.center is not None, None, ""
        return had

    def forget(self) -> None:
        """A volume belongs to its scene."""
        self.cancel()
        self._before = ()

    def handles(self) -> dict[str, Float64]:
        """(2,) pixels of each handle."""
        if self.center is None:
            return {}
        points = {"center": self.center, **self._faces(self.center)}
        camera = self.bench.camera()
        return {name: project(point[None], camera)[0] for name, point in points.items()}

    def paint(self, painter: QPainter) -> None:
        """The outline and the handles."""
        opened = self.bench.session.opened
        if self.center is None or opened is None:
            return
        if opened.document is not self._document:
            self.center = None  # of another scene
            return
        camera = self.bench.camera()
        if (camera.world_to_camera[:3, :3] @ self.center + camera.world_to_camera[:3, 3])[2] <= 0:
            return
        painter.setBrush(QColor(0, 0, 0, 0))
        for pen in (under(), stroke()):
            painter.setPen(pen)
            for line in self._lines(camera):
                painter.drawPolyline(QPolygonF([QPointF(*p) for p in line]))
        for name, at in self.handles().items():
            color = LIGHT if name == "center" else AXIS_COLORS[int(name[1])]
            if name == self._hot or name == self._held:
                color = GLOW
            painter.setPen(under(0.0))
            painter.setBrush(QColor(color))
            painter.drawRect(QRectF(at[0] - _GRIP, at[1] - _GRIP, 2 * _GRIP, 2 * _GRIP))

    def _hit(self, at: Point) -> str:
        handles = self.handles()
        away = {name: float(np.abs(point - at).max()) for name, point in handles.items()}
        name = min(away, key=lambda n: away[n], default="")
        return name if name and away[name] <= _REACH else ""

    def _unit(self, point: Float64, camera: Camera) -> float:
        """World units per pixel at a point."""
        matrix = camera.world_to_camera
        return max(float(matrix[2, :3] @ point + matrix[2, 3]), camera.near) / camera.fx

    def _beneath(self, at: Point, camera: Camera) -> Float64:
        """The point under the mouse at the depth that orbits turn about."""
        target = self.bench.session.navigator.target
        center = project(target[None], camera)[0]
        moved = Gizmo("move", target, camera).drag(FREE, (center[0], center[1]), at)
        return target + np.array(moved.translation)

    def _inside(self, splats: Splats) -> Mask:
        raise NotImplementedError

    def _faces(self, center: Float64) -> dict[str, Float64]:
        raise NotImplementedError

    def _stretch(self, gizmo: Gizmo, at: Point) -> None:
        raise NotImplementedError

    def _lines(self, camera: Camera) -> list[Float64]:
        raise NotImplementedError


class SphereTool(VolumeTool):
    """A ball; every handle on it changes the radius."""

    NAME = "sphere"

    def _inside(self, splats: Splats) -> Mask:
        return in_sphere(splats.means, self._middle, float(self.half[0]))

    @property
    def _middle(self) -> Float64:
        assert self.center is not None
        return self.center

    def _faces(self, center: Float64) -> dict[str, Float64]:
        return {
            f"+{axis}": center + self.half[axis] * direction
            for axis, direction in enumerate(np.eye(3))
        }

    def _stretch(self, gizmo: Gizmo, at: Point) -> None:
        begun, _, half = self._start
        axis = int(self._held[1])
        moved = gizmo.drag(axis, begun, at).translation[axis]
        self.half = np.full(3, max(float(half[0]) + moved, 1e-6))

    def _lines(self, camera: Camera) -> list[Float64]:
        t = np.linspace(0.0, math.tau, 65)
        lines = []
        for axis in range(3):
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            ring = np.cos(t)[:, None] * u + np.sin(t)[:, None] * v
            lines.append(project(self._middle + self.half[0] * ring, camera))
        return lines


class BoxTool(VolumeTool):
    """A box along the world's axes; a handle on each face moves that face."""

    NAME = "box"

    def _inside(self, splats: Splats) -> Mask:
        assert self.center is not None
        return in_box(splats.means, self.center, self.half)

    def _faces(self, center: Float64) -> dict[str, Float64]:
        return {
            f"{'+' if sign > 0 else '-'}{axis}": center + sign * self.half[axis] * direction
            for axis, direction in enumerate(np.eye(3))
            for sign in (1, -1)
        }

    def _stretch(self, gizmo: Gizmo, at: Point) -> None:
        begun, center, half = self._start
        axis, sign = int(self._held[1]), 1.0 if self._held[0] == "+" else -1.0
        moved = sign * gizmo.drag(axis, begun, at).translation[axis] / 2.0
        moved = max(moved, 1e-6 - float(half[axis]))  # the opposite face stays
        self.half, self.center = half.copy(), center.copy()
        self.half[axis] += moved
        self.center[axis] += sign * moved

    def _lines(self, camera: Camera) -> list[Float64]:
        assert self.center is not None
        return box_lines(self.center - self.half, self.center + self.half, camera)


def box_lines(low: Float64, high: Float64, camera: Camera) -> list[Float64]:
    """Twelve edges of a box along the world's axes, each (2, 2) pixels."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    pixels = project(low + corners * (high - low), camera)
    return [
        pixels[[a, b]]
        for a in range(8)
        for b in range(a + 1, 8)
        if np.abs(corners[a] - corners[b]).sum() == 1
    ]
