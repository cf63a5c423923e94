"""Selecting splats in the window, by mouse and keys, and what is done to them."""

import threading

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent  # noqa: E402
from PySide6.QtGui import QAction  # noqa: E402
from window_mouse import (  # noqa: E402
    CONTROL,
    LEFT,
    SHIFT,
    area,
    camera,
    drag,
    mouse,
    node,
    press,
    view_size,
)

from voile.app.node_list import COUNT  # noqa: E402
from voile.render import selecting  # noqa: E402
from voile.render.selecting import in_rectangle  # noqa: E402


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    return window


def test_keys_of_all_commands_differ(window):
    seen = {}
    for action in window.findChildren(QAction):
        for keys in action.shortcuts():
            if action.text() and keys.toString():
                assert seen.setdefault(keys.toString(), action.text()) == action.text()
    assert len(seen) > 30


def test_rectangle_selects_and_is_seen(qtbot, window, look):
    before = look(window)
    view = window.session.navigator.view
    press(qtbot, window, Qt.Key.Key_B)
    assert window.editing.tools.name == "rectangle"
    drag(window, *area(window))
    means = node(window).splats.means
    wanted = in_rectangle(means, camera(window), *area(window))
    np.testing.assert_array_equal(node(window).selection, wanted)
    assert 0 < wanted.sum() < 40
    assert window.session.navigator.view == view  # the drag was the tool's
    tinted = look(window)
    assert np.abs(tinted.astype(int) - before).max() > 40
    # A saved picture has no tint.
    assert window.viewport._request(moving=False).paint is None
    window.history.stack.undo()
    np.testing.assert_array_equal(look(window), before)


def test_keys_add_and_take_away(window):
    window.editing.tools.take("rectangle")
    drag(window, *area(window))
    first = node(window).selection
    drag(window, (0, 0), view_size(window), keys=SHIFT)
    everything = node(window).selection
    assert everything.sum() == 40
    drag(window, *area(window), keys=CONTROL)
    np.testing.assert_array_equal(node(window).selection, ~first)
    drag(window, (area(window)[1][0] + 20, 0), view_size(window), keys=SHIFT | CONTROL)
    assert node(window).selection.sum() < (~first).sum()
    drag(window, (5, 5), (5, 5))  # a click
    assert node(window).selected is None


def test_lasso_selects_inside_of_the_curve(window):
    window.editing.tools.take("lasso")
    (left, top), (right, bottom) = area(window)
    drag(window, (left, top), (right, top + 5), (right - 5, bottom), (left + 5, bottom - 5))
    found = node(window).selection
    assert 0 < found.sum() < 40
    box = in_rectangle(node(window).splats.means, camera(window), *area(window))
    assert (box | ~found).all()


def test_escape_gives_up_a_drag_then_puts_the_tool_down(qtbot, window):
    window.editing.tools.take("rectangle")
    drag(window, *area(window), release=False)
    press(qtbot, window, Qt.Key.Key_Escape)
    mouse(window, QEvent.Type.MouseButtonRelease, (240, 260), LEFT)
    assert node(window).selected is None
    assert window.editing.tools.name == "rectangle"
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.editing.tools.name == "view"


@pytest.mark.parametrize("name", ["sphere", "box"])
def test_volume_is_put_on_a_splat_and_stretched_by_its_handles(window, name):
    from voile.app.gizmo import project

    tool = window.editing.tools.tools[name]
    window.editing.tools.take(name)
    means = node(window).splats.means
    center = project(means[:1].astype(float), camera(window))[0]
    drag(window, center, center + (20, 0), center + (40, 0))
    first = node(window).selected.count
    assert first >= 1
    assert tool.half[0] > 0
    steps, half = window.history.stack.count(), tool.half[0]
    x = tool.handles()["+0"]
    drag(window, x, x + (x - tool.handles()["center"]) * 2)
    assert node(window).selected.count >= first
    assert tool.half[0] > half
    assert window.history.stack.count() <= steps + 1  # none where it selects the same
    offset = means - tool.center.astype(np.float32)
    inside = (
        np.linalg.norm(offset, axis=1) <= tool.half[0]
        if name == "sphere"
        else (np.abs(offset) <= tool.half).all(axis=1)
    )
    np.testing.assert_array_equal(node(window).selection, inside)
    # Begun elsewhere it is another volume, clicked nowhere none.
    drag(window, (2, 2), (2, 2))
    assert tool.center is None


