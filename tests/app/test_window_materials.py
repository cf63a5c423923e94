"""Materials and lights in the window: by mouse and keys."""

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QFileDialog  # noqa: E402

from voile.app.material_previews import SIZE, preview  # noqa: E402
from voile.app.opened import open_for_window  # noqa: E402
from voile.scenes.builtin.materials import builtin_material  # noqa: E402
from voile.scenes.material_file import save_material  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_window, show, ply):
    window = make_window("cpu", size=(900, 700), panels=True)
    window.session.settings.light_samples = 1
    window.session.settings.accumulate = 1
    show(window, ply)
    return window


@pytest.fixture
def materials(qtbot, window):
    window.docks.show("materials")
    panel = window.docks["materials"]
    qtbot.waitUntil(panel.isVisible)
    return panel


def coat(window):
    return window.session.opened.scene.coat


def click(qtbot, button):
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, LEFT)


def difference(a, b):
    return np.abs(a.astype(int) - b).mean()


def test_a_preview_is_a_sphere_of_its_material():
    pictures = [preview(builtin_material(name), 24) for name in ("ceramic", "car-paint")]
    for picture in pictures:
        assert picture.shape == (24, 24, 4)
        assert picture[0, 0, 3] == 0
        assert picture[12, 12, 3] == 255
        assert picture[12, 12, :3].max() > 20
    assert difference(*pictures) > 3


def test_spheres_are_drawn_in_a_thread_when_they_are_first_seen(qtbot, window):
    panel = window.docks["materials"]
    assert not panel.previews.running
    before = {name: button.icon().cacheKey() for name, button in panel.buttons.items()}
    window.docks.show("materials")
    qtbot.waitUntil(lambda: panel.previews.running)
    qtbot.waitUntil(lambda: not panel.previews.running, timeout=60_000)
    changed = {n for n, button in panel.buttons.items() if button.icon().cacheKey() != before[n]}
    assert changed == {"ceramic", "brushed", "car-paint", "fabric"}
    assert not panel.buttons["fabric"].icon().pixmap(SIZE, SIZE).isNull()


def test_a_click_puts_a_material_on_the_scene_and_undo_takes_it_off(qtbot, window, materials, look):
    plain, splats = look(window), window.session.opened.scene.splats
    assert materials.buttons[""].isChecked()
    click(qtbot, materials.buttons["brushed"])
    brushed = look(window)
    assert difference(plain, brushed) > 1
    assert coat(window).source == "brushed"
    assert materials.buttons["brushed"].isChecked()
    assert not materials.buttons[""].isChecked()
    assert window.session.opened.scene.splats is splats  # what was opened is as it was
    click(qtbot, materials.buttons["fabric"])
    assert difference(brushed, look(window)) > 1
    window.history.stack.undo()
    assert np.array_equal(look(window), brushed)
    assert materials.buttons["brushed"].isChecked()
    window.history.stack.redo()
    assert coat(window).source == "fabric"
    click(qtbot, materials.buttons[""])
    assert coat(window) is None
    assert np.array_equal(look(window), plain)
    steps = window.history.stack.count()
    click(qtbot, materials.buttons[""])
    assert window.history.stack.count() == steps


def test_a_file_is_opened_and_a_bad_one_told(qtbot, window, materials, tmp_path, monkeypatch):
    good, bad = tmp_path / "mug.vnm", tmp_path / "bad.vnm"
    save_material(builtin_material("ceramic"), good)
    bad.write_bytes(good.read_bytes()[:-40])
    chosen = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(chosen[-1]), ""))
    chosen.append(good)
    click(qtbot, materials.open)
    qtbot.waitUntil(lambda: coat(window) is not None)
    assert materials.buttons[str(good)].isChecked()
    assert materials.buttons[str(good)].text() == "mug"
    before = coat(window)
    for path in (bad, tmp_path / "gone.vnm"):
        chosen.append(path)
        click(qtbot, materials.open)
        qtbot.waitUntil(lambda: bool(window.overlays.banners))
        assert path.name in window.overlays.banners[-1].text
        assert coat(window) is before
        assert materials.buttons[str(good)].isChecked()
        window.overlays.banners[-1].dismiss()
    chosen.append("")
    click(qtbot, materials.open)
    assert not materials.reader.running


def test_edits_keep_the_material_and_a_session_brings_it_back(
    qtbot, window, materials, show, look, tmp_path
):
    click(qtbot, materials.buttons["fabric"])
    assert window.keeper.unsaved
    window.editing.editor.select_all()
    window.editing.editor.hide()
    assert coat(window).source == "fabric"
    window.history.stack.undo()
    window.history.stack.undo()
    made, path = look(window), tmp_path / "kept.voile"
    window.keeper.save(path)
    assert not window.keeper.unsaved
    show(window, path)
    assert coat(window).source == "fabric"
    assert difference(look(window), made) < 1
    assert not window.keeper.unsaved


def test_a_session_with_a_material_that_is_gone_is_told(window, materials, qtbot, tmp_path):
    path = tmp_path / "kept.voile"
    click(qtbot, materials.buttons["fabric"])
    window.keeper.save(path)
    path.write_text(path.read_text().replace('"fabric"', '"gold"'))
    before = window.session.opened
    window.open(str(path))
    qtbot.waitUntil(lambda: any("gold" in banner.text for banner in window.overlays.banners))
    assert window.session.opened is before


def test_the_command_lines_material_is_shown(window, materials, qtbot, ply):
    window.open(str(ply), material="car-paint")
    qtbot.waitUntil(lambda: materials.buttons["car-paint"].isChecked())
    assert not window.keeper.unsaved
    assert open_for_window(str(ply), material="car-paint").scene.coat.source == "car-paint"
