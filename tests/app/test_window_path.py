"""The dock Path: keys, timeline, preview, undo, files and films."""

import json
import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QPoint  # noqa: E402
from PySide6.QtWidgets import QFileDialog  # noqa: E402

from voile.app.film_dialog import KINDS, FilmPlan  # noqa: E402
from voile.render import FrameRequest, create_renderer  # noqa: E402
from voile.render.camera_path import CameraPath  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu", size=(1000, 760), panels=True), ply)
    window.docks.show("path")
    look(window)
    window.history.stack.clear()
    return window


@pytest.fixture
def panel(qtbot, window):
    panel = window.docks["path"]
    qtbot.waitUntil(panel.timeline.isVisible)
    return panel


@pytest.fixture
def path(qtbot, window, panel):
    """Three views, 2 seconds apart."""
    for turn in (0.0, 0.1, 0.15):
        window.session.navigator.orbit(turn, 0.02)
        window.session.navigator.fov_y += 5
        qtbot.mouseClick(panel.add, LEFT)
    return window.session.motion


def at(panel, time):
    return QPoint(round(panel.timeline.place(time)), 40)


def test_views_are_added_passed_and_undone(qtbot, window, panel, path, look):
    assert [key.time for key in path.keys] == [0, 2, 4]
    assert "3 views" in panel.words.text()
    eyes = [key.position for key in path.keys]
    panel.look_at(2.0)
    np.testing.assert_allclose(window.session.navigator.eye, eyes[1], atol=1e-9)
    assert window.session.navigator.fov_y == pytest.approx(path.keys[1].fov_y)
    look(window)
    count = window.history.stack.count()
    panel.look_at(1.0)
    assert window.history.stack.count() == count  # looking is no change
    qtbot.mouseClick(panel.add, LEFT)
    assert [key.time for key in path.keys] == [0, 1, 2, 4]
    assert panel.timeline.selected == 1
    qtbot.mouseClick(panel.remove, LEFT)
    assert [key.time for key in path.keys] == [0, 2, 4]
    for expected in ([0, 1, 2, 4], [0, 2, 4]):
        window.history.stack.undo()
        assert [key.time for key in path.keys] == expected


def test_the_timeline_is_scrubbed_and_keys_are_dragged(qtbot, window, panel, path):
    qtbot.mouseClick(panel.timeline, LEFT, pos=at(panel, 3.0))
    assert path.time == pytest.approx(3.0, abs=0.05)
    assert panel.timeline.selected == -1
    np.testing.assert_allclose(window.session.navigator.eye, path.now().position, atol=1e-9)
    steps = window.history.stack.count()
    qtbot.mousePress(panel.timeline, LEFT, pos=at(panel, 2.0))
    assert panel.timeline.selected == 1
    for time in (2.3, 2.6, 3.0):
        qtbot.mouseMove(panel.timeline, at(panel, time))
    qtbot.mouseRelease(panel.timeline, LEFT, pos=at(panel, 3.0))
    assert path.keys[1].time == pytest.approx(3.0, abs=0.05)
    assert panel.time_field.text() == f"{path.keys[1].time:.2f} s"
    assert window.history.stack.count() == steps + 1
    window.history.stack.undo()
    assert path.keys[1].time == 2.0
    qtbot.mousePress(panel.timeline, LEFT, pos=at(panel, 2.0))
    qtbot.mouseMove(panel.timeline, at(panel, 4.4))
    qtbot.mouseRelease(panel.timeline, LEFT, pos=at(panel, 4.4))
    assert 3.9 < path.keys[1].time < path.keys[2].time  # never past its neighbour


def test_arrows_move_the_time(qtbot, panel, path):
    panel.look_at(1.0)
    panel.timeline.setFocus()
    for key, keys, expected in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1.1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, 2.0),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier, 0.0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 4.0),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0.0),
    ):
        qtbot.keyClick(panel.timeline, key, keys)
        assert path.time == pytest.approx(expected)


def test_time_and_angle_are_typed(qtbot, panel, path):
    panel.timeline.chosen.emit(1)
    for field, text in ((panel.time_field, "2.75"), (panel.angle_field, "33°")):
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert path.keys[1].time == 2.75
    assert path.keys[1].fov_y == 33
    panel.time_field.selectAll()
    qtbot.keyClicks(panel.time_field, "soon")
    qtbot.keyClick(panel.time_field, Qt.Key.Key_Return)
    assert path.keys[1].time == 2.75
    assert panel.time_field.text() == "2.75 s"


