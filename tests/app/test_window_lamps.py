"""Lamps in the picture: chosen by a click, moved and turned by the mouse."""

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtCore import QEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QColorDialog  # noqa: E402
from shiboken6 import isValid  # noqa: E402
from window_mouse import LEFT, NOTHING, camera, drag, mouse, press  # noqa: E402

from voile.app.edit_tools import LAMPS, VIEW  # noqa: E402
from voile.app.navigation import ORBIT_SPEED  # noqa: E402
from voile.app.typed import narrow  # noqa: E402
from voile.scenes.lights import Lamp  # noqa: E402

SIDE = Lamp("directional", (1.0, -1.0, -0.4), intensity=3.0)
NEAR = Lamp("point", (0.6, -0.5, -0.7), (1.0, 0.4, 0.1), intensity=4.0)


@pytest.fixture
def window(make_window, show, look, ply):
    window = make_window("cpu", size=(760, 480), panels=True)
    settings = window.session.settings
    settings.light_samples = settings.accumulate = 1
    window.open(str(ply), material="brushed")
    look(window)
    window.docks.show("light")
    edits = window.editing.lights
    edits.change("Lamps", "lamps", replace(edits.lights, lamps=(SIDE, NEAR)))
    look(window)
    return window


def lamps(window):
    return window.editing.lights.lights.lamps


def spot(window, row):
    return window.editing.tools.lamps.lamps.spots(camera(window))[row].at


def click(window, at):
    mouse(window, QEvent.Type.MouseMove, at)
    drag(window, at)


def rows(window):
    return window.docks["light"].lamps.rows


def test_a_click_on_a_mark_chooses_and_a_drag_moves_in_one_step(window, look):
    tools, stack, steps = window.editing.tools, window.history.stack, window.history.stack.count()
    assert tools.name == VIEW
    before, view = look(window), window.session.navigator.view
    click(window, spot(window, 1))
    assert (tools.name, window.editing.lights.chosen) == (LAMPS, 1)
    assert [row.title.isChecked() for row in rows(window)] == [False, True]
    start = spot(window, 1)
    mouse(window, QEvent.Type.MouseButtonPress, start, LEFT, LEFT)
    shown = []
    for step in ((30, -10), (60, -25)):
        mouse(window, QEvent.Type.MouseMove, start + step, NOTHING, LEFT)
        shown.append(lamps(window)[1])
        np.testing.assert_allclose(spot(window, 1), start + step, atol=0.01)
        assert np.abs(look(window).astype(int) - before).max() > 4  # lit anew at once
    mouse(window, QEvent.Type.MouseButtonRelease, start + (60, -25), LEFT, NOTHING)
    assert stack.count() == steps + 1
    assert lamps(window)[1] == shown[1] != shown[0]
    assert lamps(window)[0] == SIDE
    assert window.session.navigator.view == view
    assert rows(window)[1].place[0].text() == narrow(shown[1].place[0])
    stack.undo()
    assert lamps(window) == (SIDE, NEAR)
    np.testing.assert_array_equal(look(window), before)
    stack.redo()
    assert lamps(window)[1] == shown[1]


def test_a_lamp_out_of_the_picture_is_marked_at_its_edge(window):
    target, navigator = window.editing.tools.lamps.lamps, window.session.navigator
    window.editing.lights.shown = True
    assert target.spots(camera(window))[1].beyond is None
    sides = set()
    for _ in range(24):  # all around: it leaves on one side, is behind, and comes back on the other
        view = camera(window)
        mark, size = target.spots(view)[1], np.array([view.width, view.height])
        x, y, z = view.world_to_camera[:3, :3] @ NEAR.place + view.world_to_camera[:3, 3]
        pixel = np.array([view.fx * x / z + view.cx, view.fy * y / z + view.cy])
        inside = z > view.near and (pixel >= 0).all() and (pixel <= size).all()
        assert (mark.beyond is None) == inside
        assert (mark.at >= 0).all()
        assert (mark.at <= size).all()
        if not inside:
            edge = np.minimum(mark.at, size - mark.at).min()
            np.testing.assert_allclose(edge, 42.0, atol=1e-6)  # an arrow goes beside it
            assert mark.beyond @ (x, y) > 0, "the way to turn"
            sides.add(np.sign(x))
        navigator.look(np.radians(15.0) / ORBIT_SPEED, 0.0)
    assert sides == {-1.0, 1.0}
    navigator.look(np.radians(160.0) / ORBIT_SPEED, 0.0)
    assert window.editing.lights.chosen is None
    click(window, spot(window, 1))
    assert window.editing.lights.chosen == 1
    assert lamps(window) == (SIDE, NEAR)


