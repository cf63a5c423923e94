"""What goes wrong is told in the window, and the window lives on; every thread ends with it."""

import itertools
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtCore")

from PySide6.QtWidgets import (  # noqa: E402
    QAbstractButton,
    QFileDialog,
    QPushButton,
    QToolButton,
    QWidget,
)

from voile import SceneFormatError, load  # noqa: E402
from voile.app import opened as opened_module  # noqa: E402
from voile.app import preferences  # noqa: E402
from voile.app.banner import Banner  # noqa: E402
from voile.app.failures import Failures  # noqa: E402
from voile.app.pictures import save_png  # noqa: E402
from voile.render import RenderError  # noqa: E402
from voile.scenes.content import Content  # noqa: E402


class SlowLoad:
    """Loads forever, reporting progress, until it is cancelled."""

    def __init__(self, monkeypatch):
        self.running = threading.Event()
        self.ended = threading.Event()
        monkeypatch.setattr(opened_module, "open_scene", self)

    def __call__(self, source, progress, **more):
        self.running.set()
        try:
            while True:
                progress(0.5, f"Reading {source}")
                time.sleep(0.002)
        finally:
            self.ended.set()


def texts(window):
    return [banner.text for banner in window.overlays.banners]


def test_broken_file_is_told_and_the_old_scene_stays(
    qtbot, make_window, show, look, ply, broken_ply
):
    window = show(make_window(), ply)
    before, opened = look(window), window.session.opened
    window.open(str(broken_ply))
    after = look(window)
    with pytest.raises(SceneFormatError) as error:
        load(broken_ply)
    (text,) = texts(window)
    for part in (str(error.value.path), error.value.field, error.value.problem, error.value.fix):
        assert part in text
    assert window.session.opened is opened
    np.testing.assert_array_equal(after, before)
    window.session.navigator.orbit(0.1, 0.0)  # and it still draws
    assert (look(window) != before).any()
    banner = window.overlays.banners[0]
    assert banner.isVisible()
    banner.findChild(QToolButton).click()
    assert not window.overlays.banners


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 no scene at all"])
def test_what_is_no_scene_is_told(make_window, look, tmp_path, content):
    path = tmp_path / "picture.ply"
    path.write_bytes(content)
    window = make_window()
    window.open(str(path))
    look(window)
    assert "picture.ply" in texts(window)[0]
    assert window.overlays.welcome.isVisible()
    assert not window.overlays.loading.isVisible()


def test_missing_file_and_empty_folder(make_window, look, tmp_path, monkeypatch):
    window = make_window()
    window.open(str(tmp_path / "nothing.spz"))
    look(window)
    assert "nothing.spz" in texts(window)[0]
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: str(tmp_path / "empty"))
    window.actions_.open_folder.trigger()
    look(window)
    assert "empty" in texts(window)[1]


def test_same_notice_is_shown_once_and_few_at_a_time(make_window, look, tmp_path):
    window = make_window()
    for name in ("a", "a", "b", "c", "d"):
        window.open(str(tmp_path / f"{name}.ply"))
        look(window)
    assert [t.splitlines()[0][-5:] for t in texts(window)] == ["b.ply", "c.ply", "d.ply"]


def test_cancel_keeps_the_old_scene(qtbot, make_window, show, look, ply, monkeypatch):
    window = show(make_window(), ply)
    opened = window.session.opened
    slow = SlowLoad(monkeypatch)
    window.open("slow.ply")
    qtbot.waitUntil(slow.running.is_set)
    assert window.overlays.loading.isVisible()
    window.overlays.loading.cancel_button.click()
    assert not window.overlays.loading.isVisible()
    qtbot.waitUntil(slow.ended.is_set)
    look(window)
    assert window.session.opened is opened
    assert not window.overlays.banners


def test_opening_another_scene_cancels_the_first(qtbot, make_window, look, ply, monkeypatch):
    window = make_window()
    with monkeypatch.context() as patch:
        slow = SlowLoad(patch)
        window.open("slow.ply")
        qtbot.waitUntil(slow.running.is_set)
    window.open(str(ply))
    qtbot.waitUntil(slow.ended.is_set)
    look(window)
    assert window.session.opened.scene.path == ply


@pytest.mark.parametrize("backend", ["gl", "cpu"])
def test_close_while_loading_ends_every_thread(qtbot, make_window, show, ply, monkeypatch, backend):
    window = show(make_window(backend), ply)
    slow = SlowLoad(monkeypatch)
    window.open("slow.ply")
    qtbot.waitUntil(slow.running.is_set)
    window.session.navigator.orbit(0.1, 0.0)
    window.close()
    assert slow.ended.is_set()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]


