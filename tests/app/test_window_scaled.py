"""High resolution and screens that come and go.

The scale of a screen is settled before Qt starts, so most of these tests run in a process of their
own, in which QT_SCALE_FACTOR is 2.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent, QPointF, QRect  # noqa: E402
from PySide6.QtGui import QGuiApplication, QMouseEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from voile.app import preferences  # noqa: E402
from voile.render.selecting import screen_centers  # noqa: E402

SCALED = os.environ.get("QT_SCALE_FACTOR") == "2"
inside = pytest.mark.skipif(not SCALED, reason="runs in a process of its own, see the last test")


@inside
def test_a_picture_has_the_pixels_of_the_screen(make_window, show, look, ply):
    window = show(make_window("cpu", size=(320, 240)), ply)
    view = window.viewport
    height, width, _ = look(window).shape
    assert (width, height) == (2 * view.width(), 2 * view.height())
    frame = view.drawer.shown[0].frame
    assert (frame.color.shape[1], frame.color.shape[0]) == (width, height)
    assert (view.camera().width, view.camera().height) == (width, height)


@inside
def test_a_selection_is_what_the_mouse_went_around(make_window, show, look, ply):
    window = show(make_window("cpu", size=(320, 240)), ply)
    look(window)
    window.editing.tools.take("rectangle")
    view = window.viewport
    low, high = (10.0, 8.0), (view.width() * 0.55, view.height() * 0.8)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, at, button, held in (
        (QEvent.Type.MouseButtonPress, low, left, left),
        (QEvent.Type.MouseMove, high, none, left),
        (QEvent.Type.MouseButtonRelease, high, left, none),
    ):
        where = QPointF(*at)
        event = QMouseEvent(kind, where, view.mapToGlobal(where), button, held,
                            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(view, event)
    node = window.session.nodes[0]
    centers = screen_centers(node.splats.means, view.camera())[0] / 2  # physical pixels
    wanted = ((centers >= low) & (centers <= high)).all(axis=1)
    assert 0 < wanted.sum() < len(node)
    np.testing.assert_array_equal(node.selection, wanted)


@inside
def test_overlays_stand_inside_the_picture(make_window, show, look, ply):
    window = show(make_window("cpu", size=(380, 300)), ply)
    look(window)
    hud, view = window.overlays.hud, window.viewport
    assert hud.isVisible()
    assert view.rect().contains(hud.geometry())
    icon = window.actions_.reset.icon().pixmap(18, 18)
    assert icon.devicePixelRatio() * 18 == icon.width() == 36, "icons are sharp as well"


def test_a_window_of_a_screen_that_is_gone_is_seen(make_window, preferences_path):
    window = make_window("cpu")
    window.move(9000, 7000)
    window.close()
    assert preferences.load(preferences_path).geometry
    again = make_window("cpu")
    there = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    frame = QRect(again.mapToGlobal(again.rect().topLeft()), again.size())
    assert any(area.contains(frame.topLeft()) for area in there), frame


@pytest.mark.skipif(SCALED, reason="this is that process")
def test_a_scaled_screen():
    here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    env = os.environ | {"QT_SCALE_FACTOR": "2"}
    result = subprocess.run(here, capture_output=True, text=True, env=env, timeout=300)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "4 passed" in result.stdout
