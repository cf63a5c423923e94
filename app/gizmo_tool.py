"""`GizmoTool`: moves, turns or scales a target by handles."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from ..render.selecting import How
from ..scenes.placement import Placement
from .gizmo import FREE, Gizmo, Handle, project
from .gizmo_target import Target
from .tool import AXIS_COLORS, GLOW, LIGHT, Bench, Point, Tool, stroke, under

LIVE = 0.12
"""Seconds that showing an edit may take while the mouse moves; a slower one comes at the end."""


class GizmoTool(Tool):
    """Handles of a target; a drag of one is one step, Esc takes it back."""

    def __init__(self, bench: Bench, target: Target) -> None:
        super().__init__(bench)
        self.target = target
        self._held: int | None = None
        self._hot: int | None = None
        self._begun: Point = (0.0, 0.0)
        self._taken: Gizmo | None = None  # as it was when it was taken
        self._change: Placement | None = None
        self._slow = False

    @property
    def gizmo(self) -> Gizmo | None:
        """The handles as they are now; None where there is nothing to act on."""
        return self.target.gizmo(self.bench.camera())

    def press(self, at: Point, how: How) -> bool:
        """Takes a handle; a drag elsewhere is for the view."""
        gizmo = self.gizmo
        axis = None if gizmo is None else gizmo.hit(*at)
        if gizmo is None or axis is None:
            return False
        self._held, self._begun, self._taken, self._slow = axis, at, gizmo, False
        self.target.take()
        return True

    def drag(self, at: Point) -> None:
        """Moves what is held; in the picture at once where that is fast enough."""
        if self._held is None or self._taken is None:
            return
        if not self.target.held:
            self._let_go()
            return
        self._change = self._taken.drag(self._held, self._begun, at)
        if not self._slow:
            start = time.perf_counter()
            self.target.move(self._change)
            self._slow = time.perf_counter() - start > LIVE

    def release(self, at: Point) -> None:
        """Makes it one step."""
        if self._held is not None and self.target.held:
            if self._slow and self._change is not None:
                self.target.move(self._change)
            self.target.drop()
        self._let_go()

    def cancel(self) -> bool:
        """Puts everything back where it was."""
        held = self._held is not None
        if held and self.target.held:
            self.target.back()
        self._let_go()
        return held

    def forget(self) -> None:
        """What is dragged belongs to its scene, which is gone: nothing is put back."""
        self._let_go()
        self.target.forget()

    def hover(self, at: Point) -> bool:
        """Whether a handle is under the mouse."""
        gizmo = self.gizmo
        self._hot = None if gizmo is None else gizmo.hit(*at)
        return self._hot is not None

    def paint(self, painter: QPainter) -> None:
        """What lies under the handles, and the handles."""
        gizmo = self.gizmo
        if gizmo is None or not gizmo.visible:
            return
        camera = self.bench.camera()
        self.target.paint(painter, camera)
        painter.setBrush(QColor(0, 0, 0, 0))
        if self._slow and self._change is not None and self._taken is not None:
            # What is too large to be shown on the way: at least where its middle goes.
            moved = self._change.apply(self._taken.pivot[None].astype(np.float32))
            painter.setPen(stroke())
            end = project(moved.astype(np.float64), camera)[0]
            painter.drawLine(QPointF(*gizmo.center), QPointF(*end))
        for handle in gizmo.handles():
            held = handle.axis in (self._held, self._hot if self._held is None else None)
            self._paint_handle(painter, gizmo, handle, held)

    def _paint_handle(self, painter: QPainter, gizmo: Gizmo, handle: Handle, held: bool) -> None:
        of_axis = LIGHT if handle.axis == FREE else AXIS_COLORS[handle.axis]
        color = gizmo.color or of_axis
        width = 3.5 if held else 2.0
        line = QPolygonF([QPointF(*p) for p in handle.line])
        for pen in (under(width), stroke(GLOW if held else color, width)):
            painter.setPen(pen)
            painter.drawPolyline(line)
        if gizmo.kind == "move" and handle.axis != FREE:
            painter.setBrush(QColor(GLOW if held else color))
            painter.drawEllipse(QPointF(*handle.line[-1]), 5.0, 5.0)
            painter.setBrush(QColor(0, 0, 0, 0))

    def _let_go(self) -> None:
        self._held = self._taken = self._change = None
        self._slow = False
