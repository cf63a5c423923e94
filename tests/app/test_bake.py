"""`voile bake` as a user types it."""

import signal

import numpy as np
import pytest
from make_splats import make_splats

import voile
from voile.app import cli
from voile.app.commands.bake import interruptible
from voile.render import baking
from voile.scenes.errors import Cancelled
from voile.scenes.oit_file import weights_path
from voile.scenes.scene import open_scene


@pytest.fixture
def scene(tmp_path, monkeypatch):
    # Small pictures: what they are of is tested elsewhere.
    monkeypatch.setattr(baking, "SIZE", (64, 48))
    monkeypatch.setattr(baking, "LARGE", (96, 72))
    path = tmp_path / "scene.ply"
    voile.save(make_splats(200, 0), path)
    return path


def run(*arguments) -> int:
    return cli.run([str(a) for a in arguments])


def test_bake_then_render(scene, tmp_path, capsys):
    out = tmp_path / "a.png"
    assert run("render", scene, "-o", out, "--mode", "learned", "--size", "64x48") == cli.FAILED
    assert "voile bake" in capsys.readouterr().err
    assert run("bake", scene, "--oit", "--learn", "--steps", 300) == 0
    text = capsys.readouterr().out
    assert "scene.ply.voile-oit.npz" in text
    for part in ("unfitted", "weighted, fitted", "learned"):
        assert part in text
    assert run("render", scene, "-o", out, "--mode", "learned", "--size", "64x48") == 0
    opened = open_scene(scene).splats
    assert opened.fitted is not None
    assert opened.learned is not None


def test_fitting_again_keeps_what_was_learned(scene):
    assert run("bake", scene, "--learn", "--steps", 300, "-q") == 0
    before = open_scene(scene).splats.learned
    assert before is not None
    assert run("bake", scene, "--oit", "-q") == 0
    after = open_scene(scene).splats.learned
    assert after is not None
    np.testing.assert_array_equal(after.log_weights, before.log_weights)


def test_output_and_views(scene, tmp_path):
    camera, out = tmp_path / "camera.json", tmp_path / "there.npz"
    voile.Camera.look_at((1, -1, -5), (0, 0, 0), width=64, height=48).save(camera)
    assert run("bake", scene, "--oit", "--views", camera, "-o", out, "-q") == 0
    assert out.exists()
    assert not weights_path(scene).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to bake"),
        (("--learn", "--minutes", "0"), "--minutes"),
        (("--learn", "--minutes", "nan"), "--minutes"),
        (("--learn", "--steps", "0"), "--steps"),
        (("--oit", "--views", "none.json"), "none.json"),
    ],
)
def test_what_cannot_be_baked(scene, capsys, arguments, words):
    assert run("bake", scene, *arguments) == cli.FAILED
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.fixture
def heard():
    """SIGINT as a terminal gives it: what runs in the background of a script ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_becomes_cancelled_at_the_next_report(heard):
    reports = []
    with interruptible(lambda fraction, stage: reports.append(stage)) as progress:
        progress(0.1, "one")
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Cancelled):
            progress(0.2, "two")
        assert progress.interrupted
        progress(0.3, "the rest goes on")
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert reports == ["one", "two", "the rest goes on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
