"""Sessions as files, without a window: what splats wear."""

import json

import numpy as np
import pytest
from make_splats import make_splats

from voile import save
from voile.app import session_file
from voile.app.session_file import Restored
from voile.scenes import SceneFormatError
from voile.scenes.lights import Lights, sky, uniform
from voile.scenes.material_file import save_material
from voile.scenes.material_names import coat_named
from voile.scenes.scene import open_scene

FEW = np.arange(20) < 6


@pytest.fixture
def made(tmp_path):
    """A scene in a material of the library, with parts in a file's and in none."""
    ply, vnm = tmp_path / "scene.ply", tmp_path / "own.vnm"
    save(make_splats(20), ply)
    save_material(coat_named("fabric").material, vnm)
    scene = open_scene(ply).with_material(coat_named("ceramic"))
    scene = scene.with_material(coat_named(str(vnm)), FEW)
    return scene.with_material(None, np.arange(20) == 19)


def written(scene, path):
    session_file.write(session_file.encode(scene, str(scene.path), Restored({}, None)), path)
    return path


def test_a_session_keeps_what_splats_wear_by_name_and_file(made, tmp_path):
    file = written(made, tmp_path / "work.voile")
    found, _ = session_file.read(file)
    np.testing.assert_array_equal(found.content.splats.material, made.content.splats.material)
    assert found.dress.sources == (str(tmp_path / "own.vnm"), "ceramic")
    assert written(found, tmp_path / "again.voile").read_bytes() == file.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ceramic").mkdir()  # no file of a material, whatever it is called
    for name in ("scene.ply", "own.vnm", "work.voile"):
        (tmp_path / name).rename(elsewhere / name)
    moved, _ = session_file.read(elsewhere / "work.voile")
    assert moved.dress.sources == (str(elsewhere / "own.vnm"), "ceramic")


def test_a_part_of_a_file_takes_along_what_it_wears(made, tmp_path):
    rest, part = made.nodes[0].separated(np.arange(20) % 2 == 0, "part")
    scene = made.with_nodes([rest.delete(np.arange(20) == 1), part])
    found, _ = session_file.read(written(scene, tmp_path / "work.voile"))
    np.testing.assert_array_equal(found.content.splats.material, scene.content.splats.material)
    np.testing.assert_array_equal(found.saved_splats().material, scene.saved_splats().material)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("material", "velvet", "there is no material 'velvet'"),
        ("source", "a\0b", "zero byte"),
        ("source", "n" * 5000, "nnn ... nnn"),
        ("lamps", [{"kind": "x" * 100_000}], "Invalid enum value"),
    ],
)
def test_numbers_and_names_that_make_no_scene(made, tmp_path, field, value, words):
    file = written(made, tmp_path / "work.voile")
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    with pytest.raises(SceneFormatError, match=words) as caught:
        session_file.read(file)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 5000


def test_sessions_that_are_no_text(tmp_path):
    file = tmp_path / "work.voile"
    for content in (b"\xff\xfe{", b"[" * 100_000, b""):
        file.write_bytes(content)
        with pytest.raises(SceneFormatError, match=r"work\.voile: content: is not that of"):
            session_file.read(file)


def test_what_is_gone_or_damaged_is_named(made, tmp_path):
    file = written(made, tmp_path / "work.voile")
    text = file.read_text()
    file.write_text(text.replace('"rows":{"size":20', '"rows":{"size":21'))
    with pytest.raises(SceneFormatError, match=r"work\.voile.*coats.*21"):
        session_file.read(file)
    file.write_text(text)
    (tmp_path / "own.vnm").unlink()
    with pytest.raises(SceneFormatError, match=r"own\.vnm"):
        session_file.read(file)


def test_the_sky_has_a_name(made, tmp_path):
    file = written(made, tmp_path / "work.voile")
    text = file.read_text()
    assert '"environment":"builtin:sky"' in text
    assert session_file.read(file)[0].lights.environment is sky()
    file.write_text(text.replace('"environment":"builtin:sky"', '"environment":""'))  # as it was
    assert session_file.read(file)[0].lights.environment is sky()
    assert session_file.check(made) is None
    lit = made.with_look(made.coat, Lights(uniform()))
    assert session_file.check(lit) == (
        "The environment Uniform comes from no file; choose one in panel Light."
    )


def test_what_was_taken_off_stays_off(made, tmp_path):
    numbered = tmp_path / "numbered.ply"
    save(made.saved_splats(), numbered)
    scene = open_scene(numbered)
    assert scene.dress.own == 19  # one shows captured colours
    scene = scene.with_nodes([node.stripped() for node in scene.nodes])
    found, _ = session_file.read(written(scene, tmp_path / "work.voile"))
    assert (found.dress.own, found.dress.column) == (0, None)
