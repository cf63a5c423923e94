"""Selecting and editing in the window, by mouse and keys."""

import gc
import weakref

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent, QPointF  # noqa: E402
from PySide6.QtGui import QAction, QMouseEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QFileDialog  # noqa: E402

from voile.app import session_file  # noqa: E402
from voile.app.gizmo import FREE  # noqa: E402
from voile.app.node_list import COUNT, EYE, NAME  # noqa: E402
from voile.render.selecting import in_rectangle, screen_centers  # noqa: E402
from voile.scenes.placement import IDENTITY, Placement  # noqa: E402

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


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    return window


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


def test_only_visible_asks_what_is_in_front(window):
    panel = window.docks["edit"]
    panel.visible.setChecked(True)
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


def test_gizmo_moves_the_node_in_one_step(window, look):
    before = look(window)
    window.editing.tools.take("move")
    tool = window.editing.tools.tools["move"]
    start = tool.gizmo.center
    steps = window.history.stack.count()
    drag(window, start, start + (10, 5), start + (50, 20))
    placement = node(window).edits.placement
    assert placement.translation != (0, 0, 0)
    moved = tool.gizmo.center - start
    np.testing.assert_allclose(moved, (50, 20), atol=1e-3)  # it followed the mouse
    assert window.history.stack.count() == steps + 1
    assert np.abs(look(window).astype(int) - before).max() > 40
    window.history.stack.undo()
    assert node(window).edits.placement == IDENTITY
    np.testing.assert_array_equal(look(window), before)


def test_gizmo_turns_and_scales_about_the_middle(window):
    tools = window.editing.tools
    tools.take("rotate")
    gizmo = tools.tool.gizmo
    ring = next(h for h in gizmo.handles() if h.axis == FREE).line
    drag(window, ring[0], ring[4], ring[8])
    placement = node(window).edits.placement
    assert placement.rotation[0] == pytest.approx(np.cos(np.pi / 8), abs=1e-3)
    np.testing.assert_allclose(tools.tool.gizmo.center, gizmo.center, atol=0.5)
    tools.take("scale")
    ring = tools.tool.gizmo.handles()[0].line
    center = tools.tool.gizmo.center
    drag(window, ring[0], center + (ring[0] - center) * 1.5)
    assert node(window).edits.placement.scale == pytest.approx(1.5, abs=0.01)


def test_moving_a_selection_separates_it_in_the_same_step(window):
    window.editing.tools.take("rectangle")
    drag(window, *area(window))
    count, steps = node(window).selected.count, window.history.stack.count()
    window.editing.tools.take("move")
    start = window.editing.tools.tool.gizmo.center
    drag(window, start, start + (30, 0))
    assert [len(n) for n in window.session.nodes] == [40, count]
    assert node(window).remaining == 40 - count
    assert node(window).edits.placement == IDENTITY
    assert node(window, 1).edits.placement != IDENTITY
    assert window.history.stack.count() == steps + 1
    window.history.stack.undo()
    assert len(window.session.nodes) == 1
    assert node(window).selected.count == count


def test_escape_puts_a_drag_back(qtbot, window):
    window.editing.tools.take("move")
    start = window.editing.tools.tool.gizmo.center
    drag(window, start, start + (30, 0), release=False)
    assert node(window).edits.placement != IDENTITY
    press(qtbot, window, Qt.Key.Key_Escape)
    assert node(window).edits.placement == IDENTITY


def test_beside_a_handle_the_drag_is_the_views(window):
    window.editing.tools.take("move")
    view = window.session.navigator.view
    drag(window, (5, 5), (60, 40))
    assert window.session.navigator.view != view
    assert node(window).edits.placement == IDENTITY


def test_place_is_typed(qtbot, window):
    fields = window.docks["edit"].place.fields

    def write(name, axis, text):
        field = fields[name, axis]
        field.setText(text)
        field.editingFinished.emit()

    write("Position", 1, "0.25")
    write("Rotation °", 2, "90")
    write("Scale", 0, "2")
    placement = node(window).edits.placement
    assert placement.translation == (0.0, 0.25, 0.0)
    np.testing.assert_allclose(placement.matrix @ (1, 0, 0), (0, 1, 0), atol=1e-12)
    assert placement.scale == 2.0
    steps = window.history.stack.count()
    write("Scale", 0, "0")  # is none
    assert fields["Scale", 0].text() == "2"
    write("Scale", 0, "two")
    assert fields["Scale", 0].text() == "2"
    assert window.history.stack.count() == steps == 3
    window.docks["edit"].place.reset.click()
    assert node(window).edits.placement == IDENTITY


