"""Selecting by an area of the picture: a rectangle or a lasso."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from ..render.selecting import How, in_polygon, in_rectangle
from .tool import Bench, Point, Tool, stroke, under

LEAST = 3.0
"""A drag shorter than this is a click, which selects nothing, pixels."""

_STEP = 2.0  # between two corners of a lasso


class AreaTool(Tool):
    """The part of both that is the same."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._points: list[Point] = []
        self._how: How = "replace"

    def press(self, at: Point, how: How) -> bool:
        """Begins an area."""
        self._points, self._how = [at], how
        return True

    def cancel(self) -> bool:
        """Forgets the area."""
        had, self._points = bool(self._points), []
        return had

    def release(self, at: Point) -> None:
        """Selects what is inside."""
        if not self._points:
            return
        self.drag(at)
        points, self._points = self._points, []
        size = np.ptp(np.array(points), axis=0)
        editor = self.bench.editor
        if size.max() < LEAST:
            if self._how == "replace":
                editor.select_none()
        elif len(points) > 1:
            self._select(points)

    def _select(self, points: list[Point]) -> None:
        raise NotImplementedError


class RectangleTool(AreaTool):
    """A rectangle from corner to corner."""

    def drag(self, at: Point) -> None:
        """Moves the opposite corner."""
        if self._points:
            self._points = [self._points[0], at]

    def _select(self, points: list[Point]) -> None:
        camera = self.bench.camera()
        self.bench.editor.select(
            lambda splats: in_rectangle(splats.means, camera, points[0], points[-1]),
            self._how,
            self.bench.screen_camera(),
        )

    def paint(self, painter: QPainter) -> None:
        """The rectangle."""
        if len(self._points) == 2:
            area = QRectF(QPointF(*self._points[0]), QPointF(*self._points[1])).normalized()
            painter.setBrush(QColor(127, 180, 230, 28))
            for pen in (under(), stroke()):
                painter.setPen(pen)
                painter.drawRect(area)


class LassoTool(AreaTool):
    """A closed curve drawn by hand."""

    def drag(self, at: Point) -> None:
        """Draws on."""
        if self._points and np.hypot(*np.subtract(at, self._points[-1])) >= _STEP:
            self._points.append(at)

    def _select(self, points: list[Point]) -> None:
        if len(points) < 3:
            return
        camera = self.bench.camera()
        self.bench.editor.select(
            lambda splats: in_polygon(splats.means, camera, points),
            self._how,
            self.bench.screen_camera(),
        )

    def paint(self, painter: QPainter) -> None:
        """The curve, and how it is closed."""
        if len(self._points) > 1:
            painter.setBrush(QColor(127, 180, 230, 28))
            polygon = QPolygonF([QPointF(*p) for p in self._points])
            for pen in (under(), stroke()):
                painter.setPen(pen)
                painter.drawPolygon(polygon)