def test_play_runs_to_the_end_and_a_loop_goes_on(qtbot, window, panel, path):
    for row, time in ((1, 0.2), (2, 0.4)):
        path.move(row, time)
    panel.look_at(0.0)
    panel.play.setChecked(True)
    qtbot.waitUntil(lambda: not panel.play.isChecked())
    assert path.time == path.end
    np.testing.assert_allclose(window.session.navigator.eye, path.keys[2].position, atol=1e-9)
    qtbot.mouseClick(panel.close_path, LEFT)
    assert path.path.closed
    assert not panel.close_path.isEnabled()
    path.move(3, 0.6)
    times = []
    path.moved.connect(lambda: times.append(path.time))
    panel.play.setChecked(True)
    qtbot.waitUntil(lambda: any(b < a for a, b in pairwise(times)))
    assert panel.play.isChecked()
    panel.play.setChecked(False)


def test_saved_and_opened(qtbot, window, panel, path, tmp_path, monkeypatch):
    file = tmp_path / "mine"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(file), ""))
    qtbot.mouseClick(panel.save, LEFT)
    saved = CameraPath.load(tmp_path / "mine.json")
    assert [k.time for k in saved.keys] == [0, 2, 4]
    path.keys = ()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (f"{file}.json", ""))
    qtbot.mouseClick(panel.open, LEFT)
    assert len(path.keys) == 3
    (tmp_path / "mine.json").write_text(json.dumps({"keys": [{}]}))
    qtbot.mouseClick(panel.open, LEFT)
    assert len(path.keys) == 3
    assert "mine.json" in window.overlays.banners[-1].text


def test_a_film_is_the_renderers_frames(qtbot, window, panel, path, tmp_path, monkeypatch):
    qtbot.mouseClick(panel.film, LEFT)
    dialog = panel.films.dialog
    qtbot.waitUntil(dialog.isVisible)
    dialog.kind.setCurrentIndex(list(KINDS.values()).index(".webp"))
    for spin, value in ((dialog.width_, 96), (dialog.height_, 54), (dialog.fps, 2)):
        spin.setValue(value)
    dialog.quality.setValue(100)
    dialog.kind.setCurrentIndex(list(KINDS.values()).index(".mp4"))
    dialog.width_.setValue(95)
    if dialog.export.isEnabled():  # the package for MP4 is there
        assert "drawn 96 × 54: MP4 takes even sides" in dialog.words.text()
    dialog.kind.setCurrentIndex(list(KINDS.values()).index(".webp"))
    dialog.width_.setValue(96)
    assert "9 frames, 4.5 s" in dialog.words.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(tmp_path / "f"), ""))
    qtbot.mouseClick(dialog.export, LEFT)
    qtbot.waitUntil(lambda: (tmp_path / "f.webp").exists())
    qtbot.waitUntil(lambda: "Done" in dialog.words.text())
    renderer = create_renderer("cpu")
    renderer.upload(window.session.opened.scene.splats)
    settings = window.session.settings.copy()
    with Image.open(tmp_path / "f.webp") as film:
        for k, camera in enumerate(path.path.cameras(2, 96, 54)):
            film.seek(k)
            expected = renderer.render(FrameRequest(camera, settings))
            np.testing.assert_array_equal(
                np.asarray(film.convert("RGB")), expected.to_rgb8(settings.background)
            )
    renderer.close()
    dialog.reject()
    assert panel.films.dialog is None


def test_a_film_is_cancelled_and_leaves_nothing(qtbot, window, panel, path, tmp_path):
    qtbot.mouseClick(panel.film, LEFT)
    dialog = panel.films.dialog
    panel.films.make(path.path, FilmPlan(tmp_path / "a.webp", (320, 180), 100, 80))
    qtbot.waitUntil(lambda: dialog.bar.value() > 0)
    assert not dialog.export.isEnabled()
    qtbot.mouseClick(dialog.stop, LEFT)
    qtbot.waitUntil(lambda: not panel.films.maker.running)
    assert "nothing was written" in dialog.words.text()
    assert dialog.export.isEnabled()
    assert list(tmp_path.glob("*a.webp*")) == []
    dialog.reject()


def test_what_cannot_be_filmed_is_said_in_the_dialog(qtbot, window, panel, path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    qtbot.mouseClick(panel.film, LEFT)
    assert "pip install 'voile[video]'" in panel.films.dialog.words.text()
    assert not panel.films.dialog.export.isEnabled()
    panel.films.dialog.kind.setCurrentIndex(1)
    assert panel.films.dialog.export.isEnabled()
    panel.films.make(path.path, FilmPlan(window.session.opened.scene.path, (8, 8), 10, 80))
    qtbot.waitUntil(lambda: not panel.films.maker.running)
    assert "a film is written as" in panel.films.dialog.words.text()
    panel.films.dialog.reject()


def test_closing_the_window_ends_a_film(qtbot, window, panel, path, tmp_path):
    panel.films.make(path.path, FilmPlan(tmp_path / "a.webp", (320, 180), 100, 80))
    window.close()
    assert not [p for p in tmp_path.iterdir() if "a.webp" in p.name]
