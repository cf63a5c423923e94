"""The window, driven as a user drives it: dialogs, drops, mouse, keys, pictures."""

import gc
import sys

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QUrl  # noqa: E402
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QFileDialog  # noqa: E402

from voile.render import FrameRequest, create_renderer  # noqa: E402

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton  # fmt: skip  # noqa: E501
NO_KEYS, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def drag(qtbot, window, button, start, end, keys=NO_KEYS):
    """Moves the mouse over the viewport with a button held."""
    from PySide6.QtGui import QMouseEvent

    view = window.viewport

    def send(kind, at, held):
        where = QPointF(at)
        event = QMouseEvent(kind, where, view.mapToGlobal(where), button, held, keys)
        QApplication.sendEvent(view, event)

    send(QEvent.Type.MouseButtonPress, QPoint(*start), button)
    for t in (0.3, 0.7, 1.0):
        at = QPoint(*(round(a + t * (b - a)) for a, b in zip(start, end, strict=True)))
        send(QEvent.Type.MouseMove, at, button)
    send(QEvent.Type.MouseButtonRelease, QPoint(*end), Qt.MouseButton.NoButton)


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    args = Qt.DropAction.CopyAction, data, LEFT, NO_KEYS
    enter = QDragEnterEvent(QPoint(50, 50), *args)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(50, 50), *args)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def expected(window, backend):
    """The picture by a renderer of its own, outside the window."""
    camera = window.session.navigator.camera(*window.viewport._size)
    renderer = create_renderer(backend)
    renderer.upload(window.session.opened.scene.splats)
    settings = window.session.settings.copy()
    frame = renderer.render(FrameRequest(camera, settings))
    renderer.close()
    return frame.to_rgb8(settings.background)


def test_empty_window_hints_at_what_to_do(qtbot, make_window, look):
    window = make_window()
    picture = look(window)
    assert window.overlays.welcome.isVisible()
    assert not window.overlays.hud.isVisible()
    assert not window.actions_.save_picture.isEnabled()
    background = np.round(np.array(window.session.settings.background) * 255)
    assert np.abs(picture - background).max() <= 1


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_screen_shows_the_renderers_picture(make_window, show, look, ply, backend):
    window = show(make_window(backend), ply)
    picture = look(window)
    assert_same(picture, expected(window, backend))
    assert np.ptp(picture, axis=(0, 1)).min() > 50  # something is there
    assert not window.overlays.banners


def test_open_by_dialog(qtbot, make_window, look, ply, monkeypatch):
    window = make_window()
    asked = []

    def answer(parent, title, folder, filters):
        asked.append(filters)
        return str(ply), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    window.actions_.open.trigger()
    look(window)
    assert window.session.opened.scene.path == ply
    assert "*.ply" in asked[0]
    assert window.windowTitle().startswith("small.ply")
    assert not window.overlays.welcome.isVisible()


def test_dialog_that_is_closed_changes_nothing(make_window, look, show, ply, monkeypatch):
    window = show(make_window(), ply)
    opened = window.session.opened
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: "")
    window.actions_.open.trigger()
    window.actions_.open_folder.trigger()
    look(window)
    assert window.session.opened is opened


@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
def test_open_by_drop(make_window, look, show, ply, other_ply):
    window = show(make_window(), ply)
    before = look(window)
    drop(window, other_ply)
    after = look(window)
    assert window.session.opened.scene.path == other_ply
    assert (before != after).any()


def test_orbit_by_mouse_turns_the_scene(qtbot, make_window, show, look, ply):
    window = show(make_window(), ply)
    before, distance = look(window), window.session.navigator.distance
    drag(qtbot, window, LEFT, (200, 150), (300, 180))
    after = look(window)
    assert np.abs(after.astype(int) - before).mean() > 1
    assert window.session.navigator.distance == distance
    assert_same(after, expected(window, "gl"))


