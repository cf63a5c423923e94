"""Fitting and learning weights in the window: in a thread, kept, and switched on."""

import re
import sys
import threading

import numpy as np
import pytest

pytestmark = pytest.mark.window

Qt = pytest.importorskip("PySide6.QtCore").Qt

from make_splats import with_weights  # noqa: E402

import voile  # noqa: E402
from voile.app import baker as baker_module  # noqa: E402
from voile.render import baking  # noqa: E402
from voile.render import learn as learn_module  # noqa: E402
from voile.scenes.errors import SceneFormatError  # noqa: E402
from voile.scenes.oit_file import load_weights, save_weights, weights_path  # noqa: E402
from voile.scenes.scene import open_scene  # noqa: E402

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def small(monkeypatch):
    """Little to do: what is found is tested elsewhere."""
    monkeypatch.setattr(baking, "SIZE", (64, 48))
    monkeypatch.setattr(baking, "LARGE", (96, 72))
    monkeypatch.setattr(baking, "FIT_VIEWS", 8)
    monkeypatch.setattr(baking, "CHECK_VIEWS", 2)
    monkeypatch.setattr(baker_module, "LEARN_SECONDS", 3.0)


@pytest.fixture
def opened(make_window, show, ply, small):
    def make(backend="cpu", path=ply):
        window = show(make_window(backend, size=(900, 700), panels=True), path)
        return window, window.docks["blending"].weights

    return make


def ended(qtbot, controls):
    qtbot.waitUntil(lambda: not controls.baker.running)


def texts(window):
    return [banner.text for banner in window.overlays.banners]


@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_fitted_weights_are_used_and_kept(qtbot, opened, look, ply, monkeypatch, backend):
    window, controls = opened(backend)
    session = window.session
    session.navigator.orbit(0.4, 0.1)
    look(window)
    camera = window.viewport.camera().world_to_camera
    assert "no weights" in controls.words.text()
    stages, threads, bake = [], [], baker_module.bake

    def seen(*given):
        threads.append(threading.current_thread().name)
        return bake(*given)

    monkeypatch.setattr(baker_module, "bake", seen)
    controls.baker.progressed.connect(lambda _, stage: stages.append(stage))
    qtbot.mouseClick(controls.buttons["fitted"], LEFT)
    assert controls.stop.isVisible()
    ended(qtbot, controls)
    assert threads == ["voile task baking"]
    look(window)
    assert session.settings.mode == "weighted"
    assert session.opened.scene.splats.fitted is not None
    np.testing.assert_array_equal(window.viewport.camera().world_to_camera, camera)
    assert any("dB" in stage for stage in stages)
    assert open_scene(ply).splats.fitted is not None
    assert str(weights_path(ply)) in texts(window)[0]
    assert "fitted weights" in controls.words.text()
    assert window.viewport.drawer.shown[0].job.splats is session.opened.scene.splats


class Steps:
    """Stands in for the module `time` of `learn`: steps are the clock, which stops at four fifths.

    So learning has got as far on any machine, and goes on until it is stopped.
    """

    def __init__(self, monkeypatch):
        self._now = 0.0
        monkeypatch.setattr(learn_module, "time", self)

    def perf_counter(self):
        self._now = min(self._now + 0.002, 0.8)
        return self._now


def test_learning_switches_the_mode_on_and_stopping_keeps_the_best(
    qtbot, opened, look, ply, monkeypatch
):
    window, controls = opened("gl")
    monkeypatch.setattr(baker_module, "LEARN_SECONDS", 1.0)
    Steps(monkeypatch)
    item = (
        window.docks["blending"]
        .modes.box.model()
        .item(window.docks["blending"].modes.box.findData("learned"))
    )
    assert not item.isEnabled()
    qtbot.mouseClick(controls.buttons["learned"], LEFT)
    # Far enough to have something better than it began with: steps have become small.
    qtbot.waitUntil(lambda: controls.words.text().startswith("Learning: "))
    qtbot.waitUntil(lambda: controls.bar.value() > 750)
    assert "dB" in controls.words.text()
    qtbot.mouseClick(controls.stop, LEFT)
    assert "Stopping" in controls.words.text()
    ended(qtbot, controls)
    look(window)
    assert window.session.settings.mode == "learned"
    told = re.search(r"([\d.]+) dB against sorted, ([\d.]+) before", texts(window)[-1])
    assert told
    assert float(told[1]) >= float(told[2]) > 0
    assert item.isEnabled()
    assert open_scene(ply).splats.learned is not None
    assert controls.isVisible()  # mode learned is chosen
    window.session.settings.mode = "sorted"
    assert controls.isHidden()  # nothing is missing


