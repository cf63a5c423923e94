"""Modes that need something first: prepared in a thread, what was drawn before stays on screen."""

import threading

import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from voile.render import scene_facts  # noqa: E402
from voile.render.scene_facts import facts_of  # noqa: E402
from voile.scenes.errors import VoileError  # noqa: E402

LEFT = Qt.MouseButton.LeftButton
STAGE = "Grouping splats into cells"


class SlowCells:
    """Stands in for `build_cells`: goes on when it is let, and reports as long as it waits."""

    def __init__(self, monkeypatch):
        self.go, self.calls, self.threads = threading.Event(), 0, []
        self.error = None
        self._build = scene_facts.build_cells
        monkeypatch.setattr(scene_facts, "build_cells", self)

    def __call__(self, splats, progress):
        self.calls += 1
        self.threads.append(threading.current_thread())
        while not self.go.wait(0.01):
            progress(0.4, STAGE)
        if self.error is not None:
            raise self.error
        return self._build(splats, progress)


@pytest.fixture
def slow(monkeypatch):
    return SlowCells(monkeypatch)


def modes_shown(window):
    shown = window.viewport.drawer.shown
    return [shown[side].job.request.settings.mode for side in sorted(shown)]


@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_the_mode_before_is_drawn_until_the_cells_are_there(
    qtbot, make_window, show, look, ply, slow, backend
):
    window = show(make_window(backend), ply)
    card = window.overlays.readying
    before = look(window)
    window.session.settings.mode = "cells"
    qtbot.waitUntil(card.isVisible)
    qtbot.waitUntil(lambda: card._stage.text() == STAGE)
    assert modes_shown(window) == ["sorted"]
    assert not window.viewport.settled
    window.session.navigator.orbit(0.5, 0.0)  # the view can still be moved
    window.viewport.drawer.forget()
    window.viewport.update()
    qtbot.waitUntil(lambda: modes_shown(window) == ["sorted"])
    slow.go.set()
    after = look(window)
    assert modes_shown(window) == ["cells"]
    assert not card.isVisible()
    assert (after != before).any()
    assert slow.calls == 1
    assert threading.main_thread() not in slow.threads


def test_cancelling_goes_back_to_the_mode_before(qtbot, make_window, show, look, ply, slow):
    window = show(make_window("cpu"), ply)
    settings, card = window.session.settings, window.overlays.readying
    settings.mode = "weighted"
    look(window)
    settings.mode = "cells"
    qtbot.waitUntil(card.isVisible)
    qtbot.mouseClick(card.cancel_button, LEFT)
    assert settings.mode == "weighted"
    assert not card.isVisible()
    look(window)
    assert modes_shown(window) == ["weighted"]
    settings.mode = "cells"
    slow.go.set()
    look(window)
    assert modes_shown(window) == ["cells"]
    assert slow.calls == 2
    assert not window.overlays.banners


def test_choosing_another_mode_stops_preparing(qtbot, make_window, show, look, ply, slow):
    window = show(make_window("cpu"), ply)
    window.session.settings.mode = "cells"
    qtbot.waitUntil(window.overlays.readying.isVisible)
    window.session.settings.mode = "weighted"
    look(window)
    assert modes_shown(window) == ["weighted"]
    assert not window.overlays.readying.isVisible()
    assert not facts_of(window.session.opened.scene.splats).has_cells


def test_both_sides_wait_for_the_same_cells(qtbot, make_window, show, look, ply, slow):
    window = show(make_window("gl"), ply)
    comparison = window.session.comparison
    comparison.backend, comparison.active = "cpu", True
    comparison.settings.mode = window.session.settings.mode = "cells"
    qtbot.waitUntil(window.overlays.readying.isVisible)
    slow.go.set()
    look(window)
    assert modes_shown(window) == ["cells", "cells"]
    assert slow.calls == 1


def test_another_scene_is_prepared_anew(make_window, show, look, ply, other_ply, slow):
    slow.go.set()
    window = show(make_window("gl"), ply)
    window.session.settings.mode = "cells"
    look(window)
    show(window, other_ply)
    look(window)
    assert modes_shown(window) == ["cells"]
    assert slow.calls == 2


def test_a_failure_is_told_and_the_mode_before_comes_back(make_window, show, look, ply, slow):
    slow.error = VoileError("no cells today")
    slow.go.set()
    window = show(make_window("gl"), ply)
    window.session.settings.mode = "cells"
    look(window)
    assert window.session.settings.mode == "sorted"
    assert "no cells today" in window.overlays.banners[0].text


def test_a_picture_saved_meanwhile_is_what_is_on_screen(
    qtbot, make_window, show, ply, slow, tmp_path
):
    window = show(make_window("gl"), ply)
    window.session.settings.mode = "cells"
    qtbot.waitUntil(window.overlays.readying.isVisible)
    window.pictures.save(tmp_path / "now.png")
    qtbot.waitUntil((tmp_path / "now.png").exists)
    assert slow.calls == 1
    slow.go.set()


def test_closing_while_preparing_ends_the_thread(qtbot, make_window, show, ply, slow):
    window = show(make_window("cpu"), ply)
    window.session.settings.mode = "cells"
    qtbot.waitUntil(window.overlays.readying.isVisible)
    window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]
