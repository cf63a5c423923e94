"""Docks, generated panels, presets, undo, pace and performance: by mouse and keys."""

import json
from functools import partial

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QPoint, QTimer  # noqa: E402
from PySide6.QtWidgets import (  # noqa: E402
    QAbstractButton,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QPushButton,
)

from voile.app.docks import DOCKS  # noqa: E402
from voile.app.setting_controls import caption_of  # noqa: E402
from voile.app.setting_inputs import Choice, Number, Segments, Swatch, Switch  # noqa: E402
from voile.render import Settings  # noqa: E402
from voile.render.presets import PRESETS, preset_values  # noqa: E402
from voile.render.settings import FIELDS, tree  # noqa: E402

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu", size=(1000, 700), panels=True), ply)
    look(window)
    window.history.stack.clear()
    return window


def change(qtbot, control):
    """Changes a setting by its control as a person would."""
    each = control.input
    if isinstance(each, Segments):
        buttons = each.findChildren(QPushButton)
        qtbot.mouseClick(next(b for b in buttons if not b.isChecked()), LEFT)
    elif isinstance(each, Choice):
        box = each.findChild(QComboBox)
        row = (box.currentIndex() + 1) % box.count()
        box.setCurrentIndex(row)
        box.activated.emit(row)
    elif isinstance(each, Switch):
        qtbot.mouseClick(each.findChild(QCheckBox), LEFT, pos=QPoint(8, 8))
    elif isinstance(each, Swatch):
        retype(qtbot, each.field, "#4080c0")
    else:
        assert isinstance(each, Number)
        meta = FIELDS[control.name].metadata
        value = meta["low"] + (meta["high"] - meta["low"]) * 0.75
        whole = isinstance(FIELDS[control.name].default, int)
        retype(qtbot, each.field, f"{round(value)}" if whole else f"{value:.2g}")


def retype(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def controls_of(window):
    """The control of every setting: all are in the panel with the search."""
    return window.docks["quality"].controls


def names_of(panel):
    return [name for names in tree()[panel].values() for name in names]


def test_every_setting_is_in_a_panel():
    assert sorted(name for panel in tree() for name in names_of(panel)) == sorted(FIELDS)


@pytest.mark.parametrize("panel", tree())
def test_every_setting_has_a_control_that_changes_it_and_takes_it_back(qtbot, make_window, panel):
    window = make_window("gl", size=(1000, 700), panels=True)
    qtbot.waitUntil(lambda: window.viewport.kernels_ready)
    settings = window.session.settings
    for name in names_of(panel):
        control = controls_of(window)[name]
        if name not in tree()["Blending"]["Mode"]:
            assert name in window.docks[panel.lower()].controls
        before = getattr(settings, name)
        window.docks["quality"].search.setText(control.caption)
        assert not control.isHidden(), name
        assert control.reset.isHidden(), name
        qtbot.waitUntil(lambda c=control: not c.visibleRegion().isEmpty())
        change(qtbot, control)
        after = getattr(settings, name)
        assert after != before, name
        assert not control.reset.isHidden(), name
        assert window.history.stack.undoText() == caption_of(name)
        qtbot.mouseClick(control.reset, LEFT)
        assert getattr(settings, name) == before, name
        for expected in (after, before):
            window.history.stack.undo()
            assert getattr(settings, name) == expected, name
        window.history.stack.redo()
        assert getattr(settings, name) == after, name
        window.history.stack.undo()
        window.history.clear()


def test_search_finds_settings_of_every_panel(qtbot, window):
    panel = window.docks["quality"]
    shown = lambda: {n for n, c in panel.controls.items() if not c.isHidden()}  # noqa: E731
    own = {n for names in tree()["Quality"].values() for n in names}
    assert shown() == own
    qtbot.keyClicks(panel.search, "angle")
    assert shown() == {"field_of_view"}
    assert panel.groups["Camera", "Lens"].text() == "Camera · Lens"
    retype(qtbot, panel.search, "no such thing")
    assert shown() == set()
    assert not panel.nothing.isHidden()
    panel.search.clear()
    assert shown() == own


def test_groups_fold(qtbot, window):
    group = window.docks["quality"].groups["Quality", "Culling"]
    qtbot.mouseClick(group.toggleButton(), LEFT)
    assert not group.isExpanded()
    qtbot.mouseClick(group.toggleButton(), LEFT)
    assert group.isExpanded()


def test_a_slider_drag_is_one_step(qtbot, window):
    slider = controls_of(window)["render_scale"].input.slider
    settings = window.session.settings
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    values = []
    settings.events.render_scale.connect(values.append)
    qtbot.mousePress(slider, LEFT, pos=middle)
    for x in (10, 20, 30):
        qtbot.mouseMove(slider, middle + QPoint(x, 0))
        slider.setSliderPosition(slider.sliderPosition() + 5)
    qtbot.mouseRelease(slider, LEFT, pos=middle + QPoint(30, 0))
    assert len(values) >= 3
    assert window.history.stack.count() == 1
    dragged = values[-1]
    slider.setValue(5)  # another gesture
    assert window.history.stack.count() == 2
    window.history.stack.undo()
    assert settings.render_scale == dragged
    window.history.stack.undo()
    assert settings.render_scale == 1.0


def test_undo_and_redo_by_keys_bring_the_picture_back(qtbot, window, look):
    before = look(window)
    window.session.settings.splat_scale = 0.3
    after = look(window)
    assert (after != before).any()
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(look(window), before)
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL | SHIFT)
    np.testing.assert_array_equal(look(window), after)