def test_where_nothing_better_is_learned_the_fit_is_used(qtbot, opened, look, monkeypatch):
    monkeypatch.setattr(baker_module, "LEARN_SECONDS", 0.001)
    window, controls = opened()
    controls.bake("learned")
    ended(qtbot, controls)
    look(window)
    assert window.session.settings.mode == "weighted"
    assert window.session.opened.scene.splats.learned is None
    assert "Nothing better was learned" in texts(window)[0]


def test_stopping_at_once_changes_nothing(qtbot, opened, look, ply):
    window, controls = opened()
    before = window.session.opened.scene.splats
    controls.bake("fitted")
    controls.baker.cancel()
    ended(qtbot, controls)
    assert window.session.opened.scene.splats is before
    assert window.session.settings.mode == "sorted"
    assert not weights_path(ply).exists()
    assert not texts(window)


def test_a_folder_that_is_read_only_is_told_and_the_weights_are_used(
    qtbot, opened, look, ply, monkeypatch
):
    def refuse(splats, path):
        raise SceneFormatError(path, "file", "cannot be written: Permission denied", "Use -o.")

    monkeypatch.setattr(baker_module, "save_weights", refuse)
    window, controls = opened()
    controls.bake("fitted")
    ended(qtbot, controls)
    look(window)
    assert window.session.settings.mode == "weighted"
    assert window.session.opened.scene.splats.fitted is not None
    (text,) = texts(window)
    for words in ("in use", "could not be saved", "Permission denied", "--weights FILE"):
        assert words in text


def test_without_torch_the_remedy_is_told(qtbot, opened, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    window, controls = opened()
    controls.bake("learned")
    ended(qtbot, controls)
    (text,) = texts(window)
    assert "PyTorch" in text
    assert "pip install torch" in text


def test_another_scene_keeps_its_own_weights(qtbot, opened, show, look, other_ply):
    window, controls = opened()
    controls.bake("fitted")
    show(window, other_ply)
    ended(qtbot, controls)
    look(window)
    assert window.session.opened.scene.splats.fitted is None
    assert window.session.settings.mode == "sorted"


def test_weights_that_were_given_are_where_new_ones_go(
    qtbot, make_window, small, look, ply, tmp_path
):
    file = tmp_path / "w.npz"
    save_weights(with_weights(voile.load(ply)), file)
    window = make_window("cpu", size=(900, 700), panels=True)
    window.open(str(ply), file)
    look(window)
    assert window.session.opened.scene.splats.learned is not None
    window.session.settings.mode = "weighted"
    window.docks["blending"].weights.bake("fitted")
    ended(qtbot, window.docks["blending"].weights)
    look(window)
    assert str(file) in texts(window)[0]
    assert not weights_path(ply).exists()
    assert load_weights(voile.load(ply), file).learned is not None


def test_closing_while_baking_ends_the_thread(qtbot, opened):
    window, controls = opened()
    controls.bake("learned")
    qtbot.wait(50)
    window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("voile task")]


def test_weights_that_are_not_the_scenes_are_told_and_the_old_scene_stays(
    opened, look, ply, tmp_path
):
    window, _ = opened()
    before = window.session.opened
    window.open(str(ply), tmp_path / "none.npz")
    look(window)
    assert window.session.opened is before
    (text,) = texts(window)
    for words in ("none.npz", "file", "Check the path"):
        assert words in text
