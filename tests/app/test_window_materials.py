"""Materials and lights in the window: by mouse and keys."""

from dataclasses import replace

import numpy as np
import pytest
from make_materials import make_material

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from PySide6.QtWidgets import QFileDialog, QPushButton  # noqa: E402

from voile.app.material_previews import SIZE, preview  # noqa: E402
from voile.app.materials_panel import NONE, SCENES  # noqa: E402
from voile.app.opened import open_for_window  # noqa: E402
from voile.app.wearing import worn  # noqa: E402
from voile.scenes.builtin import MATERIALS  # noqa: E402
from voile.scenes.builtin.materials import NAMES, builtin_material  # noqa: E402
from voile.scenes.coat import Coat  # noqa: E402
from voile.scenes.content import MOST_MATERIALS  # noqa: E402
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

    def changed():
        return {n for n, each in panel.buttons.items() if each.icon().cacheKey() != before[n]}

    qtbot.waitUntil(lambda: len(changed()) >= 4 and not panel.previews.running)
    assert changed() == {"ceramic", "brushed", "car-paint", "fabric"}
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


def wearing(window):
    """How many splats wear what."""
    return worn(window.session.opened.scene)


def test_a_click_puts_a_material_on_what_is_selected(qtbot, window, materials, look):
    """By real clicks: the dock follows what is selected, and shows what that wears."""
    target, editor = materials.target, window.editing.editor
    window.docks.show("edit")
    materials = window.docks["materials"]
    assert target.kind == "scene"
    editor.select(lambda splats: np.arange(len(splats)) < 10)
    window.docks.show("materials")
    assert target.subject.text() == "10 selected splats"
    plain = look(window)
    click(qtbot, materials.buttons["fabric"])
    assert window.history.stack.undoText() == "Fabric on 10 splats"
    assert wearing(window) == {"captured colours": 30, "Fabric": 10}
    assert materials.buttons["fabric"].isChecked()
    assert difference(plain, look(window)) > 0.3, "what is selected is tinted over its material"
    assert coat(window) is None
    editor.select(lambda splats: np.arange(len(splats)) < 20)
    assert target.wears.text() == "Mixed: captured colours 10, Fabric 10"
    assert not any(button.isChecked() for button in materials.buttons.values())
    click(qtbot, segment(target, "scene"))
    assert target.subject.text() == "The whole scene, but 10 splats with their own"
    click(qtbot, materials.buttons["brushed"])
    assert wearing(window) == {"Brushed": 30, "Fabric": 10}
    click(qtbot, segment(target, "selection"))
    click(qtbot, materials.buttons[NONE])
    assert wearing(window) == {"Brushed": 20, "captured colours": 20}
    assert materials.buttons[NONE].isChecked()
    click(qtbot, materials.buttons[SCENES])
    assert wearing(window) == {"Brushed": 40}
    assert materials.buttons[SCENES].isChecked()
    for _ in range(2):
        window.history.stack.undo()
    assert wearing(window) == {"Brushed": 30, "Fabric": 10}
    editor.select_none()
    assert target.kind == "scene"
    assert not segment(target, "selection").isEnabled()
    click(qtbot, materials.clear)
    assert wearing(window) == {"Brushed": 40}
    assert not materials.clear.isVisible()
    window.history.stack.undo()
    assert wearing(window) == {"Brushed": 30, "Fabric": 10}


def test_a_node_has_a_material_of_its_own_wherever_it_goes(qtbot, window, materials):
    target, editor = materials.target, window.editing.editor
    editor.select(lambda splats: np.arange(len(splats)) % 2 == 0)
    editor.separate()
    editor.select_none()
    click(qtbot, segment(target, "node"))
    assert target.subject.text() == "Node small.ply part"
    click(qtbot, materials.buttons["ceramic"])
    assert window.history.stack.undoText() == "Ceramic on small.ply part"
    assert wearing(window) == {"captured colours": 20, "Ceramic": 20}
    editor.duplicate(editor.current)
    assert wearing(window) == {"Ceramic": 40, "captured colours": 20}
    editor.choose(window.session.nodes[0])
    assert materials.buttons[SCENES].isChecked()
    controls = window.docks["edit"].attribute
    controls.kind.choose("material")
    for name, count in (("captured colours", 20), ("Ceramic", 40)):
        controls.material.choose(name)
        controls.button.click()
        assert editor.selected == count
    assert window.history.stack.undoText() == "Select Ceramic"
    editor.delete()
    assert wearing(window) == {"captured colours": 20}


def test_one_material_too_many_is_told_and_nothing_changes(qtbot, window, materials):
    editor = window.editing.editor
    for k in range(MOST_MATERIALS):
        editor.select(lambda splats, k=k: np.arange(len(splats)) == k)
        editor.wear(Coat(f"m{k}.vnm", replace(make_material(seed=k), name=f"m{k}")))
    editor.select(lambda splats: np.arange(len(splats)) == 30)
    nodes, steps = window.session.nodes, window.history.stack.count()
    click(qtbot, materials.buttons["fabric"])
    assert window.session.nodes is nodes
    assert window.history.stack.count() == steps
    assert "9 materials; at most 8" in window.overlays.banners[-1].text
    assert materials.buttons[SCENES].isChecked()
    editor.add(open_for_window(MATERIALS))
    assert (window.session.nodes, window.history.stack.count()) == (nodes, steps)
    assert "Add Built-in materials: not done" in window.overlays.banners[-1].text
    click(qtbot, segment(materials.target, "scene"))
    click(qtbot, materials.buttons["fabric"])
    assert coat(window) is None
    assert materials.buttons[NONE].isChecked()


def test_what_came_with_a_scene_is_taken_off_and_undone(qtbot, window, materials, show):
    show(window, MATERIALS)
    came = wearing(window)
    words = "The whole scene, but 17,100 splats and 3 meshes with their own"
    assert materials.target.subject.text() == words
    assert set(came) > {"captured colours", "Fabric"}
    click(qtbot, materials.clear)
    assert set(wearing(window)) == {"captured colours"}
    assert not materials.clear.isVisible()
    click(qtbot, materials.buttons["brushed"])
    assert set(wearing(window)) == {"Brushed"}
    assert {mesh.material for mesh in window.session.opened.scene.meshes} == {"brushed"}
    window.docks["scene"].nodes.buttons["reset"].click()
    assert set(wearing(window)) == set(came) - {"captured colours"} | {"Brushed"}
    for _ in range(3):
        window.history.stack.undo()
    assert wearing(window) == came


def segment(target, kind):
    """The button of the dock that says what is meant."""
    return next(b for b in target.findChildren(QPushButton) if b.text() == kind)


def test_the_table_opens_from_the_menu_and_from_the_start_page(qtbot, make_window):
    window = make_window("cpu")
    start = window.overlays.welcome
    button = next(b for b in start.findChildren(QPushButton) if "materials" in b.text())
    window.session.settings.light_samples = 1
    for take in (button.click, window.actions_.materials.trigger):
        before = window.session.opened
        take()
        qtbot.waitUntil(lambda: not window.loading)
        assert window.session.opened is not before
        assert window.session.opened.scene.source == MATERIALS
    names = [material.name for material in window.session.opened.scene.content.materials]
    assert sorted(names) == sorted(NAMES)
