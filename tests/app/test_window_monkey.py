"""Random, seeded use of the window: no exception, no logged error, and scenes are let go.

`tests/support/monkey.py` does the same for as long as one likes.
"""

import gc
import weakref

import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from make_splats import make_splats  # noqa: E402
from playing import Monkey, answer_dialogs  # noqa: E402

from voile.scenes.io import save  # noqa: E402

ACTIONS = 250


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
