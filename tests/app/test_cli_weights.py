"""`--weights`: weights from another place than beside the scene."""

import shutil

import numpy as np
import pytest
from make_splats import make_splats, with_weights

import voile
from voile.app import cli
from voile.scenes.oit_file import save_weights, weights_path

SMALL = ("--size", "64x48", "-q")


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scenes" / "scene.ply"
    path.parent.mkdir()
    voile.save(make_splats(120, 1), path)
    return path


@pytest.fixture
def weights(scene, tmp_path):
    path = tmp_path / "elsewhere.npz"
    save_weights(with_weights(voile.load(scene)), path)
    return path


def run(*arguments) -> int:
    return cli.run([str(a) for a in arguments])


def drawn(scene, path, *rest):
    assert run("render", scene, "-o", path, "--mode", "learned", *SMALL, *rest) == 0
    return np.load(path)


def test_render_takes_weights_from_elsewhere(scene, weights, tmp_path):
    out = tmp_path / "a.npy"
    assert run("render", scene, "-o", out, "--mode", "learned", *SMALL) == cli.FAILED
    elsewhere = drawn(scene, out, "--weights", weights)
    shutil.copy(weights, weights_path(scene))
    np.testing.assert_array_equal(drawn(scene, out), elsewhere)
    # What is given wins over what lies beside the scene.
    other = tmp_path / "other.npz"
    save_weights(with_weights(voile.load(scene), seed=5), other)
    assert (drawn(scene, out, "--weights", other) != elsewhere).any()


def test_compare_and_bench_take_them_too(scene, weights, tmp_path):
    page, table = tmp_path / "r.html", tmp_path / "b.json"
    b = ("--b", "mode=learned", "-o", page, *SMALL)
    assert run("compare", scene, *b) == cli.FAILED
    assert run("compare", scene, *b, "--weights", weights) == 0
    assert page.exists()
    rest = ("--backends", "cpu", "--views", 1, "--frames", 1)
    assert run("bench", scene, "-o", table, *SMALL, *rest, "--weights", weights) == 0
    assert '"learned"' in table.read_text()


def damaged(scene, weights, tmp_path):
    path = tmp_path / "cut.npz"
    path.write_bytes(weights.read_bytes()[:500])
    return path


def of_another_scene(scene, weights, tmp_path):
    path = tmp_path / "foreign.npz"
    save_weights(with_weights(make_splats(120, 1, seed=9)), path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda *_: _[2] / "none.npz", ("none.npz", "file", "Check the path")),
        (damaged, ("cut.npz", "archive", "voile bake")),
        (of_another_scene, ("foreign.npz", "fingerprint", "another scene", "voile bake")),
        (lambda scene, *_: scene.parent, ("scenes", "file", "Check the path")),
    ],
)
@pytest.mark.parametrize("command", ["render", "compare", "bench"])
def test_what_is_wrong_with_them_is_said_in_one_line(
    scene, weights, tmp_path, capsys, make, words, command
):
    out = tmp_path / {"render": "a.png", "compare": "a.html", "bench": "a.json"}[command]
    more = ("--b", "mode=weighted") if command == "compare" else ()
    path = make(scene, weights, tmp_path)
    assert run(command, scene, "-o", out, *SMALL, *more, "--weights", path) == cli.FAILED
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    for word in words:
        assert word in error
    assert not out.exists()
