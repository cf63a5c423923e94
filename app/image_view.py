"""`ImageCanvas`: an image made of splats on screen, with mouse, keys and ellipses."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtGui import QWheelEvent as _Wheel
from PySide6.QtWidgets import QWidget

from . import theme
from .image_drawer import Drawn, ImageDrawer
from .image_model import ImageModel
from .session import CANVAS

MOST_ELLIPSES = 5000
"""Ellipses drawn at once: those of the largest Gaussians in view."""


class ImageCanvas(QWidget):
    """Shows what an `ImageDrawer` has drawn; drag pans, the wheel zooms, F and 1 frame.

    Args:
        model: what is shown.
        parent: the window.

    Attributes:
        drawer: draws.
        latest: the view on screen, None before the first.
    """

    def __init__(self, model: ImageModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMinimumSize(320, 240)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._model = model
        self._last: QPointF | None = None
        self._framed = True  # until somebody moves the view, it follows the window's size
        self.latest: Drawn | None = None
        self._image: QImage | None = None
        self.drawer = ImageDrawer(model, self)
        self.drawer.drawn.connect(self._take)
        model.changed.connect(lambda: self.update())

    def frame(self) -> None:
        """Shows the whole image."""
        self._framed = True
        self._model.frame(*self._pixels())

    def look(self, scale: float) -> None:
        """Sets the scale, physical pixels for one of the image."""
        self._framed = False
        self._model.look(scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draws at the new size."""
        super().resizeEvent(event)
        self.drawer.resize(*self._pixels())
        if self._framed:
            self._model.frame(*self._pixels())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to pan."""
        self._last = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans."""
        if self._last is not None:
            moved = (event.position() - self._last) * self.devicePixelRatioF()
            self._last = event.position()
            self._framed = False
            self._model.pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends a pan."""
        self._last = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows the whole image."""
        self.frame()

    def wheelEvent(self, event: _Wheel) -> None:
        """Zooms about the cursor."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        ratio = self.devicePixelRatioF()
        width, height = self._pixels()
        place = event.position() * ratio
        self._framed = False
        self._model.zoom(turned / 120, place.x() - width / 2, place.y() - height / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The latest picture, placed where the view is by now, and the ellipses over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor.fromRgbF(*CANVAS))
        if self._image is None or self.latest is None:
            return
        painter.scale(*[1 / self.devicePixelRatioF()] * 2)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        view, model = self.latest.shown.view, self._model
        width, height = self._pixels()
        factor = model.scale / view.scale
        x = (view.left - model.center[0]) * model.scale + width / 2
        y = (view.top - model.center[1]) * model.scale + height / 2
        painter.save()
        painter.translate(x, y)
        painter.scale(factor, factor)
        painter.drawImage(0, 0, self._image)
        painter.restore()
        if model["ellipses"]:
            self._draw_ellipses(painter, width, height)

    def _draw_ellipses(self, painter: QPainter, width: int, height: int) -> None:
        """Where G = exp(-1/2), in each Gaussian's colour, lightened to be seen on itself."""
        shown = self._model.shown(width, height)
        if shown is None:
            return
        splats, view = shown.coarse, shown.view
        places = (splats.means - (view.left, view.top)) * view.scale
        reach = view.scale / splats.inverse_scales
        near = np.abs(places - (width / 2, height / 2)) <= np.array([width, height]) / 2 + (
            reach.max(axis=1, keepdims=True)
        )
        seen = np.flatnonzero(near.all(axis=1))
        size = reach[seen].min(axis=1)
        seen = seen[np.argsort(-size, kind="stable")[:MOST_ELLIPSES]]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(theme.ACCENT))
        pen.setCosmetic(True)
        pen.setWidthF(1.2)
        for n in seen:
            color = np.clip(splats.colors[n, :3] if splats.channels > 2 else
                            splats.colors[n, [0, 0, 0]], 0, 1)  # fmt: skip
            light = 0.55 + 0.45 * color if color.mean() < 0.55 else 0.45 * color
            red, green, blue = map(float, light)
            pen.setColor(QColor.fromRgbF(red, green, blue, 0.9))
            painter.setPen(pen)
            painter.save()
            painter.translate(float(places[n, 0]), float(places[n, 1]))
            painter.rotate(math.degrees(float(splats.rotations[n])))
            painter.drawEllipse(QPointF(0, 0), float(reach[n, 0]), float(reach[n, 1]))
            painter.restore()

    def _take(self, drawn: Drawn) -> None:
        self.latest = drawn
        height, width = drawn.pixels.shape[:2]
        data = drawn.pixels.tobytes()
        self._image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def _pixels(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