def test_an_arrow_moves_along_its_axis(window):
    window.editing.lights.choose(1)
    window.editing.tools.take(LAMPS)
    line = window.editing.tools.tool.gizmo.handles()[1].line
    drag(window, line[1], line[1] + 0.5 * (line[1] - line[0]))
    moved = np.subtract(lamps(window)[1].place, NEAR.place)
    assert abs(moved[1]) > 0.05
    np.testing.assert_allclose(moved[[0, 2]], 0.0, atol=1e-9)


def test_a_sun_is_turned_and_escape_takes_it_back(window, qtbot, look):
    before = look(window)
    press(qtbot, window, Qt.Key.Key_I)
    assert window.editing.lights.chosen == 0  # the first, where none was
    start = spot(window, 0)
    drag(window, start, start + (-25, 20), release=False)
    after = lamps(window)[0]
    np.testing.assert_allclose(spot(window, 0), start + (-25, 20), atol=0.05)
    assert np.linalg.norm(after.place) == pytest.approx(np.linalg.norm(SIDE.place))
    assert np.abs(look(window).astype(int) - before).mean() > 0.1
    steps = window.history.stack.count()
    qtbot.keyClick(window.viewport, Qt.Key.Key_Escape)
    mouse(window, QEvent.Type.MouseButtonRelease, start, LEFT, NOTHING)
    assert lamps(window) == (SIDE, NEAR)
    assert window.history.stack.count() == steps
    assert window.editing.tools.name == LAMPS
    np.testing.assert_array_equal(look(window), before)
    qtbot.keyClick(window.viewport, Qt.Key.Key_Escape)
    assert window.editing.tools.name == VIEW


def test_what_happens_to_the_lamp_while_it_is_held(window, show, other_ply, qtbot):
    edits, stack = window.editing.lights, window.history.stack
    edits.choose(1)
    window.editing.tools.take(LAMPS)
    start, far = spot(window, 1), spot(window, 1) + (40, 0)

    drag(window, start, far, release=False)
    stack.undo()  # the lamps go
    drag(window, far, far + (40, 0))
    assert lamps(window) == ()
    assert edits.chosen is None
    stack.redo()
    assert lamps(window) == (SIDE, NEAR)

    edits.choose(1)
    drag(window, start, far, release=False)
    moved = lamps(window)[1]
    qtbot.mouseClick(rows(window)[0].remove, LEFT)
    mouse(window, QEvent.Type.MouseMove, far + (40, 0), NOTHING, LEFT)
    mouse(window, QEvent.Type.MouseButtonRelease, far + (40, 0), LEFT, NOTHING)
    assert lamps(window) == (moved,)
    assert edits.chosen == 0  # it went one place up
    stack.undo()
    assert lamps(window) == (SIDE, moved)
    stack.undo()  # what was moved before the other lamp was removed is a step too
    assert lamps(window) == (SIDE, NEAR)

    drag(window, spot(window, 1), spot(window, 1) + (40, 0), release=False)
    show(window, other_ply)
    mouse(window, QEvent.Type.MouseMove, far, NOTHING, LEFT)
    mouse(window, QEvent.Type.MouseButtonRelease, far, LEFT, NOTHING)
    assert lamps(window) == ()
    assert not stack.canUndo()
    assert edits.chosen is None


def test_lamps_are_marked_while_the_panel_is_seen(window, qtbot):
    tools = window.editing.tools

    def blue_or_orange():
        picture = window.viewport.grab().toImage()
        x, y = spot(window, 1)
        found = picture.pixelColor(round(float(x)), round(float(y)) - 2)
        return found.red(), found.blue()

    assert tools.marked
    red, blue = blue_or_orange()
    assert red > 240  # the bulb has the lamp's colour
    assert blue < 120
    window.docks.show("quality")
    qtbot.waitUntil(lambda: not tools.marked)
    click(window, spot(window, 1))
    assert tools.name == VIEW


def test_the_dialog_of_a_colour_goes_with_its_lamp(window, qtbot):
    rows(window)[1].color.button.click()
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QColorDialog)]
    assert [dialog.isVisible() for dialog in dialogs] == [True]
    window.editing.lights.remove(1)
    qtbot.waitUntil(lambda: not any(isValid(dialog) for dialog in dialogs))
    assert lamps(window) == (SIDE,)