def test_the_view_is_undone_too_and_a_drag_is_one_step(qtbot, window, look):
    navigator, before = window.session.navigator, look(window)
    start = navigator.view
    for _ in range(5):
        navigator.orbit(0.05, 0.01)
    window.history.end_gesture()
    navigator.zoom(2)
    assert window.history.stack.count() == 2
    window.history.stack.undo()
    window.history.stack.undo()
    assert navigator.view == start
    np.testing.assert_array_equal(look(window), before)


def test_another_scene_begins_another_history(qtbot, window, show, look, other_ply):
    window.session.settings.splat_scale = 0.3
    window.session.comparison.settings.bins = 16
    assert window.history.stack.undoText() == "B: Bins"
    show(window, other_ply)
    qtbot.wait(20)
    assert window.history.stack.count() == 0


def test_presets_are_one_step_and_say_where_the_settings_are(qtbot, window, look):
    bar = window.docks["quality"].findChild(type(window.docks["quality"]._head))
    settings = window.session.settings
    assert bar.buttons["Balanced"].isChecked()
    settings.background = (0.2, 0.3, 0.4)
    for name in PRESETS:
        qtbot.mouseClick(bar.buttons[name], LEFT)
        assert bar.current == name
        assert all(getattr(settings, k) == v for k, v in preset_values(name).items())
        look(window)
    assert settings.background == (0.2, 0.3, 0.4)
    assert not window.overlays.banners
    window.history.stack.undo()
    assert bar.current == "Best"
    settings.min_alpha = 0.25
    assert bar.current is None
    assert "own" in bar.words.text()


def test_presets_of_the_users_own(qtbot, window, make_window, monkeypatch, tmp_path):
    bar, settings = window.docks["quality"]._head, window.session.settings
    answers = iter(["Mine", "Fast", "Yours / theirs"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (next(answers), True))
    settings.min_alpha = 0.25
    bar.save()
    assert bar.current == "Mine"
    bar.save()
    assert "built in" in window.overlays.banners[0].text
    bar.rename()
    assert list(bar.own.values) == ["Yours / theirs"]
    file = tmp_path / "exported.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(file), ""))
    bar.export()
    assert json.loads(file.read_text())["settings"]["min_alpha"] == 0.25
    window.close()
    again = make_window("cpu", size=(1000, 700), panels=True)
    bar = again.docks["quality"]._head
    bar.fill_menu()
    assert bar.menu.actions()[0].text() == "Yours / theirs"
    bar.menu.actions()[0].trigger()
    assert again.session.settings.min_alpha == 0.25
    bar.delete()
    assert not bar.own.values
    again.session.settings.min_alpha = 0.0
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(file), ""))
    bar.load()
    assert (bar.current, again.session.settings.min_alpha) == ("exported", 0.25)


