"""Mouse and keys over the picture of a window, and what is there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from voile.render.selecting import screen_centers

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NO_KEYS = Qt.KeyboardModifier.NoModifier


def mouse(window, kind, at, button=NOTHING, held=NOTHING, keys=NO_KEYS):
    view, where = window.viewport, QPointF(*map(float, at))
    event = QMouseEvent(kind, where, view.mapToGlobal(where), button, held, keys)
    QApplication.sendEvent(view, event)


def drag(window, *points, keys=NO_KEYS, release=True):
    """A drag of the left button over points."""
    mouse(window, QEvent.Type.MouseButtonPress, points[0], LEFT, LEFT, keys)
    for point in points[1:]:
        mouse(window, QEvent.Type.MouseMove, point, NOTHING, LEFT, keys)
    if release:
        mouse(window, QEvent.Type.MouseButtonRelease, points[-1], LEFT, NOTHING, keys)


def camera(window):
    view = window.viewport
    return window.session.navigator.camera(view.width(), view.height())


def view_size(window):
    return window.viewport.width(), window.viewport.height()


def area(window):
    """Two corners with about a third of the splats between them."""
    pixels, _ = screen_centers(node(window).splats.means, camera(window))
    low, high = np.quantile(pixels, (0.2, 0.8), axis=0)
    return (low[0], low[1]), (high[0], high[1])


def node(window, place=0):
    return window.session.nodes[place]


def press(qtbot, window, key, keys=NO_KEYS):
    window.viewport.setFocus()
    qtbot.keyClick(window.viewport, key, keys)
