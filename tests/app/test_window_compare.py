"""Two ways to draw side by side: the divider, the difference, the numbers."""

import threading

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QPoint, QPointF  # noqa: E402
from PySide6.QtGui import QMouseEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from voile.render import FrameRequest, RenderError, create_renderer  # noqa: E402
from voile.render.cpu.renderer import CPURenderer  # noqa: E402
from voile.render.measuring import difference  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def comparing(qtbot, make_window, show, ply):
    """A window that compares A by gl, sorted, with B by another backend, weighted."""

    def make(backend="cpu", a="gl"):
        window = show(make_window(a), ply)
        qtbot.keyClick(window.viewport, Qt.Key.Key_C)
        comparison = window.session.comparison
        assert comparison.active
        comparison.backend = backend
        comparison.settings.mode = "weighted"
        compared(qtbot, window)
        return window

    return make


def compared(qtbot, window):
    """Waits until the numbers are those of what is shown."""
    view, drawer = window.viewport, window.viewport.drawer

    def there():
        if not view.settled or len(drawer.shown) < 2 or drawer.compared is None:
            return False
        pair = drawer.compared.pair
        return pair.a is drawer.shown[0] and pair.b is drawer.shown[1]

    qtbot.waitUntil(there)
    return drawer.compared


def frames(window):
    """Both sides by renderers of their own, over the background."""
    session = window.session
    camera = session.navigator.camera(*window.viewport._size)
    settings = session.settings.copy()
    sides = []
    for backend, each in (
        (session.backend, settings),
        (session.comparison.backend, session.comparison.settings_beside(settings)),
    ):
        renderer = create_renderer(backend)
        renderer.upload(session.opened.scene.splats)
        sides.append(renderer.render(FrameRequest(camera, each)))
        renderer.close()
    return sides


def assert_split(picture, a, b, at):
    for part, frame in ((np.s_[:, :at], a), (np.s_[:, at:], b)):
        assert np.abs(picture[part].astype(int) - frame[part]).max() <= 1


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_both_sides_are_the_renderers_pictures(qtbot, comparing, look, backend):
    window = comparing(backend)
    background = window.session.settings.background
    a, b = (f.to_rgb8(background) for f in frames(window))
    picture = look(window)
    middle = round(picture.shape[1] * 0.5)
    assert_split(picture, a, b, middle)
    assert (a != b).any()
    assert not window.docks.docks["compare"].isHidden()


def test_gl_draws_both_sides_of_one_view(qtbot, comparing, look):
    window = comparing("cpu")
    comparison = window.session.comparison
    comparison.backend = "gl"
    comparison.settings.mode = "sorted"
    found = compared(qtbot, window)
    assert found.psnr == float("inf")
    assert "exact" in window.overlays.hud.text()
    assert not window.overlays.banners


def test_the_divider_is_dragged(qtbot, comparing, look):
    window = comparing()
    divider, view = window.overlays.compare.divider, window.viewport
    assert divider.isVisible()
    rounds = []
    view.compared.connect(rounds.append)
    a, b = (f.to_rgb8(window.session.settings.background) for f in frames(window))
    start = divider.rect().center()
    qtbot.mousePress(divider, LEFT, pos=start)
    # Moves are relative to the widget, which follows the mouse.
    for share in (0.4, 0.25):
        x = round(share * view.width())
        at = QPointF(divider.mapFrom(view, QPoint(x, start.y())))
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove, at, divider.mapToGlobal(at), LEFT, LEFT,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(divider, event)
    qtbot.mouseRelease(divider, LEFT, pos=divider.rect().center())
    share = window.session.comparison.divider
    assert share == pytest.approx(0.25, abs=0.01)
    picture = look(window)
    assert_split(picture, a, b, round(share * picture.shape[1]))
    assert divider.geometry().center().x() == pytest.approx(share * view.width(), abs=1)
    assert not rounds  # nothing is drawn or measured anew
    window.session.comparison.divider = 7.0  # far beyond the edge
    assert np.abs(look(window).astype(int) - a).max() <= 1


