"""The command palette, by keys."""

import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QApplication  # noqa: E402

from voile.app.help import HelpBox  # noqa: E402
from voile.app.palette import CommandPalette, commands, ranked  # noqa: E402

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(qtbot, make_window, show, ply):
    window = show(make_window(size=(800, 600)), ply)
    qtbot.keyClick(window, Qt.Key.Key_P, CONTROL | SHIFT)
    palette = QApplication.activePopupWidget()
    assert isinstance(palette, CommandPalette)
    return window, palette


def names(palette):
    rows = range(palette.list.topLevelItemCount())
    return [palette.list.topLevelItem(row).text(0) for row in rows]


def test_every_command_of_the_menus_is_there(opened):
    _, palette = opened
    shown = names(palette)
    for text in ("View: Frame scene", "View: Look from: Top", "File: Save picture", "Backend: cpu"):
        assert text in shown
    assert len(shown) == len(set(shown))


def test_typing_narrows_and_enter_does_it(qtbot, opened):
    window, palette = opened
    before = window.viewport.camera().world_to_camera.copy()
    qtbot.keyClicks(palette.line, "from top")
    assert names(palette) == ["View: Look from: Top"]
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert abs(window.viewport.camera().world_to_camera - before).max() > 0.1


def test_arrows_choose(qtbot, opened):
    _, palette = opened
    qtbot.keyClicks(palette.line, "look from")
    assert len(names(palette)) > 3
    first = palette.list.currentItem().text(0)
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentItem().text(0) != first
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentItem().text(0) == names(palette)[-1]


def test_keys_are_found(opened):
    window, _ = opened
    found = ranked(commands(window), "F11")
    assert found[0][0] == "View: Full screen"


def test_what_cannot_be_done_now_is_grey_and_does_nothing(qtbot, make_window):
    window = make_window(size=(800, 600))
    palette = CommandPalette(window)
    palette.open_over(window)
    qtbot.keyClicks(palette.line, "save picture")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.close()


def test_a_palette_that_was_closed_is_gone(qtbot, opened):
    window, palette = opened
    palette.close()
    qtbot.waitUntil(lambda: window.findChild(CommandPalette) is None)


def test_all_keys_are_listed_and_searched(qtbot, make_window, show, ply):
    window = show(make_window(size=(800, 600)), ply)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    box = window.findChild(HelpBox)

    def rows():
        items = [box.table.topLevelItem(row) for row in range(box.table.topLevelItemCount())]
        return {item.text(1): item.text(0) for item in items}

    shown = rows()
    for name, action in commands(window):
        assert (name in shown) == bool(action.shortcuts()), name
    assert shown["Orbit; look around while flying"] == "Left drag"
    assert shown["Edit: Redo"].count(",") == 1, "both keys of one command"
    qtbot.keyClicks(box.line, "full")
    assert list(rows()) == ["View: Full screen"]
    box.line.setText("ctrl+shift+c")
    assert list(rows()) == ["Edit: Copy camera"]
    box.close()
