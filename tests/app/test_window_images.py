"""Images made of splats in windows: looking, detail, ellipses, errors, and fitting."""

import numpy as np
import pytest
from make_images import picture
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from voile.render.image.fit import Plan
from voile.render.image.fitting import fit_image
from voile.render.image.source import Source
from voile.scenes.io.vis import load_image, save_image

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    Image.fromarray(picture(96, 64)).save(folder / "photo.png")
    found = fit_image(Source(picture(96, 64)), Plan(250, 60))
    save_image(found.splats, folder / "photo.vis", found.bits)
    (folder / "broken.vis").write_bytes((folder / "photo.vis").read_bytes()[:-9])
    return folder


@pytest.fixture
def main_window(qtbot, make_window):
    """A window whose kernels are ready: it may be closed at any time."""
    window = make_window()
    qtbot.waitUntil(lambda: window.viewport.kernels_ready)
    return window


@pytest.fixture
def image_window(qtbot, qapp, activated, no_hurry):
    from voile.app.image_window import ImageWindow

    window = ImageWindow()
    window.resize(720, 420)
    window.show()
    qtbot.waitUntil(window.isVisible)
    activated(window)  # shortcuts go to the active window
    yield window
    window.close()
    window.deleteLater()


def settle(qtbot, window):
    drawer = window.canvas.drawer
    qtbot.waitUntil(lambda: window.canvas.latest is not None and drawer.settled)
    qtbot.wait(20)


def seen(window):
    """(H, W, 3) uint8 of the canvas."""
    image = window.canvas.grab().toImage().convertToFormat(_rgb())
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def _rgb():
    from PySide6.QtGui import QImage

    return QImage.Format.Format_RGB888


def turn(window, notches, x, y):
    place = QPointF(x, y)
    event = QWheelEvent(
        place, window.canvas.mapToGlobal(place), QPoint(), QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


def test_the_whole_image_is_shown_and_looked_into(qtbot, image_window, files):
    window = image_window
    assert window.open(files / "photo.vis")
    settle(qtbot, window)
    size = window.canvas.size()
    view = window.canvas.latest.shown.view
    assert view.scale == pytest.approx(min(size.width() / 96, size.height() / 64))
    target = np.asarray(
        Image.fromarray(picture(96, 64)).resize(
            (round(96 * view.scale), round(64 * view.scale)), Image.Resampling.BICUBIC
        )
    )
    drawn = seen(window)
    top = (size.height() - target.shape[0]) // 2
    left = (size.width() - target.shape[1]) // 2
    part = drawn[top : top + target.shape[0], left : left + target.shape[1]].astype(int)
    assert np.abs(part - target).mean() < 16
    # The point under the cursor stays there, however near one goes.
    model = window.model
    x, y = 200, 130
    before = model.center[0] + (x - size.width() / 2) / model.scale
    for _ in range(80):
        turn(window, 1, x, y)
    after = model.center[0] + (x - size.width() / 2) / model.scale
    assert model.scale > 1e6
    assert after == pytest.approx(before, abs=1e-6)
    settle(qtbot, window)
    assert np.ptp(seen(window)[..., 0]) <= 3
    qtbot.keyClick(window.canvas, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: model.scale < 100)
    settle(qtbot, window)
    assert np.array_equal(seen(window), drawn)


def test_beyond_the_image_there_is_nothing(qtbot, image_window, files):
    """The field goes on over the edges of the image; the picture does not."""
    window = image_window
    window.open(files / "photo.vis")
    window.canvas.look(2.0)
    settle(qtbot, window)
    view = window.canvas.latest.shown.view
    left, top = round(-view.left * view.scale), round(-view.top * view.scale)
    assert left > 5
    assert top > 5
    pixels = window.canvas.latest.pixels.copy()
    inside = np.ptp(pixels[top : top + 128, left : left + 192], axis=(0, 1))
    assert inside.min() > 60
    pixels[top : top + 128, left : left + 192] = pixels[0, 0]
    assert (pixels == pixels[0, 0]).all()


def test_drag_pans(qtbot, image_window, files):
    window = image_window
    window.open(files / "photo.vis")
    settle(qtbot, window)
    before = window.model.center
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(window.canvas, QPoint(160, 130))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(160, 130))
    scale = window.model.scale
    moved = (before[0] - window.model.center[0], before[1] - window.model.center[1])
    assert moved == pytest.approx((60 / scale, 30 / scale), abs=1e-6)