def test_the_numbers_are_true_and_follow_the_camera(qtbot, comparing, look):
    window = comparing()
    background = window.session.settings.background
    texts = set()
    for _ in range(2):
        found = compared(qtbot, window)
        a, b = frames(window)
        truth = difference(a.over(background), b.over(background))
        assert found.psnr == pytest.approx(truth.psnr, abs=0.05)
        assert found.max_error == pytest.approx(truth.max_error, abs=0.5)
        qtbot.waitUntil(lambda f=found: f"{f.psnr:.1f} dB" in window.overlays.hud.text())
        texts.add(window.overlays.hud.text())
        tags = window.overlays.compare.a.text, window.overlays.compare.b.text
        assert "gl · sorted" in tags[0]
        assert "cpu · weighted" in tags[1]
        assert all(" ms" in tag for tag in tags)
        window.session.navigator.orbit(0.1, 0.05)
    assert len(texts) == 2


def test_the_difference_is_shown_in_colours(qtbot, comparing, look):
    window = comparing()
    before = look(window)
    window.docks["compare"].heat.click()
    assert window.session.comparison.heat
    qtbot.waitUntil(lambda: window.viewport.drawer.compared.heat is not None)
    picture = look(window)
    compared_ = window.viewport.drawer.compared
    want = np.round(np.clip(compared_.heat.color, 0, 1) * 255)
    assert np.abs(picture - want).max() <= 1
    legend = window.overlays.compare.legend
    assert legend.isVisible()
    assert not window.overlays.compare.divider.isVisible()
    window.docks["compare"].heat.click()
    np.testing.assert_array_equal(look(window), before)


def test_turning_it_off_leaves_the_picture_as_it_was(qtbot, comparing, look):
    window = comparing()
    window.actions_.compare.trigger()
    picture = look(window)
    a, _ = frames(window)
    assert np.abs(picture.astype(int) - a.to_rgb8(window.session.settings.background)).max() <= 1
    overlay = window.overlays.compare
    for widget in (overlay.a, overlay.b, overlay.divider, overlay.legend):
        assert not widget.isVisible()
    assert "B to A" not in window.overlays.hud.text()
    assert window.docks.docks["compare"].isHidden()


def test_a_side_that_cannot_be_drawn_is_told(qtbot, comparing, look, monkeypatch):
    window = comparing()
    comparison = window.session.comparison

    def refuse(self, request):
        raise RenderError("no second picture")

    with monkeypatch.context() as patch:
        patch.setattr(CPURenderer, "render", refuse)
        window.session.navigator.orbit(0.1, 0.0)
        qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "no second picture" in window.overlays.banners[0].text
    picture = look(window)  # A alone
    camera = window.session.navigator.camera(*window.viewport._size)
    assert picture.shape[:2] == (camera.height, camera.width)
    comparison.settings.mode = "sorted"
    compared(qtbot, window)
    assert len(window.viewport.drawer.shown) == 2


def test_a_noisy_side_becomes_better(qtbot, comparing):
    window = comparing()
    window.session.comparison.settings.mode = "stochastic"
    first = compared(qtbot, window)
    window.session.comparison.settings.mode = "stochastic"
    qtbot.waitUntil(lambda: window.viewport.drawer.shown[1].samples >= 30)
    assert compared(qtbot, window).psnr > first.psnr + 3
    assert "samples" in window.overlays.compare.b.text


def test_closing_while_comparing(comparing, caplog):
    window = comparing()
    threads = threading.active_count()
    window.session.navigator.orbit(0.1, 0.0)
    assert window.close()
    assert not window.isVisible()
    assert threading.active_count() < threads  # the one that draws has ended
    assert not [record.getMessage() for record in caplog.records]


def test_saving_while_comparing_says_which_side_it_was(qtbot, comparing, tmp_path):
    window = comparing("cpu")
    path = tmp_path / "a.png"
    window.pictures.save(path)
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    notice = window.overlays.banners[0]
    assert "Side A was saved" in notice.text
    assert "sorted, drawn by gl" in notice.text
    assert str(path) in notice.text
    saved = np.asarray(Image.open(path))
    expected = frames(window)[0].to_rgb8(window.session.settings.background)
    assert np.abs(saved.astype(int) - expected).max() <= 1
    window.pictures.copy()
    qtbot.waitUntil(lambda: len(window.overlays.banners) == 2)
    assert "On the clipboard" in window.overlays.banners[1].text
    window.session.comparison.active = False
    window.pictures.copy()
    qtbot.waitUntil(lambda: not window.pictures.busy)
    assert len(window.overlays.banners) == 2
