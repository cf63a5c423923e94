"""`Frusta`: the cameras of photographs and the camera path, drawn over the picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QLineF, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ..render.camera import Camera
from ..render.captured import camera_of
from . import theme
from .session import Session
from .world_lines import Lines, frustum_lines, project_lines

SIZE = 0.05
"""Depth of a frustum, in radii of the scene; less where they stand close to each other."""

REACH = 16
"""How far a click may miss a camera, device-independent pixels."""

STEPS = 24
"""Lines that the path between two keys is drawn by."""


class Frusta(QWidget):
    """Lies over the picture and lets the mouse through; a click is handed to `click`."""

    def __init__(self, session: Session, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._session, self._viewport = session, viewport
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._captured: Lines = np.zeros((0, 10, 2, 3))  # lines of each photograph's camera
        self._path: Lines = np.zeros((0, 2, 3))
        session.captures.changed.connect(self._build)
        session.captures.current_changed.connect(self._again)
        session.motion.changed.connect(self._build_path)
        session.scene_changed.connect(self._build)
        session.navigator.changed.connect(self._again)
        session.comparison.active_changed.connect(self._again, max_args=0)
        viewport.installEventFilter(self)
        self._build()

    def click(self, where: QPointF) -> bool:
        """Looks through the camera that was clicked; whether there is one."""
        captures = self._session.captures
        if not (captures.shown and len(self._captured)):
            return False
        row = self.at(where)
        if row is None:
            return False
        self._session.look_through(row)
        return True

    def at(self, where: QPointF) -> int | None:
        """The photograph whose camera is at a place of the picture, the nearest to the eye."""
        camera = self._camera()
        # Where a camera stands, and the middle of its picture plane.
        points = np.stack([self._captured[:, 0, 0], self._captured[:, :4, 1].mean(axis=1)], axis=1)
        view = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
        depth = view[..., 2]
        with np.errstate(all="ignore"):
            x = camera.fx * view[..., 0] / depth + camera.cx - where.x()
            y = camera.fy * view[..., 1] / depth + camera.cy - where.y()
        away = np.where(depth > camera.near, np.hypot(x, y), np.inf).min(axis=1)
        rows = np.flatnonzero(away <= REACH)
        if not len(rows):
            return None
        return int(rows[np.argmin(away[rows] + 1e-3 * depth[rows, 0])])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays as large as the picture."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self.setGeometry(self._viewport.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frusta, the one that is looked through left out, and the path with its keys."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        camera, captures = self._camera(), self._session.captures
        if self._session.comparison.active:
            painter.end()  # two pictures are enough to look at
            return
        if captures.shown and len(self._captured):
            rows = [k for k in range(len(self._captured)) if k != captures.current]
            self._draw(painter, camera, self._captured[rows].reshape(-1, 2, 3), theme.OVER_ACCENT)
        if captures.view is None:
            self._draw(painter, camera, self._path, "#f0c674")
        painter.end()

    def _draw(self, painter: QPainter, camera: Camera, lines: Lines, color: str) -> None:
        found = [QLineF(*line.ravel()) for line in project_lines(camera, lines)]
        for pen in (QPen(QColor(0, 0, 0, 90), 3), QPen(QColor(color), 1.2)):
            painter.setPen(pen)
            painter.drawLines(found)

    def _camera(self) -> Camera:
        return self._session.camera(max(1, self.width()), max(1, self.height()))

    def _build(self) -> None:
        views, opened = self._session.captures.views, self._session.opened
        self._captured = np.zeros((0, 10, 2, 3))
        if opened is not None and views:
            size = SIZE * opened.radius
            places = np.array([view.position for view in views])
            if len(places) > 1:
                steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
                size = min(size, max(float(np.median(steps)) * 0.7, 0.2 * size))
            self._captured = np.stack([frustum_lines(camera_of(v), size) for v in views])
        self._build_path()

    def _build_path(self) -> None:
        motion, opened = self._session.motion, self._session.opened
        parts: list[Lines] = []
        if opened is not None:
            for key in motion.keys:
                parts.append(frustum_lines(key.camera(160, 90), 0.6 * SIZE * opened.radius))
        if motion.path is not None and opened is not None:
            times = [key.time for key in motion.keys]
            fine = np.interp(
                np.linspace(0, len(times) - 1, STEPS * (len(times) - 1) + 1),
                np.arange(len(times)),
                times,
            )
            points = np.array([motion.path.at(float(t)).position for t in fine])
            parts.append(np.stack([points[:-1], points[1:]], axis=1))
        self._path = np.concatenate(parts) if parts else np.zeros((0, 2, 3))
        self._again()

    def _again(self) -> None:
        """Paints anew, or hides where there is nothing."""
        captures = self._session.captures
        wanted = (captures.shown and len(self._captured) > 0) or len(self._path) > 0
        self.setVisible(wanted and self._session.opened is not None)
        self.update()
