"""Nothing is lost: saving, sessions, autosave, recovery after a kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from PySide6.QtWidgets import QFileDialog, QMessageBox  # noqa: E402

from voile.app import dialogs, session_file  # noqa: E402
from voile.app.keeper import left_sessions, put_aside  # noqa: E402
from voile.scenes import SceneFormatError  # noqa: E402
from voile.scenes.io import load, save  # noqa: E402
from voile.scenes.morton import morton_order  # noqa: E402
from voile.scenes.placement import Placement, axis_angle  # noqa: E402
from voile.scenes.recolor import Recolor  # noqa: E402


@pytest.fixture
def window(make_window, show, look, ply):
    window = show(make_window("cpu"), ply)
    look(window)
    return window


def edit(window):
    """A bit of everything."""
    editor = window.editing.editor
    editor.select(lambda splats: np.arange(len(splats)) % 4 == 0)
    editor.delete()
    editor.select(lambda splats: np.arange(len(splats)) % 4 == 1)
    editor.separate()
    editor.place(editor.current, Placement(axis_angle((0, 1, 0), 0.5), (0.2, 0.0, 0.1), 1.3))
    editor.recolor(window.session.nodes[0], Recolor(0.3, (1.0, 0.8, 1.2), 1.1, 0.5))
    editor.select(lambda splats: np.arange(len(splats)) % 4 == 2)
    editor.hide()
    editor.rename(window.session.nodes[1], "moved")


def save_to(window, qtbot, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(path), ""))
    window.actions_.save_scene.trigger()
    qtbot.waitUntil(lambda: path.exists() and not window.keeper.running)
    qtbot.wait(20)


def test_session_brings_back_every_edit_the_view_and_the_settings(
    qtbot, window, look, show, make_window, tmp_path, monkeypatch
):
    edit(window)
    window.session.navigator.orbit(0.1, 0.05)
    window.session.settings.splat_scale = 0.8
    before, file = look(window), tmp_path / "work.voile"
    assert window.keeper.unsaved
    save_to(window, qtbot, monkeypatch, file)
    assert not window.keeper.unsaved
    other = show(make_window("cpu"), file)
    other.resize(window.size())
    np.testing.assert_array_equal(look(other), before)
    assert [n.name for n in other.session.nodes] == ["small.ply", "moved"]
    assert other.session.settings.splat_scale == 0.8
    assert not other.keeper.unsaved
    other.editing.editor.show_all()
    other.editing.editor.restore_deleted()
    assert other.session.nodes[0].remaining == 40


@pytest.mark.parametrize("extension", ["ply", "spz", "splat", "sog", "compressed.ply"])
def test_scene_is_saved_as_it_is_edited(qtbot, window, tmp_path, monkeypatch, extension):
    edit(window)
    monkeypatch.setattr(dialogs, "ask_losses", lambda *a: True)
    file = tmp_path / f"out.{extension}"
    save_to(window, qtbot, monkeypatch, file)
    wanted = window.session.opened.scene.saved_splats()
    found = load(file)
    assert len(found) == len(wanted) == 30
    order = {  # these are written along a curve
        "sog": morton_order(wanted.means),
        "compressed.ply": morton_order(wanted.means),
    }.get(extension, slice(None))
    np.testing.assert_allclose(found.means, wanted.means[order], atol=3e-3)
    assert not window.keeper.unsaved
    assert any(str(file) in banner.text for banner in window.overlays.banners)


def test_what_a_format_loses_is_asked_about_before(qtbot, window, tmp_path, monkeypatch):
    edit(window)
    window.editing.editor.set_visible(window.session.nodes[1], False)
    asked, answers = [], [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Save]

    def question(parent, title, text, *rest):
        asked.append((title, text))
        assert not list(tmp_path.glob("out*"))
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "question", question)
    file = tmp_path / "out.splat"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(file), ""))
    window.actions_.save_scene.trigger()
    assert not window.keeper.running
    title, text = asked[0]
    assert title == "Save as .splat"
    for words in ("Values are quantised: colour", "What is not shown is not in it: moved"):
        assert words in text
    assert window.keeper.unsaved
    save_to(window, qtbot, monkeypatch, file)
    assert len(asked) == 2
    save_to(window, qtbot, monkeypatch, tmp_path / "all.voile")
    assert len(asked) == 2, "a session loses nothing"


@pytest.fixture
def slow_saving(monkeypatch):
    """Saving goes on once this is set."""
    gate = threading.Event()

    def slowly(splats, path, name, progress):
        while not gate.wait(0.01):
            progress(0.5, "Saving")
        save(splats, path, name, progress)

    monkeypatch.setattr("voile.app.keeper.save", slowly)
    return gate


def test_a_window_that_is_closed_while_it_saves_closes_once_the_file_is_whole(
    qtbot, window, tmp_path, slow_saving
):
    file = tmp_path / "out.ply"
    window.keeper.save(file)
    window.close()
    window.close()
    assert window.isVisible()
    assert sum("closes once" in banner.text for banner in window.overlays.banners) == 1
    slow_saving.set()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert len(load(file)) == 40


def test_a_window_stays_where_the_saving_is_cancelled_that_it_waits_for(
    qtbot, window, tmp_path, slow_saving
):
    window.keeper.save(tmp_path / "out.ply")
    window.close()
    window.overlays.saving.cancelled.emit()
    qtbot.waitUntil(lambda: not window.keeper.running)
    qtbot.wait(50)
    assert window.isVisible()
    assert not list(tmp_path.glob("out*"))
    window.close()
    assert not window.isVisible()


def test_a_name_without_a_format_gets_that_of_the_filter(window, monkeypatch):
    filters = "compressed PLY (*.compressed.ply)"
    for name, wanted in (("a.b", "a.b.compressed.ply"), ("a.ply", "a.ply"), ("a.sog", "a.sog")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, n=name: (n, filters))
        assert dialogs.ask_save_file(window, "scene") == wanted


def test_a_save_that_fails_in_the_middle_leaves_the_old_file(window, tmp_path, monkeypatch):
    from dataclasses import replace

    from voile.scenes import io

    file = tmp_path / "out.ply"
    splats = window.session.nodes[0].splats
    save(splats, file)
    before = file.read_bytes()

    def half(splats, path, progress):
        path.write_bytes(before[: len(before) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(io.FORMATS, "ply", replace(io.FORMATS["ply"], write=half))
    with pytest.raises(SceneFormatError, match="No space left"):
        save(splats, file)
    assert file.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".part") == []


def test_closing_asks_and_can_be_given_up(window, monkeypatch, tmp_path):
    edit(window)
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "cancel")
    window.close()
    assert window.isVisible()
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "save")
    file = tmp_path / "kept.voile"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(file), ""))
    assert window.keeper.may_go()
    assert file.exists()
    assert not window.keeper.unsaved
    window.history.stack.undo()
    assert window.keeper.unsaved
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "discard")


def test_selecting_alone_is_nothing_to_lose(window):
    window.editing.actions.all.trigger()
    assert not window.keeper.unsaved


def test_autosave_follows_edits_and_goes_with_them(qtbot, window):
    edit(window)
    window.keeper.autosave()
    scene, _ = session_file.read(window.keeper.path)
    assert [len(n) for n in scene.nodes] == [40, 10]
    assert left_sessions(window.keeper.path.parent) == []  # this process still runs
    while window.history.stack.canUndo():
        window.history.stack.undo()
    window.keeper.autosave()
    assert not window.keeper.path.exists()


def test_changed_and_missing_sources_are_named(window, tmp_path, ply, other_ply):
    edit(window)
    window.keeper.autosave()
    data, file = window.keeper.path.read_bytes(), tmp_path / "s.voile"
    file.write_bytes(data)
    ply.write_bytes(other_ply.read_bytes())
    with pytest.raises(SceneFormatError, match=r"rows|digest"):
        session_file.read(file)
    ply.unlink()
    with pytest.raises(SceneFormatError, match="small"):
        session_file.read(file)
    for hostile in (b"", b"{}", data[: len(data) // 2], data.replace(b'"voile":2', b'"voile":9')):
        file.write_bytes(hostile)
        with pytest.raises(SceneFormatError, match="voile"):
            session_file.read(file)


SCRIPT = """
import sys
from PySide6.QtCore import QTimer
import numpy as np
from voile.app import dialogs, window as window_module
from voile.app.keeper import Keeper
from voile.scenes.material_names import coat_named

