"""The quality panel: modes and their settings, adding up samples, the frontier."""

import threading

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QLineEdit, QPushButton, QSlider  # noqa: E402

from voile.render import FrameRequest, create_renderer  # noqa: E402
from voile.render.cpu.renderer import CPURenderer  # noqa: E402
from voile.render.modes import MODES  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel_of(make_window, show, ply):
    """A window with a scene and its panels, by backend."""

    def make(backend="cpu"):
        window = show(make_window(backend, size=(900, 600), panels=True), ply)
        window.docks.show("blending")
        return window, window.docks["blending"]

    return make


def choose(box, data):
    row = box.findData(data)
    assert box.model().item(row).isEnabled()
    box.setCurrentIndex(row)
    box.activated.emit(row)


def drawn(window, mode=None, seeds=1):
    """The picture by a renderer of its own."""
    camera = window.session.navigator.camera(*window.viewport._size)
    renderer = create_renderer(window.session.backend)
    renderer.upload(window.session.opened.scene.splats)
    settings = window.session.settings.copy()
    frame = renderer.render(FrameRequest(camera, settings))
    renderer.close()
    return frame.to_rgb8(settings.background)


def test_choosing_a_mode_draws_by_it_and_shows_its_settings(panel_of, look):
    window, panel = panel_of()
    before = look(window)
    assert panel.modes.box.currentData() == "sorted"
    assert all(control.isHidden() for control in panel.modes.controls.values())
    choose(panel.modes.box, "binned")
    after = look(window)
    assert window.session.settings.mode == "binned"
    shown = {name for name, c in panel.modes.controls.items() if not c.isHidden()}
    assert shown == set(MODES["binned"].settings)
    assert (after != before).any()
    assert np.abs(after.astype(int) - drawn(window)).max() <= 1
    assert "binned 8 bins, refine 2" in window.overlays.hud.text()
    assert "binned" in window.indicators.backend_button.text()


