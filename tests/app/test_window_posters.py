"""Posters in the window: dropped, moved by the gizmo, turned to the camera, kept in a session."""

import numpy as np
import pytest
from make_images import make_image

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from voile.app import dialogs  # noqa: E402
from voile.scenes.io.vis import save_image  # noqa: E402


@pytest.fixture
def vis(tmp_path):
    path = tmp_path / "image.vis"
    save_image(make_image(80, (40, 30), 4, seed=1, widest=12), path)
    return path


def poster_of(window):
    return next(node for node in window.session.nodes if node.poster is not None)


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_a_dropped_image_becomes_a_poster(
    qtbot, make_window, show, look, ply, vis, monkeypatch, backend
):
    window = show(make_window(backend), ply)
    before = look(window)
    monkeypatch.setattr(dialogs, "ask_poster", lambda parent, name: "")
    window.open_any(str(vis))
    assert len(window.session.nodes) == 1
    monkeypatch.setattr(dialogs, "ask_poster", lambda parent, name: "poster")
    window.open_any(str(vis))
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2)
    there = look(window)
    assert (there != before).any(axis=2).mean() > 0.1
    assert window.editing.editor.current is poster_of(window)

    tools = window.editing.tools
    tools.take("move")
    gizmo = tools.tool.gizmo
    where = np.array(poster_of(window).edits.placement.translation)
    middle = window.viewport.camera().world_to_camera @ [*where, 1.0]
    assert middle[2] > 0
    assert gizmo is not None
    editor = window.editing.editor
    placed = poster_of(window).edits.placement
    editor.set_billboard(poster_of(window), True)
    window.session.settings.mode = "stochastic"  # frames with a clear poster add up as others do
    noisy = look(window)
    apart = np.abs(noisy.astype(int) - there).mean()
    assert apart < 12
    window.session.settings.mode = "sorted"
    window.session.navigator.orbit(0.9, 0.0)
    turned = look(window)
    assert (turned != before).any(axis=2).mean() > 0.1
    assert poster_of(window).edits.placement == placed
    editor.set_visible(poster_of(window), False)
    hidden = look(window)
    assert (hidden != turned).any(axis=2).mean() > 0.02
    while window.history.stack.canUndo():
        window.history.stack.undo()
    assert np.array_equal(look(window), before)


def test_sessions_keep_posters(qtbot, make_window, show, look, ply, vis, tmp_path):
    window = show(make_window("cpu"), ply)
    window.editing.add(str(vis))
    qtbot.waitUntil(lambda: len(window.session.nodes) == 2)
    window.editing.editor.set_billboard(poster_of(window), True)
    before = look(window)
    place = poster_of(window).edits.placement
    window.keeper.save(tmp_path / "a.voile")
    show(window, ply)
    show(window, tmp_path / "a.voile")
    assert poster_of(window).edits.placement == place
    assert poster_of(window).poster.billboard
    assert np.array_equal(look(window), before)


def test_a_poster_that_cannot_be_read_is_a_notice(qtbot, make_window, show, ply, vis):
    window = show(make_window("cpu"), ply)
    vis.write_bytes(vis.read_bytes()[:-5])
    window.editing.add(str(vis))
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "image.vis" in window.overlays.banners[0].text
    assert len(window.session.nodes) == 1
    assert not window.editing.posters.running