def test_colours_follow_their_sliders(window, look):
    before = look(window).astype(float)
    colors = window.docks["edit"].colors
    colors.inputs["saturation"].choose(0.0)
    grey = look(window).astype(float)
    assert np.ptp(grey[grey.sum(axis=2) > 200], axis=1).max() <= 6
    colors.inputs["exposure"].choose(-1.0)
    colors.inputs["red"].choose(0.5)
    recolor = node(window).edits.recolor
    assert (recolor.exposure, recolor.tint, recolor.saturation) == (-1.0, (0.5, 1.0, 1.0), 0.0)
    colors.reset.click()
    np.testing.assert_array_equal(look(window), before)


def test_nodes_are_added_hidden_renamed_and_removed(qtbot, window, look, other_ply, monkeypatch):
    alone = look(window)
    listed = window.docks["scene"].nodes
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(other_ply), ""))
    window.actions_.add.trigger()
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2, timeout=10_000)
    both = look(window)
    assert (both != alone).any()
    assert window.editing.editor.current.name == "other.ply"
    eye = listed.list.topLevelItem(1)
    where = listed.list.visualItemRect(eye).center()
    where.setX(listed.list.columnViewportPosition(EYE) + 8)
    qtbot.mouseClick(listed.list.viewport(), LEFT, pos=where)
    assert not node(window, 1).visible
    assert np.abs(look(window).astype(int) - alone).max() <= 1
    listed.list.topLevelItem(1).setText(NAME, "chairs")
    assert node(window, 1).name == "chairs"
    listed.list.topLevelItem(1).setText(NAME, "  ")
    assert node(window, 1).name == "chairs"
    listed.buttons["up"].click()
    assert [n.name for n in window.session.nodes] == ["chairs", "small.ply"]
    listed.buttons["duplicate"].click()
    assert [n.name for n in window.session.nodes] == ["chairs", "chairs 2", "small.ply"]
    assert node(window, 1).splats is node(window, 0).splats
    listed.buttons["remove"].click()
    listed.buttons["remove"].click()
    assert len(window.session.nodes) == 1
    for _ in range(7):
        window.history.stack.undo()
    assert [n.name for n in window.session.nodes] == ["small.ply"]
    assert len(window.session.nodes) == 1
    np.testing.assert_array_equal(look(window), alone)


def test_last_node_can_be_removed_and_comes_back(window, look):
    before = look(window)
    window.docks["scene"].nodes.buttons["remove"].click()
    assert window.session.nodes == ()
    empty = look(window)
    assert np.ptp(empty.reshape(-1, 3), axis=0).max() == 0
    window.session.frame(1.0)
    window.history.stack.undo()
    window.history.stack.undo()
    np.testing.assert_array_equal(look(window), before)


def test_learned_weights_that_no_longer_hold_take_their_mode_along(window):
    from dataclasses import replace

    from make_splats import with_weights

    session = window.session
    assert session.reweigh(node(window).splats, with_weights(replace(node(window).splats)))
    session.settings.mode = "learned"
    window.history.end_gesture()
    window.editing.editor.place(node(window), Placement(translation=(0.1, 0.0, 0.0)))
    assert session.settings.mode == "learned"  # they move along
    window.editing.actions.all.trigger()
    window.editing.actions.delete.trigger()
    assert session.settings.mode == "sorted"
    assert any("sorted" in banner.text for banner in window.overlays.banners)
    window.history.stack.undo()
    assert session.settings.mode == "learned"
    assert node(window).splats.learned is not None


def test_what_is_deleted_can_be_let_go_of(qtbot, window, look):
    editor, splats = window.editing.editor, weakref.ref(node(window).splats)
    editor.select(lambda splats: np.arange(len(splats)) % 4 == 0)
    editor.hide()
    editor.select(lambda splats: np.arange(len(splats)) % 2 == 1)
    editor.delete()
    before = look(window)
    window.editing.actions.purge.trigger()
    np.testing.assert_array_equal(look(window), before)
    assert (len(node(window)), node(window).hidden.sum()) == (20, 10)
    assert not window.history.stack.canUndo()
    assert not window.editing.actions.purge.isEnabled()
    assert "20 deleted splats" in window.overlays.banners[-1].text
    assert window.keeper.unsaved
    window.keeper.autosave()
    scene, _ = session_file.read(window.keeper.path)
    np.testing.assert_array_equal(scene.nodes[0].splats.means, node(window).splats.means)
    editor.show_all()
    look(window)
    gc.collect()
    assert splats() is None, "the splats that were read are still held"