def test_a_preset_leaves_out_what_the_backend_lacks(qtbot, window, look):
    modes = {"cpu": frozenset({"sorted"})}
    window.session.set_modes(modes, {"cpu": frozenset({"min_alpha", "frustum"})})
    control = controls_of(window)["min_alpha"]
    assert not control.input.isEnabled()
    assert "cpu backend does not have it" in control.toolTip()
    window.docks["quality"]._head.apply("Fast")
    assert window.session.settings.min_alpha == 0.0
    assert window.session.settings.max_sh_degree == 1
    assert not controls_of(window)["storage"].input.isEnabled()  # the cpu has none


def test_a_colour_is_chosen_in_a_dialog(qtbot, window, look):
    swatch = window.docks["scene"].controls["background"].input
    before = window.session.settings.background

    def end(how):
        dialog = window.findChild(QColorDialog)
        dialog.setCurrentColor(Qt.GlobalColor.red)
        how(dialog)

    answers = (QColorDialog.reject, before), (QColorDialog.accept, (1.0, 0.0, 0.0))
    for how, expected in answers:
        window.docks.show("scene")
        QTimer.singleShot(50, partial(end, how))
        qtbot.mouseClick(swatch.button, LEFT)
        qtbot.waitUntil(lambda: not window.findChildren(QColorDialog))
        assert window.session.settings.background == pytest.approx(expected, abs=1e-3)
    assert tuple(look(window)[0, 0]) == (255, 0, 0)


def test_the_layout_is_remembered(qtbot, window, make_window):
    window.docks.show("performance")
    window.docks.docks["camera"].setFloating(True)
    window.docks.docks["scene"].close()
    window.close()
    again = make_window("cpu", size=(1000, 700), panels=True)
    docks = again.docks.docks
    assert not docks["performance"].isHidden()
    assert docks["camera"].isFloating()
    assert docks["scene"].isHidden()
    again.actions_.panels.trigger()
    assert not again.docks.any_shown
    again.actions_.panels.trigger()
    assert not docks["performance"].isHidden()
    assert docks["scene"].isHidden()


def test_closing_the_compare_panel_ends_the_comparison(qtbot, window, look):
    window.actions_.compare.trigger()
    look(window)
    assert not window.docks.docks["compare"].isHidden()
    window.docks.docks["compare"].close()
    assert not window.session.comparison.active
    assert not window.actions_.compare.isChecked()
    assert {d.name for d in DOCKS if d.listed} >= {"quality", "blending", "camera", "scene"}


def test_exposure_and_scale_are_in_the_saved_picture(qtbot, window, look, tmp_path):
    from PIL import Image

    window.session.settings.exposure = 1.0
    window.session.settings.tone_mapping = "aces"
    window.session.settings.render_scale = 0.5
    shown = look(window)
    window.pictures.save(tmp_path / "a.png")
    qtbot.waitUntil(lambda: (tmp_path / "a.png").exists())
    qtbot.wait(50)
    saved = np.asarray(Image.open(tmp_path / "a.png"))
    assert saved.shape == shown.shape
    assert np.abs(saved.astype(int) - shown).mean() < 1.0  # interpolated by other arithmetic


def test_an_angle_of_view_is_the_views(qtbot, window, look):
    navigator, own = window.session.navigator, window.session.navigator.fov_y
    before = look(window)
    window.session.settings.field_of_view = 20.0
    assert navigator.fov_y == 20.0
    assert (look(window) != before).any()
    window.actions_.reset.trigger()
    assert navigator.fov_y == 20.0
    window.session.settings.field_of_view = 0.0
    assert navigator.fov_y == own