def test_closing_waits_once_for_all_that_does_not_end_with_the_window_gone(
    qtbot, make_window, show, ply, monkeypatch, caplog
):
    go, busy = threading.Event(), [threading.Event(), threading.Event()]

    def stuck(which):
        def work(*_, **__):
            busy[which].set()
            go.wait(300)
            raise RenderError("let go")

        return work

    window = show(make_window("cpu"), ply)
    from voile.render.cpu.renderer import CPURenderer

    monkeypatch.setattr(CPURenderer, "render", stuck(0))
    monkeypatch.setattr(opened_module, "open_scene", stuck(1))
    monkeypatch.setattr("voile.app.window.JOIN_SECONDS", 1.5)
    window.session.navigator.orbit(0.2, 0.0)
    window.open("another")
    qtbot.waitUntil(lambda: all(each.is_set() for each in busy))
    clock, given, seen = SimpleNamespace(now=7.0), [], []
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("voile.app.window.time", clock)
    close, shut_down = window.opening.close, window.viewport.shut_down

    def wait(seconds):
        given.append(seconds)
        clock.now += seconds
        return close(0.0)

    monkeypatch.setattr(window.opening, "close", wait)
    monkeypatch.setattr(
        window.viewport, "shut_down", lambda s: seen.append((window.isVisible(), s)) or shut_down(s)
    )
    window.close()
    go.set()
    assert given == [0.0, 1.5]
    assert seen == [(False, 0.0)], "the time is one for all of them"
    names = {r.getMessage().rpartition(": ")[2] for r in caplog.records if r.levelname == "WARNING"}
    assert names >= {"another", "drawing"}
    qtbot.waitUntil(lambda: not any(t.name.startswith("voile task") for t in threading.enumerate()))


def test_a_picture_is_kept_in_a_thread_and_whole_when_the_window_closes(
    qtbot, make_window, show, ply, tmp_path, monkeypatch
):
    threads = []

    def slowly(image, path):
        threads.append(threading.current_thread())
        time.sleep(0.3)
        save_png(image, path)

    monkeypatch.setattr("voile.app.picture_keeper.save_png", slowly)
    window = show(make_window("gl"), ply)
    window.pictures.save(tmp_path / "last.png")
    window.close()
    assert Image.open(tmp_path / "last.png").size == window.viewport.size().toTuple()
    assert threads
    assert threading.main_thread() not in threads


def test_close_at_once(make_window, caplog):
    """Before kernels are ready, before anything was drawn."""
    window = make_window()
    window.open("builtin")
    assert window.close()
    assert not window.isVisible()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]
    assert not [record.getMessage() for record in caplog.records]


def test_fault_in_a_slot_is_told_with_details(qtbot, make_window, look, caplog):
    window = make_window()
    look(window)
    try:
        raise ZeroDivisionError("a fault for the test")
    except ZeroDivisionError as error:
        # As Qt hands over what a slot raises; pytest-qt has its own hook in between.
        window.failures._uncaught(type(error), error, error.__traceback__)
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "ZeroDivisionError: a fault for the test" in texts(window)[0]
    details = window.overlays.banners[0].findChildren(QPushButton)[0]
    details.click()
    assert window.isVisible()
    caplog.clear()  # the fault was logged, as it should be


def test_fault_in_a_thread_is_told(qtbot, make_window, look, caplog):
    window = make_window()
    look(window)

    def fail():
        raise KeyError("thread fault")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "thread fault" in texts(window)[0]
    caplog.clear()


def test_hooks_are_put_back(qtbot, qapp):
    before = sys.excepthook, threading.excepthook
    owner = QWidget()
    failures = Failures(owner)
    assert sys.excepthook != before[0]
    failures.close()
    assert (sys.excepthook, threading.excepthook) == before


def test_scene_that_the_renderer_refuses_leaves_the_old_one(
    make_window, show, look, ply, other_ply, monkeypatch
):
    from voile.render.gl.renderer import GLRenderer

    window = show(make_window(), ply)
    before, opened = look(window), window.session.opened
    upload = GLRenderer.upload

    def refuse(self, scene):
        if len(Content.of(scene).splats) == 25:
            raise RenderError("too large for this driver")
        upload(self, scene)

    monkeypatch.setattr(GLRenderer, "upload", refuse)
    window.open(str(other_ply))
    after = look(window)
    assert "too large for this driver" in texts(window)[0]
    assert window.session.opened is opened
    np.testing.assert_array_equal(after, before)


def test_frame_that_cannot_be_drawn_is_told(make_window, show, look, ply, monkeypatch):
    from voile.render.cpu.renderer import CPURenderer

    window = show(make_window("cpu"), ply)

    def refuse(self, request):
        raise RenderError("no frame today")

    with monkeypatch.context() as patch:
        patch.setattr(CPURenderer, "render", refuse)
        window.session.navigator.orbit(0.1, 0.0)
        look(window)
    assert "no frame today" in texts(window)[0]
    before = look(window)
    window.session.navigator.orbit(0.2, 0.0)
    assert (look(window) != before).any()


def test_picture_that_cannot_be_written_is_told(qtbot, make_window, show, look, ply, tmp_path):
    window = show(make_window(), ply)
    window.pictures.save(tmp_path / "no" / "such" / "folder.png")
    qtbot.waitUntil(lambda: bool(window.overlays.banners))
    assert "cannot be written" in texts(window)[0]


