"""Meshes in the window are nodes: moved by the gizmo, dressed, hidden, kept in a session."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from window_mouse import drag  # noqa: E402

from voile.app import session_file  # noqa: E402
from voile.scenes.builtin import MATERIALS  # noqa: E402
from voile.scenes.material_names import coat_named  # noqa: E402
from voile.scenes.placement import IDENTITY, Placement  # noqa: E402

QUAD = """v -1 -1 0
v 1 -1 0
v 1 1 0
v -1 1 0
f 1 2 3
f 1 3 4
"""


@pytest.fixture
def quad(tmp_path):
    path = tmp_path / "quad.obj"
    path.write_text(QUAD)
    return path


def with_mesh(window, qtbot, path):
    window.session.settings.frame_rate = 0
    window.session.settings.light_samples = window.session.settings.accumulate = 1
    window.editing.add(str(path))
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2)


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_the_gizmo_moves_a_mesh_in_one_step(qtbot, make_window, show, look, ply, quad, backend):
    window = show(make_window(backend), ply)
    with_mesh(window, qtbot, quad)
    editor, stack = window.editing.editor, window.history.stack
    assert editor.current.name == "quad.obj"
    before, splats = look(window), window.session.opened.scene.splats
    window.editing.tools.take("move")
    tool, steps = window.editing.tools.tool, stack.count()
    start = tool.gizmo.center
    drag(window, start, start + (20, 10), start + (60, 30))
    np.testing.assert_allclose(tool.gizmo.center - start, (60, 30), atol=1e-3)
    assert stack.count() == steps + 1
    assert stack.undoText() == "Move quad.obj"
    assert window.session.opened.scene.splats is splats, "the splats are as they were"
    moved = look(window)
    assert np.abs(moved.astype(int) - before).max() > 40
    stack.undo()
    assert editor.current.edits.placement == IDENTITY
    np.testing.assert_array_equal(look(window), before)


def test_a_mesh_is_typed_hidden_duplicated_and_removed(qtbot, make_window, show, look, ply, quad):
    window = show(make_window("cpu", panels=True), ply)
    alone = look(window)
    with_mesh(window, qtbot, quad)
    there, nodes = look(window), window.docks["scene"].nodes
    assert nodes.list.topLevelItem(1).text(2) == "mesh"
    assert not window.docks["edit"].colors.isEnabled()
    field = window.docks["edit"].place.fields["Position", 0]
    field.setText("0.5")
    field.editingFinished.emit()
    scene = window.session.opened.scene
    np.testing.assert_allclose(scene.meshes[0].vertices[:, 0], [-0.5, 1.5, 1.5, -0.5], atol=1e-6)
    nodes.buttons["duplicate"].click()
    assert [node.name for node in window.session.nodes][1:] == ["quad.obj", "quad.obj 2"]
    nodes.buttons["remove"].click()
    editor = window.editing.editor
    editor.choose(window.session.nodes[1])
    nodes.buttons["reset"].click()
    np.testing.assert_array_equal(look(window), there)
    editor.set_visible(editor.current, False)
    np.testing.assert_array_equal(look(window), alone)
    editor.set_visible(editor.current, True)
    editor.place(editor.current, Placement(translation=(30.0, 0.0, 0.0)))
    window.session.frame(1.0)
    assert window.session.navigator.radius > 10.0, "F shows the mesh where it is now"
    editor.select_all()
    assert editor.selected == 40, "splats alone are selected"
    editor.crop()
    editor.invert()
    assert [node.remaining for node in window.session.nodes] == [40, 0]


def test_a_session_keeps_where_a_mesh_stands_and_what_it_wears(
    qtbot, make_window, show, look, ply, quad, tmp_path
):
    window = show(make_window("cpu"), ply)
    with_mesh(window, qtbot, quad)
    editor = window.editing.editor
    editor.place(editor.current, Placement(translation=(0.2, 0.1, 0.0), scale=0.5))
    editor.wear(coat_named("brushed"), editor.current)
    editor.rename(editor.current, "door")
    assert [mesh.material for mesh in window.session.opened.scene.meshes] == ["brushed"]
    before, file = look(window), tmp_path / "door.voile"
    window.keeper.save(file)
    assert not window.keeper.unsaved
    window.open(str(file))
    np.testing.assert_array_equal(look(window), before)
    assert window.session.nodes[1].name == "door"
    quad.write_text(QUAD + "f 2 3 4\n")  # changed since: it is taken as it is by now
    assert len(session_file.read(file)[0].meshes[0].faces) == 3
    quad.unlink()
    with pytest.raises(session_file.SceneFormatError, match=r"quad\.obj"):
        session_file.read(file)


def test_sessions_of_version_1_have_their_meshes(make_window, show, quad, tmp_path):
    window = show(make_window("cpu"), MATERIALS)
    file = tmp_path / "old.voile"
    window.keeper.save(file)
    data = json.loads(file.read_text())
    assert [node["mesh"] for node in data["nodes"]] == [False, True, True, True]
    data["voile"], data["nodes"], data["meshes"] = 1, data["nodes"][:1], [str(quad)]
    file.write_text(json.dumps(data))
    scene, _ = session_file.read(file)
    assert [node.name for node in scene.nodes[1:]] == ["vase", "knot", "ball", "quad.obj"]
    assert [mesh.material for mesh in scene.meshes] == ["ceramic", "brushed", "car-paint", ""]