def test_delete_hide_and_their_undo(qtbot, window, look):
    before = look(window)
    window.editing.tools.take("rectangle")
    drag(window, *area(window))
    count = node(window).selected.count
    press(qtbot, window, Qt.Key.Key_Delete)
    assert node(window).remaining == 40 - count
    assert node(window).selected is None
    gone = look(window)
    assert np.abs(gone.astype(int) - before).max() > 40
    assert f"{40 - count}" in window.docks["scene"].nodes.list.topLevelItem(0).text(COUNT)
    press(qtbot, window, Qt.Key.Key_Z, CONTROL)
    assert node(window).selected.count == count
    press(qtbot, window, Qt.Key.Key_H, CONTROL)
    assert node(window).edits.hidden.count == count
    np.testing.assert_array_equal(look(window), gone)
    assert window.editing.actions.show.isEnabled()
    press(qtbot, window, Qt.Key.Key_H, CONTROL | SHIFT)
    np.testing.assert_array_equal(look(window), before)
    window.history.stack.undo()
    np.testing.assert_array_equal(look(window), gone)


def test_crop_isolate_invert_and_separate(window, look):
    does = window.editing.actions
    window.editing.tools.take("rectangle")
    drag(window, *area(window))
    count = node(window).selected.count
    does.isolate.trigger()
    assert node(window).edits.hidden.count == 40 - count
    window.history.stack.undo()
    does.crop.trigger()
    assert node(window).remaining == count
    assert does.restore.isEnabled()
    does.restore.trigger()
    assert node(window).remaining == 40
    does.invert.trigger()
    assert node(window).selected.count == 40 - count
    picture = look(window)
    does.separate.trigger()
    assert [n.name for n in window.session.nodes] == ["small.ply", "small.ply part"]
    assert window.editing.editor.current is node(window, 1)
    assert np.abs(look(window).astype(int) - picture).max() <= 1  # nothing moved


def test_only_visible_asks_what_is_in_front(qtbot, window, monkeypatch):
    asked = []
    monkeypatch.setattr(selecting, "unhidden", lambda *_: asked.append(threading.current_thread()))
    panel = window.docks["edit"]
    panel.visible.setChecked(True)
    qtbot.waitUntil(lambda: len(asked) == 1)  # its kernels are compiled, and not in this thread
    assert asked != [threading.main_thread()]
    window.editing.actions.all.trigger()
    assert node(window).selected.count == 40  # all is all
    window.editing.tools.take("rectangle")
    drag(window, (0, 0), view_size(window))
    assert 0 < node(window).selected.count < 40  # opaque blobs hide some


@pytest.mark.parametrize("attribute", ["opacity", "size", "colour"])
def test_select_by_attribute(window, attribute):
    controls = window.docks["edit"].attribute
    controls.kind.choose(attribute)
    splats = node(window).splats
    if attribute == "colour":
        color = np.clip(0.5 + 0.2820948 * splats.sh[3, 0], 0, 1)
        controls.color.choose(tuple(map(float, color)))
        controls.distance.choose(0.3)
        controls.button.click()
        assert node(window).selection[3]
        assert node(window).selected.count < 40
    else:
        controls.ends[attribute, 0].choose(0.0 if attribute == "opacity" else 1e-4)
        controls.ends[attribute, 1].choose(1.0)
        controls.button.click()
        assert node(window).selected.count == 40
        if attribute == "size":
            radius = window.session.opened.radius
            middle = float(np.median(splats.scales.max(axis=1)))
            controls.ends["size", 1].choose(middle / radius)
            controls.button.click()
            assert node(window).selected.count == 20


@pytest.mark.parametrize("name", ["opacity", "size"])
def test_any_text_may_be_typed_for_a_number(window, name):
    controls = window.docks["edit"].attribute
    controls.kind.choose(name)
    value = controls.ends[name, 0]
    for typed, there in (
        *(("0,25", 0.25), ("1e9", 1e9), ("-3", -3.0)),
        *((text, 0.1) for text in ("nan", "1e400", "much", "")),
    ):
        value.choose(0.1)
        value.field.setText(typed)
        value.field.editingFinished.emit()
        assert value.field.text() == f"{there:.6g}"
        # The slider goes as far as it can.
        ends = {1e9: value.slider.maximum(), -3.0: value.slider.minimum()}
        assert value.slider.value() == ends.get(there, value.slider.value())
        controls.button.click()