def test_controls_change_the_picture(qtbot, image_window, files):
    window = image_window
    window.open(files / "photo.vis")
    settle(qtbot, window)
    full = seen(window)
    panel = window.panel
    for control, value in ((panel.detail, 20), (panel.k, 1)):
        least = control.value()
        control.setValue(value)
        settle(qtbot, window)
        assert np.abs(seen(window).astype(int) - full).mean() > 0.5
        control.setValue(least)
        settle(qtbot, window)
    assert np.array_equal(seen(window), full)
    panel.ellipses.setChecked(True)
    settle(qtbot, window)
    assert (seen(window) != full).any(axis=2).mean() > 0.02
    panel.ellipses.setChecked(False)
    for backend in ("reference", "gl"):
        panel.backend.setCurrentText(backend)
        settle(qtbot, window)
        assert window.canvas.latest.device.startswith(backend)
        assert (np.abs(seen(window).astype(int) - full) > 2).any(axis=2).mean() < 0.02


def test_a_backend_that_is_not_there_gives_way(qtbot, image_window, files, monkeypatch):
    from voile.app import image_drawer
    from voile.render import BackendUnavailable

    window, made = image_window, image_drawer.create_image_renderer
    window.open(files / "photo.vis")
    settle(qtbot, window)

    def create(name):
        if name == "gl":
            raise BackendUnavailable("no driver")
        return made(name)

    monkeypatch.setattr(image_drawer, "create_image_renderer", create)
    window.panel.backend.setCurrentText("gl")
    qtbot.waitUntil(lambda: bool(window.banners))
    assert "no driver" in window.banners[0].text
    settle(qtbot, window)
    assert window.model["backend"] == window.panel.backend.currentText() == "cpu"
    assert window.canvas.latest.shown.backend == "cpu"


def test_errors_need_a_source(qtbot, image_window, files, tmp_path):
    window = image_window
    window.open(files / "photo.vis")
    settle(qtbot, window)
    assert not window.panel.heat.isEnabled()
    Image.fromarray(picture(20, 20)).save(tmp_path / "other.png")
    window.compare_with(tmp_path / "other.png")
    assert "96x64" in window.banners[-1].text
    window.compare_with(files / "photo.png")
    full = seen(window)
    window.panel.heat.setChecked(True)
    settle(qtbot, window)
    qtbot.waitUntil(lambda: window.canvas.latest.psnr is not None)
    assert 20 < window.canvas.latest.psnr < 60
    assert (seen(window) != full).any(axis=2).mean() > 0.3


def test_a_broken_file_is_a_notice(qtbot, image_window, files):
    assert not image_window.open(files / "broken.vis")
    assert "broken.vis" in image_window.banners[0].text
    assert image_window.model.splats is None


def test_fitting_in_the_window(qtbot, main_window, files, tmp_path):
    window = main_window
    window.images.fit(files / "photo.png", 200, 80)
    one = window.images.windows[0]
    assert one.panel.stop.isVisible()
    with qtbot.waitSignal(one.fitter.fitted) as found:
        pass
    assert found.args[0].finished
    qtbot.waitUntil(lambda: not one.fitter.running)
    assert len(one.model.splats) == 200
    assert not one.panel.stop.isVisible()
    settle(qtbot, one)
    one.save_file(tmp_path / "a.vis")
    assert np.array_equal(load_image(tmp_path / "a.vis").means, one.model.splats.means)
    one.save_picture(tmp_path / "a.png")
    qtbot.waitUntil((tmp_path / "a.png").exists)
    assert Image.open(tmp_path / "a.png").size[0] == one.canvas.latest.shown.view.width
    one.close()
    qtbot.waitUntil(lambda: not window.images.windows)


def test_stopping_keeps_what_there_is(qtbot, main_window, files):
    window = main_window
    window.images.fit(files / "photo.png", 300, 100_000)
    one = window.images.windows[0]
    with qtbot.waitSignal(one.fitter.previewed):
        pass
    one.panel.stop.click()
    with qtbot.waitSignal(one.fitter.fitted) as found:
        pass
    assert not found.args[0].finished
    assert one.model.splats is found.args[0].splats


def test_the_main_window_opens_images_beside_it(qtbot, main_window, files):
    window = main_window
    window.open(str(files / "photo.vis"))
    assert window.session.opened is None
    settle(qtbot, window.images.windows[0])
    assert window.images.windows[0].windowTitle().startswith("photo.vis")


def test_notices_stand_below_each_other(qtbot, image_window):
    image_window.notify("One", "was done.")
    image_window.notify("Another", "was done.")
    image_window.resize(image_window.minimumSizeHint())
    qtbot.wait(50)
    one, other = (banner.geometry() for banner in image_window.banners)
    assert not one.intersects(other)
    assert image_window.canvas.rect().contains(one.united(other))
