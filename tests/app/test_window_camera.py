"""The camera in the window: styles of navigation, numbers, bookmarks, text on the clipboard."""

import json
import logging
import math

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent, QPoint, QPointF  # noqa: E402
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from voile import Camera  # noqa: E402
from voile.app import controls  # noqa: E402

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu", size=(1000, 700), panels=True), ply)
    look(window)
    window.docks.show("camera")
    window.history.stack.clear()
    return window


class Clock:
    """Stands in for the module `time` of the controls."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(controls, "time", self)

    def perf_counter(self):
        return self.now


def drag(window, start, end, clock=None):
    view = window.viewport

    def send(kind, at, held):
        event = QMouseEvent(kind, at, view.mapToGlobal(at), LEFT, held, NO_KEYS)
        QApplication.sendEvent(view, event)

    send(QEvent.Type.MouseButtonPress, QPointF(*start), LEFT)
    for t in np.linspace(0.2, 1, 5):
        if clock is not None:
            clock.now += 0.025
        send(QEvent.Type.MouseMove, QPointF(*(np.array(start) * (1 - t) + np.array(end) * t)), LEFT)
    send(QEvent.Type.MouseButtonRelease, QPointF(*end), Qt.MouseButton.NoButton)


def retype(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def wheel(window, turn):
    view = window.viewport
    at = QPointF(view.width() / 2, view.height() / 2)
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, NO_KEYS,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_a_drag_does_what_the_style_says(qtbot, window):
    navigator, settings = window.session.navigator, window.session.settings
    target, distance = navigator.target.copy(), navigator.distance
    drag(window, (200, 150), (260, 200))
    np.testing.assert_array_equal(navigator.target, target)
    assert navigator.roll == 0
    settings.navigation = "trackball"
    drag(window, (100, 50), (300, 60))
    np.testing.assert_array_equal(navigator.target, target)
    assert navigator.distance == distance
    assert abs(navigator.roll) > 0.05
    settings.navigation = "fly"
    eye = navigator.eye
    drag(window, (200, 150), (230, 160))
    np.testing.assert_allclose(navigator.eye, eye, atol=1e-9)
    assert np.linalg.norm(navigator.target - target) > 0.01
    forward = navigator.forward
    wheel(window, 120)
    assert (navigator.eye - eye) @ forward == pytest.approx(
        0.2 * settings.fly_speed * navigator.radius
    )
    assert navigator.distance == distance


def test_the_view_glides_on_and_a_press_or_the_setting_stops_it(qtbot, window, monkeypatch):
    navigator, settings = window.session.navigator, window.session.settings
    clock = Clock(monkeypatch)

    def glided():
        clock.now += 0.01
        return abs(navigator.azimuth - released) > 0.05

    settings.inertia = 1.0
    window.history.stack.clear()
    drag(window, (200, 150), (300, 150), clock)
    released = navigator.azimuth
    qtbot.waitUntil(glided)
    qtbot.mousePress(window.viewport, LEFT, pos=QPoint(200, 150))
    stopped = navigator.azimuth
    clock.now += 0.1
    qtbot.wait(100)
    assert navigator.azimuth == stopped
    qtbot.mouseRelease(window.viewport, LEFT, pos=QPoint(200, 150))
    assert window.history.stack.count() == 1  # gliding belongs to the drag
    settings.inertia = 0.0
    drag(window, (200, 150), (300, 150), clock)
    released = navigator.azimuth
    clock.now += 0.1
    qtbot.wait(100)
    assert navigator.azimuth == released


def test_numbers_show_the_view_and_place_it(qtbot, window, look):
    fields, navigator = window.docks["camera"].fields.fields, window.session.navigator
    assert [len(row) for row in fields.values()] == [3, 3, 3, 1, 1]
    shown = [float(f.text()) for f in fields["eye"]]
    np.testing.assert_allclose(shown, navigator.eye, rtol=1e-3, atol=1e-3)
    before = look(window)
    retype(qtbot, fields["eye"][0], "1.25")
    assert navigator.eye[0] == pytest.approx(1.25)
    assert window.history.stack.count() == 1
    assert (look(window) != before).any()
    retype(qtbot, fields["target"][1], "0.5")
    assert navigator.target[1] == pytest.approx(0.5)
    retype(qtbot, fields["angles"][2], "15°")
    assert math.degrees(navigator.roll) == pytest.approx(15)
    retype(qtbot, fields["distance"][0], "2")
    assert navigator.distance == 2
    retype(qtbot, fields["fov_y"][0], "70")
    assert navigator.fov_y == 70
    assert fields["fov_y"][0].text() == "70.0°"
    assert window.history.stack.count() == 5
    eye = navigator.eye
    for nonsense in ("here", "", "nan", "inf"):
        retype(qtbot, fields["eye"][2], nonsense)
        np.testing.assert_allclose(navigator.eye, eye)
    retype(qtbot, fields["distance"][0], "-1")
    assert navigator.distance > 0
    window.history.stack.undo()
    navigator.orbit(0.1, 0.0)
    assert float(fields["eye"][0].text()) == pytest.approx(navigator.eye[0], rel=1e-3, abs=1e-3)


def test_the_angle_of_a_setting_stands_above_the_views_own(qtbot, window):
    fields, session = window.docks["camera"].fields.fields, window.session
    session.settings.field_of_view = 25.0
    assert not fields["fov_y"][0].isEnabled()
    assert fields["fov_y"][0].text() == "25.0°"
    session.settings.field_of_view = 0.0
    assert fields["fov_y"][0].isEnabled()


def test_bookmarks_are_kept_with_the_scene(qtbot, window, look, show, make_window, ply, other_ply):
    marks, navigator = window.docks["camera"].bookmarks, window.session.navigator
    qtbot.mouseClick(marks.add, LEFT)
    first, before = navigator.view, look(window)
    navigator.orbit(0.2, 0.1)
    qtbot.mouseClick(marks.add, LEFT)
    assert [m.name for m in marks.model.here] == ["View 1", "View 2"]
    marks.list.item(0).setText("The front")
    navigator.zoom(3)
    item = marks.list.visualItemRect(marks.list.item(0)).center()
    qtbot.mouseClick(marks.list.viewport(), LEFT, pos=item)
    assert navigator.view == first
    np.testing.assert_array_equal(look(window), before)
    marks.list.setCurrentRow(1)
    qtbot.keyClick(marks.list, Qt.Key.Key_Delete)
    assert [m.name for m in marks.model.here] == ["The front"]
    window.history.stack.undo()
    assert [m.name for m in marks.model.here] == ["The front", "View 2"]
    window.history.stack.redo()
    show(window, other_ply)
    assert marks.model.here == ()
    assert marks.list.isHidden()
    show(window, ply)
    assert [m.name for m in marks.model.here] == ["The front"]
    window.close()
    again = show(make_window("cpu", size=(1000, 700), panels=True), ply)
    assert [m.name for m in again.docks["camera"].bookmarks.model.here] == ["The front"]
    again.docks["camera"].bookmarks.go(0)
    assert again.session.navigator.view == first


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": [{"name": "x"}]}', b"\xff"])
def test_bookmarks_that_cannot_be_read_are_none(tmp_path, content, caplog):
    from voile.app.bookmarks import Bookmarks

    (tmp_path / "bookmarks.json").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        marks = Bookmarks()
        marks.keep_in(tmp_path / "bookmarks.json")
        assert marks.here == ()
    assert "bookmarks.json" in caplog.text


def test_the_camera_is_copied_and_pasted(qtbot, window, look, tmp_path):
    navigator = window.session.navigator
    window.session.settings.navigation = "trackball"
    navigator.trackball(0.3, 0.1, 0.2, 0.3)  # with a roll
    before = look(window)
    window.actions_.copy_camera.trigger()
    text = QGuiApplication.clipboard().text()
    (tmp_path / "camera.json").write_text(text)
    camera = Camera.load(tmp_path / "camera.json")
    assert (camera.width, camera.height) == before.shape[1::-1]
    navigator.orbit(0.3, 0.2)
    assert (look(window) != before).any()
    window.actions_.paste_camera.trigger()
    assert np.abs(look(window).astype(int) - before).max() <= 1
    window.history.stack.undo()
    assert (look(window) != before).any()


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "{}", "[" * 60_000, " " * 70_000, json.dumps({"width": -1})]
)
def test_a_text_that_is_no_camera_is_refused(qtbot, window, text):
    view = window.session.navigator.view
    QGuiApplication.clipboard().setText(text)
    window.actions_.paste_camera.trigger()
    assert window.session.navigator.view == view
    assert "no camera" in window.overlays.banners[-1].text