def when_shown(self):
    def look():
        if self.session.opened is None:
            return
        timer.stop()
        if sys.argv[2] == "edit":
            editor = self.editing.editor
            editor.select(lambda splats: np.arange(len(splats)) % 4 == 0)
            editor.delete()
            editor.select(lambda splats: np.arange(len(splats)) % 4 == 1)
            editor.wear(coat_named("ceramic"))
            self.keeper.autosave()
            print("EDITED", flush=True)
        else:
            node = self.session.nodes[0]
            patch, = node.edits.coats
            worn = patch.coat.source, patch.rows.count
            print("FOUND", node.remaining, len(node), *worn, self.keeper.unsaved, flush=True)
    timer = self._timer = QTimer(self)
    timer.timeout.connect(look)
    timer.start(50)

real = window_module.MainWindow.__init__
def init(self, *args, **kwargs):
    real(self, *args, **kwargs)
    when_shown(self)
window_module.MainWindow.__init__ = init
dialogs.ask_recover = lambda parent: True
from voile.app.run import run_window
sys.exit(run_window(sys.argv[1], "cpu"))
"""


def run(script, ply, what, folder):
    env = os.environ | {
        "VOILE_DATA_DIR": str(folder),
        "VOILE_CONFIG_DIR": str(folder),
        "XDG_STATE_HOME": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, str(script), str(ply), what], stdout=subprocess.PIPE, text=True, env=env
    )
    watch = threading.Timer(180, process.kill)  # a program that hangs fails, and does not hang us
    watch.daemon = True
    watch.start()
    return process


def line_of(process, word):
    """The line that begins with a word; waits for it as long as the process lives."""
    while line := process.stdout.readline():
        if line.startswith(word):
            return line.split()
    pytest.fail(f"the program ended without {word}")


def test_after_a_kill_the_edits_are_recovered(tmp_path, ply):
    """The real program is killed by signal 9 in the middle, and started again."""
    script, folder = tmp_path / "program.py", tmp_path / "data"
    script.write_text(SCRIPT)
    first = run(script, ply, "edit", folder)
    try:
        line_of(first, "EDITED")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert len(left_sessions(folder / "sessions")) == 1
    second = run(script, ply, "look", folder)
    try:
        assert line_of(second, "FOUND") == ["FOUND", "30", "40", "ceramic", "10", "True"]
    finally:
        second.send_signal(signal.SIGKILL)
        second.wait()


def test_of_recovered_sessions_a_few_are_kept(tmp_path):
    for number in range(9):
        path = tmp_path / f"session-{number}.voile"
        path.write_bytes(b"x")
        os.utime(path, (time.time(), 1000.0 + number))
        assert Path(put_aside(path)).exists() or number > 4
    assert len(list(tmp_path.glob("recovered-*"))) == 5


def test_session_brings_back_bookmarks_path_and_meshes(
    qtbot, window, show, look, make_window, tmp_path, monkeypatch
):
    mesh = tmp_path / "triangle.obj"
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    window.editing.add(str(mesh))
    qtbot.waitUntil(lambda: bool(window.session.opened.scene.meshes))
    assert [len(node) for node in window.session.nodes] == [40, 0]
    window.history.stack.undo()
    assert window.session.opened.scene.meshes == ()
    window.history.stack.redo()
    panel, marks = window.docks["path"], window.docks["camera"].bookmarks
    for turn in (0.0, 0.2):
        window.session.navigator.orbit(turn, 0.0)
        panel.add.click()
        marks.add.click()
    assert window.keeper.unsaved
    file, before = tmp_path / "all.voile", look(window)
    save_to(window, qtbot, monkeypatch, file)
    assert not window.keeper.unsaved
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = file.rename(elsewhere / file.name)  # nothing is known of it by its place
    mesh.rename(elsewhere / mesh.name)
    other = show(make_window("cpu"), file)
    other.resize(window.size())
    np.testing.assert_array_equal(look(other), before)
    assert [m.name for m in other.docks["camera"].bookmarks.model.here] == ["View 1", "View 2"]
    wanted = window.session.motion.keys
    for key, found in zip(wanted, other.session.motion.keys, strict=True):
        np.testing.assert_allclose(found.position, key.position)
        assert found.time == key.time
    assert not other.keeper.unsaved
    other.docks["path"].remove.setEnabled(True)
    other.docks["path"].timeline.selected = 0
    other.docks["path"].remove.click()
    assert other.keeper.unsaved, "a path is work as well"
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "discard")


@pytest.mark.parametrize("damage", ['"fov_y":900.0', '"fov_y":"wide"'])
def test_a_damaged_path_is_named(window, tmp_path, damage):
    for turn in (0.0, 0.2):
        window.session.navigator.orbit(turn, 0.0)
        window.docks["path"].add.click()
    window.keeper.autosave()
    file = tmp_path / "s.voile"
    text = window.keeper.path.read_text()
    start = text.index('"fov_y"', text.index('"path"'))
    file.write_text(text[:start] + damage + text[text.index("}", start) :])
    with pytest.raises(SceneFormatError, match="path"):
        session_file.read(file)
    window.session.motion.keys = ()


def test_another_scene_is_opened_only_when_edits_may_go(qtbot, window, monkeypatch, other_ply):
    edit(window)
    document, answers = window.session.opened.document, []
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: answers.append(1) or "cancel")
    monkeypatch.setattr(dialogs, "ask_scene_file", lambda *a: str(other_ply))
    window.actions_.open.trigger()
    window.actions_.builtin.trigger()
    window.open_any(str(other_ply))
    assert len(answers) == 3
    assert not window.loading
    assert window.session.opened.document is document
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda parent: "discard")
    window.actions_.open.trigger()
    qtbot.waitUntil(lambda: window.session.opened.document is not document)
    assert not window.keeper.unsaved