def test_latest_view_wins_while_a_slow_backend_draws(
    qtbot, make_window, show, look, ply, monkeypatch
):
    from voile.render.cpu.renderer import CPURenderer

    window = show(make_window("cpu"), ply)
    render, drawn, go = CPURenderer.render, [], threading.Event()

    def slowly(self, request):
        drawn.append(request.camera)
        assert go.wait(300)
        return render(self, request)

    monkeypatch.setattr(CPURenderer, "render", slowly)
    window.session.navigator.orbit(0.01, 0.0)
    qtbot.waitUntil(lambda: bool(drawn))
    for _ in range(20):
        window.session.navigator.orbit(0.01, 0.0)
        qtbot.wait(5)
    go.set()
    look(window)
    assert len(drawn) == 2
    np.testing.assert_allclose(drawn[-1].position, window.session.navigator.eye, rtol=1e-12)


def test_another_parent_and_another_context_draw_the_same(qtbot, make_window, show, look, ply):
    window = show(make_window(), ply)
    view, before = window.viewport, look(window)
    holder = QWidget()
    view.setParent(holder)
    view.resize(before.shape[1], before.shape[0])
    holder.show()
    view.show()
    np.testing.assert_array_equal(look(window), before)
    window.setCentralWidget(view)
    view.show()
    np.testing.assert_array_equal(look(window), before)
    holder.close()
    # The loss of a context, as Qt announces it, and a new one, as Qt gives it.
    context = view._ctx
    view.context().aboutToBeDestroyed.emit()
    assert view._ctx is None
    view.makeCurrent()
    view.initializeGL()
    view.doneCurrent()
    assert view._ctx not in (None, context)
    np.testing.assert_array_equal(look(window), before)


def test_recent_scenes_are_remembered(make_window, show, ply, other_ply, preferences_path):
    window = show(make_window(), ply)
    show(window, other_ply)
    show(window, ply)
    window.close()
    assert preferences.load(preferences_path).recent == [str(ply), str(other_ply)]
    again = make_window()
    again.actions_.recent.aboutToShow.emit()
    entries = again.actions_.recent.actions()
    assert [e.text() for e in entries[:2]] == ["small.ply", "other.ply"]
    entries[1].trigger()
    assert again.opening.loader.task.name == "other.ply"


def test_preferences_survive_nonsense(tmp_path):
    path = tmp_path / "window.json"
    path.write_text('{"recent": 7}')
    assert preferences.load(path) == preferences.Preferences()
    for number in range(15):
        kept = preferences.load(path)
        kept.remember(tmp_path / f"{number}.ply")
        preferences.save(kept, path)
    recent = preferences.load(path).recent
    assert len(recent) == preferences.RECENT
    assert recent[0].endswith("14.ply")


def run_without(**environment):
    """`run_window` in a process of its own; returns exit code and stderr."""
    keep = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    code = "import sys; from voile.app.run import run_window; sys.exit(run_window(None))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**keep, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X displays")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"QT_QPA_PLATFORM": "xcb"}, "there is no display"),
        ({"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":4711"}, "display :4711 does not answer"),
        ({"QT_QPA_PLATFORM": "offscreen"}, "has no OpenGL"),
    ],
)
def test_no_window_possible_is_said_in_one_sentence(environment, words):
    code, stderr = run_without(**environment)
    assert code == 1
    assert words in stderr
    assert "voile render" in stderr  # what works instead
    assert "Traceback" not in stderr


@pytest.mark.parametrize("size", [(330, 300), (560, 420), (1100, 500)])
def test_what_lies_over_the_picture_fits_it_and_nothing_lies_over_another(
    qtbot, make_window, show, ply, size
):
    window = show(make_window(), ply)
    view, overlays = window.viewport, window.overlays
    words = f"Could not open {'a long name ' * 12}.ply", RenderError("why " * 40)
    overlays.notify(*words)
    overlays.notify("Saved", "/a/folder/scene.voile.")
    overlays.loading.report(0.3, f"Reading {'a long name ' * 12}.ply")
    for width, height in ((340, 300), (1100, 500), size):  # notices that are up follow the window
        window.resize(width, height)
        qtbot.waitUntil(lambda w=width: abs(view.width() - w) < 40)
        qtbot.wait(50)
        assert overlays.banners[0].size() == Banner(*words, view).size()
    assert overlays.hud.isVisible()
    parts = [*overlays.banners, overlays.loading]
    for part in parts:
        assert view.rect().contains(part.geometry()), part
        for button in part.findChildren(QAbstractButton):
            if button.isVisible():
                assert part.rect().contains(button.geometry()), part
    for group in (overlays.banners, [overlays.loading, overlays.hud]):
        for one, other in itertools.combinations(group, 2):
            assert not one.geometry().intersects(other.geometry())
