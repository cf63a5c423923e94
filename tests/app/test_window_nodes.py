"""Nodes in the window: placed by the gizmo and by numbers, coloured, added and removed."""

import gc
import weakref

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QFileDialog  # noqa: E402
from window_mouse import (  # noqa: E402
    LEFT,
    area,
    drag,
    node,
    press,
)

from voile.app import session_file  # noqa: E402
from voile.app.gizmo import FREE  # noqa: E402
from voile.app.node_list import EYE, NAME  # noqa: E402
from voile.scenes.placement import IDENTITY, Placement  # noqa: E402


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    return window


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
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2)
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