def test_settings_are_bound_both_ways(qtbot, panel_of, look):
    window, panel = panel_of()
    settings = window.session.settings
    settings.mode = "binned"
    bins = {b.text(): b for b in panel.modes.controls["bins"].findChildren(QPushButton)}
    assert bins["8"].isChecked()
    before = look(window)
    qtbot.mouseClick(bins["4"], LEFT)
    assert settings.bins == 4
    assert (look(window) != before).any()
    settings.bins = 32
    assert bins["32"].isChecked()
    settings.mode = "weighted"
    beta = panel.modes.controls["beta"]
    field, slider = beta.findChild(QLineEdit), beta.findChild(QSlider)
    slider.setValue(slider.maximum() // 2)
    assert settings.beta == 100.0
    assert field.text() == "100"
    field.setText("7.5")
    field.editingFinished.emit()
    assert settings.beta == 7.5
    for nonsense in ("many", "900"):
        field.setText(nonsense)
        field.editingFinished.emit()
        assert (settings.beta, field.text()) == (7.5, "7.5")
    choose(panel.modes.controls["weight"].findChild(type(panel.modes.box)), "linear")
    assert settings.weight == "linear"


def test_what_cannot_be_drawn_is_grey_and_says_why(panel_of, look):
    window, panel = panel_of()
    item = panel.modes.box.model().item(panel.modes.box.findData("learned"))
    assert not item.isEnabled()
    assert "voile bake" in item.toolTip()
    modes = {"gl": frozenset({"sorted"}), "cpu": frozenset(MODES), "reference": frozenset(MODES)}
    window.session.set_modes(modes)
    window.session.settings.mode = "weighted"
    gl = window.actions_.backends["gl"]
    assert not gl.isEnabled()
    assert "cpu and reference can" in gl.toolTip()
    window.session.settings.mode = "sorted"
    assert gl.isEnabled()
    gl.trigger()
    item = panel.modes.box.model().item(panel.modes.box.findData("weighted"))
    assert not item.isEnabled()
    look(window)
    assert not window.overlays.banners


def test_a_mode_the_backend_lacks_is_told_and_not_replaced(panel_of, look, monkeypatch):
    window, _ = panel_of()
    look(window)
    window.session.settings.mode = "learned"
    look(window)
    assert "voile bake" in window.overlays.banners[0].text
    window.session.settings.mode = "weighted"
    assert np.abs(look(window).astype(int) - drawn(window)).max() <= 1


@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_samples_add_up_while_the_view_rests(qtbot, panel_of, look, backend):
    window, _ = panel_of(backend)
    if window.session.lacks("stochastic", backend):
        pytest.skip(f"{backend} draws no mode stochastic")
    window.session.settings.mode = "stochastic"

    def samples():
        shown = window.viewport.drawer.shown.get(0)
        return shown.samples if shown else 0

    qtbot.waitUntil(lambda: samples() >= 12)
    assert "samples" in window.overlays.hud.text()
    window.session.navigator.orbit(0.1, 0.0)
    seen = []
    window.viewport.frame_shown.connect(lambda *_: seen.append(samples()))
    qtbot.waitUntil(lambda: bool(seen) and min(seen) <= 2)  # began anew
    window.session.settings.accumulate = 8
    # The thread fills the mean a moment before the window shows it.
    qtbot.waitUntil(lambda: samples() == 8)
    picture = look(window)
    frames = []  # drawn, not shown: a window that was covered is shown again
    window.viewport.drawer.drawn.connect(lambda *_: frames.append(1))
    qtbot.wait(300)
    assert not frames  # enough is enough
    window.pictures.copy()  # what is shown, not a frame of its own
    qtbot.waitUntil(lambda: not window.pictures.busy)
    from PySide6.QtGui import QGuiApplication

    image = QGuiApplication.clipboard().image()
    height, width, _ = picture.shape
    color = image.pixelColor(width // 2, height // 2)
    shown = np.array((color.red(), color.green(), color.blue()))
    assert np.abs(shown - picture[height // 2, width // 2]).max() <= 1


@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_measuring_fills_the_chart_and_a_click_chooses(qtbot, panel_of, look, backend):
    window, panel = panel_of(backend)
    look(window)
    assert panel.chart.isHidden()
    qtbot.mouseClick(panel.button, LEFT)
    assert panel.button.text() == "Cancel"
    qtbot.waitUntil(lambda: not panel.measurer.running)
    points = panel.chart.points
    assert points[0].settings == {"mode": "sorted"}
    assert {p.settings["mode"] for p in points} <= set(MODES)
    point = points[-1]
    qtbot.waitUntil(panel.chart.isVisible)

    def under_the_mouse():  # wherever the chart has been laid out by now
        qtbot.mouseMove(panel.chart, panel.chart.place(point).toPoint())
        return " ms · " in panel.words.text()

    qtbot.waitUntil(under_the_mouse)
    at = panel.chart.place(point).toPoint()
    chosen = panel.chart._under
    qtbot.mouseClick(panel.chart, LEFT, pos=at)
    assert chosen.matches(window.session.settings)
    look(window)
    assert not window.overlays.banners
    other = "reference"
    window.actions_.backends[other].trigger()
    assert not panel.chart.points  # those of another backend
    window.actions_.backends[backend].trigger()
    assert panel.chart.points == points


def test_measuring_can_be_cancelled_and_fails_aloud(qtbot, panel_of, look, monkeypatch):
    window, panel = panel_of()
    look(window)
    panel.button.click()
    qtbot.waitUntil(lambda: bool(panel.chart.points))
    panel.button.click()
    qtbot.waitUntil(lambda: not panel.measurer.running)
    assert panel.button.text() == "Measure"

    from voile.render import RenderError

    def refuse(self, request):
        raise RenderError("no measuring today")

    with monkeypatch.context() as patch:
        patch.setattr(CPURenderer, "render", refuse)
        panel.button.click()
        qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "no measuring today" in window.overlays.banners[0].text
    qtbot.waitUntil(lambda: not panel.measurer.running)


def test_closing_while_measuring_ends_the_thread(qtbot, panel_of, look):
    window, panel = panel_of()
    look(window)
    panel.button.click()
    assert panel.measurer.running
    window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]


def test_the_panel_is_remembered(make_window, preferences_path):
    window = make_window(size=(900, 600), panels=True)
    assert window.docks.any_shown
    window.actions_.panels.trigger()
    assert not window.docks.any_shown
    window.close()
    again = make_window(size=(900, 600), panels=True)
    assert not again.docks.any_shown