def test_motion_is_drawn_less_well_and_rest_as_set(qtbot, window, look):
    window.session.settings.frame_rate = 144
    pace, before = window.viewport.pace, look(window)
    adaptive = pace._adaptive
    sizes = []
    window.viewport.drawer.drawn.connect(lambda d: sizes.append(d.job.request.camera.width))
    window.session.navigator.orbit(0.01, 0.0)
    for _ in range(4):
        adaptive.frame(500.0, 7.0)  # as if every frame took half a second
    assert pace.moving
    assert not window.viewport.settled
    window.session.navigator.orbit(0.01, 0.0)
    qtbot.waitUntil(lambda: bool(sizes) and min(sizes) < before.shape[1])
    after = look(window)
    assert not pace.moving
    assert sizes[-1] == before.shape[1]
    assert after.shape == before.shape


def test_performance_counts_and_exports_a_trace(qtbot, window, look, tmp_path, monkeypatch):
    window.docks.show("performance")
    panel = window.docks["performance"]
    qtbot.waitUntil(panel.isVisible)
    assert panel.values["Frame"].text().endswith(" ms"), "what was drawn before it was shown"
    window.session.settings.min_alpha = 0.99
    look(window)
    window.session.settings.min_alpha = 0.0
    look(window)
    assert panel.values["Splats"].text() == "40"
    assert panel.values["Drawn"].text() == "40"
    assert int(panel.values["Culled"].text()) == 0
    assert panel.values["Host memory"].text().endswith("B")
    assert {"project", "rasterize"} <= set(panel.chart.stages)
    file = tmp_path / "trace.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(file), ""))
    qtbot.mouseClick(panel.button, LEFT)
    events = json.loads(file.read_text())["traceEvents"]
    assert {e["ph"] for e in events} == {"X"}
    frames = [e for e in events if e["cat"] == "frame"]
    stages = [e for e in events if e["cat"] == "stage"]
    assert len(frames) == len(panel.recorder.frames)
    assert {e["name"] for e in stages} >= {"project", "rasterize"}
    assert all(e["dur"] >= 0 and e["ts"] > 0 for e in events)


def test_the_wheel_scrolls_and_changes_nothing(qtbot, window):
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    slider = controls_of(window)["splat_scale"].input.slider
    at = QPointF(slider.rect().center())
    event = QWheelEvent(
        at, slider.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(slider, event)
    assert window.session.settings.splat_scale == Settings().splat_scale


def test_controls_have_names_for_screen_readers(window):
    for control in controls_of(window).values():
        for kind in (QLineEdit, QComboBox, QCheckBox, QPushButton):
            assert all(each.accessibleName() for each in control.input.findChildren(kind))


@pytest.mark.parametrize("name", [dock.name for dock in DOCKS])
def test_tab_goes_down_every_panel_and_its_buttons_say_what_they_do(qtbot, window, name):
    window.docks.show_all(False)
    window.docks.show(name)
    window.comparing.compare(name == "compare")
    qtbot.wait(50)
    panel = window.docks[name]
    stops, widget = [], panel.nextInFocusChain()
    while widget is not panel:
        tabbed = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
        if tabbed and panel.isAncestorOf(widget):
            stops.append(widget)
        widget = widget.nextInFocusChain()
    tops = [stop.mapTo(panel, QPoint(0, 0)).y() for stop in stops]
    line = 16  # what stands in one line differs by less
    assert not [stops[k] for k in range(1, len(tops)) if tops[k] < tops[k - 1] - line]
    silent = [
        button.accessibleName() or button.text()
        for button in panel.findChildren(QAbstractButton)
        if button.isVisible() and not explained(button, panel)
    ]
    assert silent == []


def explained(button, panel):
    """Whether a button has a tool tip, or what it lies in, or it is a title that folds."""
    if button.property("role") == "group" or isinstance(button.parent(), QLineEdit):
        return True
    while button is not panel:
        if button.toolTip():
            return True
        button = button.parentWidget()
    return False