@pytest.mark.parametrize(("button", "keys"), [(MIDDLE, NO_KEYS), (RIGHT, NO_KEYS), (LEFT, SHIFT)])
def test_pan_moves_the_picture_with_the_mouse(qtbot, make_window, show, look, ply, button, keys):
    window = show(make_window("cpu"), ply)
    before = centroid(look(window))
    drag(qtbot, window, button, (200, 150), (230, 130), keys)
    moved = centroid(look(window)) - before
    np.testing.assert_allclose(
        moved, np.array((30, -20)) * window.viewport.devicePixelRatioF(), rtol=0.2
    )


def test_wheel_zooms_in_and_out(qtbot, make_window, show, look, ply):
    window = show(make_window(), ply)
    before = look(window)
    view = window.viewport
    for turn in (240, -240):
        at = QPointF(view.width() / 2, view.height() / 2)
        event = QWheelEvent(
            at, view.mapToGlobal(at), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, NO_KEYS,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
        if turn > 0:
            nearer = look(window)
    assert covered(nearer) > 1.2 * covered(before)
    assert np.abs(look(window).astype(int) - before).max() <= 1


def test_fly_by_keys_and_rest_afterwards(qtbot, make_window, show, look, ply):
    window = show(make_window(), ply)
    eye, forward = window.session.navigator.eye, window.session.navigator.forward
    window.viewport.setFocus()
    qtbot.keyPress(window.viewport, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: (window.session.navigator.eye - eye) @ forward > 0.05)
    qtbot.keyRelease(window.viewport, Qt.Key.Key_W)
    look(window)
    rest = window.session.navigator.eye
    frames = count_frames(window)
    for _ in range(10):  # a slow machine may still owe the last update; a busy loop never rests
        frames.clear()
        qtbot.wait(200)
        if not frames:
            break
    np.testing.assert_array_equal(window.session.navigator.eye, rest)
    assert not frames  # nothing is drawn while nothing changes


def test_resize_keeps_pixels_square(qtbot, make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    window.resize(640, 380)
    picture = look(window)
    scale = window.viewport.devicePixelRatioF()
    assert picture.shape[1] == round(window.viewport.width() * scale)
    assert_same(picture, expected(window, "cpu"))
    camera = window.session.navigator.camera(*window.viewport._size)
    assert camera.fx == camera.fy


def test_frame_and_reset(qtbot, make_window, show, look, ply):
    window = show(make_window(), ply)
    start = look(window)
    navigator = window.session.navigator
    drag(qtbot, window, LEFT, (200, 150), (300, 180))
    drag(qtbot, window, RIGHT, (200, 150), (400, 150))
    forward = navigator.forward
    qtbot.keyClick(window.viewport, Qt.Key.Key_F)
    np.testing.assert_allclose(navigator.target, window.session.opened.center)
    np.testing.assert_allclose(navigator.forward, forward)
    navigator.flip()
    qtbot.keyClick(window.viewport, Qt.Key.Key_R)
    np.testing.assert_array_equal(look(window), start)


def test_up_and_flip(qtbot, make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    before = look(window)
    assert window.indicators.up_button.text() == "−Y up"
    window.actions_.flip.trigger()
    assert window.indicators.up_button.text() == "+Y up"
    # The picture is turned by half a turn; only rounding differs.
    assert np.abs(look(window)[::-1, ::-1].astype(int) - before).max() <= 3
    window.actions_.ups["+Z"].trigger()
    assert window.indicators.up_button.text() == "+Z up"
    np.testing.assert_array_equal(window.session.navigator.up, (0, 0, 1))
    assert window.actions_.ups["+Z"].isChecked()


def test_backends_agree_and_the_menu_switches(qtbot, make_window, show, look, ply):
    window = show(make_window("gl"), ply)
    window.session.settings.precision = "float32"
    drawn = {"gl": look(window)}
    for name in ("cpu", "reference"):
        assert window.actions_.backends[name].isEnabled()
        window.actions_.backends[name].trigger()
        drawn[name] = look(window)
        assert window.indicators.backend_button.text() == f"{name} · sorted"
        assert f"Backend {name}" in window.overlays.hud.text()
    for name in ("gl", "cpu"):
        difference = np.abs(drawn[name].astype(int) - drawn["reference"])
        assert difference.max() <= 2  # rounding to bytes, and skipped alphas below 1/255
        assert difference.mean() < 0.05


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_saved_picture_is_the_renderers_frame(
    qtbot, make_window, show, look, ply, tmp_path, monkeypatch, backend
):
    window = show(make_window(backend), ply)
    target = tmp_path / "shot"  # the extension is added
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(target), ""))
    window.actions_.save_picture.trigger()
    qtbot.waitUntil(lambda: (tmp_path / "shot.png").exists())
    qtbot.wait(50)
    saved = np.asarray(Image.open(tmp_path / "shot.png"))
    np.testing.assert_array_equal(saved, expected(window, backend))
    assert_same(look(window), saved)


def test_transparent_picture_keeps_its_alpha(qtbot, make_window, show, look, ply, tmp_path):
    window = show(make_window("cpu"), ply)
    window.session.settings.transparent = True
    look(window)
    window.pictures.save(tmp_path / "t.png")
    qtbot.waitUntil(lambda: (tmp_path / "t.png").exists())
    qtbot.wait(50)
    saved = np.asarray(Image.open(tmp_path / "t.png"))
    assert saved.shape[2] == 4
    assert saved[0, 0, 3] == 0
    assert saved[..., 3].max() > 200


def test_copied_picture(qtbot, make_window, show, look, ply):
    window = show(make_window("gl"), ply)
    picture = look(window)
    window.pictures.copy()
    qtbot.waitUntil(lambda: not window.pictures.busy)
    image = QGuiApplication.clipboard().image()
    height, width, _ = picture.shape
    assert (image.width(), image.height()) == (width, height)
    color = image.pixelColor(width // 2, height // 2)
    assert (color.red(), color.green(), color.blue()) == tuple(picture[height // 2, width // 2])


def test_settings_change_the_picture_at_once(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    before = look(window)
    window.session.settings.splat_scale = 0.3
    smaller = look(window)
    assert covered(smaller) < covered(before)
    assert_same(smaller, expected(window, "cpu"))


def test_overlay_tells_the_truth(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    height, width, _ = look(window).shape
    text = window.overlays.hud.text()
    assert "40 of 40" in text
    assert f"{width} × {height} px" in text
    assert " ms" in text
    window.actions_.overlay.trigger()
    assert not window.overlays.hud.isVisible()


def test_about_names_version_and_renderer(qtbot, make_window, look):
    import voile
    from voile.app.about import AboutBox

    window = make_window()
    look(window)
    window.actions_.about.trigger()
    (box,) = window.findChildren(AboutBox)
    assert f"Voile: {voile.__version__}" in box.text()
    assert str(window.viewport._ctx.info["GL_RENDERER"]) in box.text()
    box.close()


def test_another_window_of_the_same_picture(make_window, show, look, ply):
    """Two windows have a context each and do not disturb one another."""
    first, second = show(make_window(), ply), show(make_window(), ply)
    np.testing.assert_array_equal(look(first), look(second))
    second.close()
    first.session.navigator.orbit(0.1, 0.0)
    assert_same(look(first), expected(first, "gl"))


def assert_same(shown, frame):
    """Screen against frame: equal, but that the GPU may round a tie to the other byte."""
    difference = np.abs(shown.astype(int) - frame)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= 1e-5 * difference.size


def covered(picture):
    """Share of pixels that are not background."""
    return (np.abs(picture.astype(int) - picture[0, 0]).max(axis=2) > 2).mean()


def centroid(picture):
    """(x, y) of what is not background, pixels."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - picture[0, 0]).max(axis=2) > 2)
    return np.array([columns.mean(), rows.mean()])


def count_frames(window):
    """A list that grows with every frame shown."""
    frames = []
    window.viewport.frame_shown.connect(lambda *_: frames.append(1))
    return frames


def test_qt_keeps_the_references_of_none(qtbot):
    """PySide6 6.12.0 lost one at every call on Python 3.11, and the window aborted in the end."""
    from PySide6.QtWidgets import QLabel

    label = QLabel()
    qtbot.addWidget(label)
    gc.collect()  # or what other tests have left lets go of some meanwhile
    before = sys.getrefcount(None)
    for k in range(2000):
        label.setText(str(k))
    assert sys.getrefcount(None) > before - 500
