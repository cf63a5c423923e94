"""Lights in the window: the environment and the lamps, by mouse and keys."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QFileDialog  # noqa: E402

from voile.scenes.lights import sky  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_window, show, ply):
    window = make_window("cpu", size=(900, 700), panels=True)
    window.session.settings.light_samples = 1
    window.session.settings.accumulate = 1
    window.open(str(ply), material="brushed")
    return window


@pytest.fixture
def panel(qtbot, window, look):
    look(window)
    window.docks.show("light")
    panel = window.docks["light"]
    panel.groups["Light", "Materials"].collapse(animate=False)
    qtbot.waitUntil(panel.isVisible)
    return panel


def lights(window):
    return window.session.opened.scene.lights


def click(qtbot, button):
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, LEFT)


def type_in(qtbot, field, text):
    qtbot.mouseClick(field, LEFT)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def difference(a, b):
    return np.abs(a.astype(int) - b).mean()


def test_an_environment_is_opened_and_the_sky_brought_back(
    qtbot, window, panel, look, tmp_path, monkeypatch
):
    red = tmp_path / "red.png"
    Image.new("RGB", (8, 4), (255, 0, 0)).save(red)
    under_sky, chosen = look(window), [red]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(chosen[-1]), ""))
    assert not panel.environment.sky.isEnabled()
    click(qtbot, panel.environment.open)
    qtbot.waitUntil(lambda: lights(window).environment.name == "red.png")
    assert "red.png" in panel.environment.name.text()
    picture = look(window)
    lit = picture.max(axis=2) > 60
    assert (picture[lit][:, 0] > picture[lit][:, 2]).mean() > 0.9
    path = tmp_path / "kept.voile"
    window.keeper.save(path)
    bad = tmp_path / "bad.hdr"
    bad.write_bytes(b"#?RADIANCE\n\n-Y 4 +X 8\nabc")
    for each in (bad, tmp_path / "gone.hdr", tmp_path / "words.txt"):
        chosen.append(each)
        click(qtbot, panel.environment.open)
        qtbot.waitUntil(lambda e=each: any(e.name in b.text for b in window.overlays.banners))
        assert lights(window).environment.name == "red.png"
    click(qtbot, panel.environment.sky)
    assert lights(window).environment is sky()
    assert np.array_equal(look(window), under_sky)
    window.history.stack.undo()
    assert lights(window).environment.name == "red.png"
    window.keeper.save(path)
    window.open(str(path))
    look(window)
    assert lights(window).environment.source == str(red)
    assert not window.keeper.unsaved


def test_lamps_are_added_changed_and_removed(qtbot, window, panel, look):
    before = look(window)
    click(qtbot, panel.lamps.add["directional"])
    sun = look(window)
    assert difference(before, sun) > 1
    (row,) = panel.lamps.rows
    type_in(qtbot, row.strength.field, "6")
    assert lights(window).lamps[0].intensity == 6
    bright = look(window)
    assert bright.mean() > sun.mean()
    type_in(qtbot, row.color.field, "#ff0000")
    assert lights(window).lamps[0].color == (1.0, 0.0, 0.0)
    assert difference(bright, look(window)) > 1
    type_in(qtbot, row.place[0], "-2,5")
    assert lights(window).lamps[0].place[0] == -2.5
    click(qtbot, panel.lamps.add["point"])
    assert [lamp.kind for lamp in lights(window).lamps] == ["directional", "point"]
    assert [row.title.text() for row in panel.lamps.rows] == ["Sun 1", "Point lamp 2"]
    click(qtbot, panel.lamps.rows[0].remove)
    assert [lamp.kind for lamp in lights(window).lamps] == ["point"]
    for _ in range(3):
        window.history.stack.undo()
    assert lights(window).lamps[0].place[0] != -2.5
    for _ in range(3):
        window.history.stack.undo()
    assert lights(window).lamps == ()
    assert panel.lamps.rows == []
    assert np.array_equal(look(window), before)


def test_numbers_that_are_none_of_a_lamp_change_nothing(qtbot, window, panel):
    click(qtbot, panel.lamps.add["directional"])
    lamp, steps = lights(window).lamps[0], window.history.stack.count()
    (row,) = panel.lamps.rows
    for field, texts in (
        (row.strength.field, ("-1", "nan", "inf", "bright")),
        (row.place[1], ("nan", "1e30", "up")),
        (row.color.field, ("reddish",)),
    ):
        shown = field.text()
        for text in texts:
            type_in(qtbot, field, text)
            assert lights(window).lamps == (lamp,)
            assert field.text() == shown
    for axis in (0, 1, 2):  # the last one would leave no direction
        type_in(qtbot, row.place[axis], "0")
    assert any(lights(window).lamps[0].place)
    assert window.history.stack.count() <= steps + 2
