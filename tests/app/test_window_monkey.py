"""Random, seeded use of the window: no exception, no logged error, scenes are let go, and undo.

`tests/support/monkey.py` does the same for as long as one likes.
"""

import gc
import weakref

import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from make_splats import make_splats  # noqa: E402
from playing import Monkey, answer_dialogs  # noqa: E402

from voile.app import session_file  # noqa: E402
from voile.scenes.io import save  # noqa: E402

ACTIONS = 250
UNDONE = 80
"""Actions that are all taken back: their steps are fewer than the history keeps."""

BOX = "v -1 -1 0\nv 1 -1 0\nv 1 1 0\nv -1 1 1\nf 1 2 3\nf 1 3 4\n"


@pytest.mark.parametrize("seed", [1, 2])
def test_random_actions(qtbot, make_window, monkeypatch, tmp_path, seed):
    scenes = [tmp_path / f"{count}.ply" for count in (30, 300)]
    for path in scenes:
        save(make_splats(int(path.stem), 2), path)
    answer_dialogs(monkeypatch.setattr)
    window = make_window("cpu", size=(640, 480))
    errors, opened = [], []
    window.failures.happened.connect(errors.append)
    window.session.nodes_changed.connect(
        lambda: opened.extend(weakref.ref(node.splats) for node in window.session.nodes)
    )
    window.open(str(scenes[0]))
    monkey = Monkey(window, scenes, seed)
    for _ in range(ACTIONS):
        monkey.act()
        qtbot.wait(2)
        assert not errors, list(monkey.trail)
    window.open(str(scenes[1]))
    qtbot.waitUntil(lambda: not window.loading)
    qtbot.waitUntil(lambda: window.viewport.settled)
    assert not errors

    def let_go():
        gc.collect()
        return len({id(splats) for ref in opened if (splats := ref()) is not None}) <= 3

    # Undo ends with the scene: what was opened before is let go, but for what waits to be drawn; a
    # thread that nobody needs any more may hold some of it until it ends.
    qtbot.waitUntil(let_go)


def test_undo_takes_all_back_and_redo_does_all_again(qtbot, make_window, monkeypatch, tmp_path):
    splats, mesh = tmp_path / "some.ply", tmp_path / "box.obj"
    save(make_splats(200, 2), splats)
    mesh.write_text(BOX)
    answer_dialogs(monkeypatch.setattr)
    window = make_window("cpu", size=(640, 480))
    window.open(str(splats))
    session, adder, stack = window.session, window.editing.adder, window.history.stack
    qtbot.waitUntil(lambda: session.opened is not None)
    window.editing.add(str(mesh))
    qtbot.waitUntil(lambda: len(session.nodes) == 2)

    def state():
        opened, seen = session.opened, session_file.Restored({}, None)
        meshes = [(m.material, m.vertices.tobytes()) for m in opened.scene.meshes]
        kept = session_file.encode(opened.scene, opened.source, seen)
        return kept, meshes, opened.scene.splats.means.tobytes(), session.settings.to_dict()

    window.history.end_gesture()
    stack.clear()
    before = state()
    monkey = Monkey(window, [splats, mesh], seed=2, opens=False)
    for _ in range(UNDONE):
        monkey.act()
        qtbot.wait(2)
    qtbot.waitUntil(lambda: adder.task is None)
    window.history.end_gesture()
    while stack.canRedo():
        stack.redo()
    after = state()
    assert after != before
    for _ in range(2):
        while stack.canUndo():
            stack.undo()
        assert state() == before, list(monkey.trail)
        while stack.canRedo():
            stack.redo()
        assert state() == after, list(monkey.trail)
