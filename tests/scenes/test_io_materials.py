"""What splats wear in a PLY: numbers and names, and what is told where they do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from make_splats import make_splats

import voile
from voile.scenes import SceneFormatError
from voile.scenes.io import FORMATS
from voile.scenes.io.losses import scene_losses
from voile.scenes.material_file import save_material
from voile.scenes.material_names import coat_named
from voile.scenes.scene import open_scene

FEW = np.arange(12) < 4


@pytest.fixture
def made(tmp_path):
    """Four splats in a file's material, the others in one of the library but for the last."""
    path, vnm = tmp_path / "plain.ply", tmp_path / "größe.vnm"
    voile.save(make_splats(12), path)
    save_material(coat_named("fabric").material, vnm)
    scene = open_scene(path).with_material(coat_named("ceramic"))
    scene = scene.with_material(coat_named(str(vnm)), FEW)
    return scene.with_material(None, np.arange(12) == 11)


def written(made, tmp_path):
    path = tmp_path / "worn.ply"
    voile.save(made.saved_splats(), path)
    return path


@pytest.mark.parametrize("kind", ["3d", "2d"])
def test_a_ply_brings_back_what_its_splats_wear(made, tmp_path, kind):
    node = replace(made.nodes[0], splats=make_splats(12, 1, kind))
    path = written(made.with_nodes([node]), tmp_path)
    found = voile.load(path)
    assert found.material.tolist() == [0] * 4 + [1] * 7 + [-1]
    assert found.material_names == (str(tmp_path / "größe.vnm"), "ceramic")
    np.testing.assert_allclose(found.quats, node.splats.quats, atol=1e-6)
    again = open_scene(path)
    assert again.dress.sources == found.material_names
    np.testing.assert_array_equal(again.content.splats.material, found.material)
    assert again.pristine
    assert again.nodes[0].edits.none
    assert written(again, tmp_path).read_bytes() == path.read_bytes()
    bare = again.with_material(None, np.ones(12, bool))
    assert bare.content.splats.material is None
    back = bare.with_nodes([bare.nodes[0].undress(np.ones(12, bool))])
    np.testing.assert_array_equal(back.content.splats.material, found.material)


def test_a_file_is_found_beside_and_one_that_is_gone_is_noted(made, tmp_path):
    path, elsewhere = written(made, tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("worn.ply", "größe.vnm"):
        (tmp_path / name).rename(elsewhere / name)
    assert open_scene(elsewhere / "worn.ply").dress.sources[0] == str(elsewhere / "größe.vnm")
    (elsewhere / "größe.vnm").unlink()
    scene = open_scene(elsewhere / "worn.ply")
    assert scene.dress.sources == ("ceramic",)
    (note,) = scene.splats.notes
    assert note.startswith("4 splats show captured colours: ")
    assert "größe.vnm" in note
    assert path.name == "worn.ply"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (b"comment Material 1 ", b"comment Material 7 ", "comment Material"),
        (b'"ceramic"', b'"cera\\mic"', "comment Material"),
        (b'"ceramic"', b'"\\ud800.vnm"', "comment Material"),
        (b'comment Material 1 "ceramic"', b'comment Nothing_1 "ceramic!"', "material"),
    ],
)
def test_what_is_damaged_is_named(made, tmp_path, before, after, field):
    path = written(made, tmp_path)
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))
    with pytest.raises(SceneFormatError, match=r"worn\.ply") as told:
        open_scene(path)
    assert told.value.field == field


def test_numbers_that_nothing_names_are_another_programs(made, tmp_path):
    path = written(made, tmp_path)
    path.write_bytes(path.read_bytes().replace(b"comment Material", b"comment material"))
    assert voile.load(path).material is None


def test_splats_left_out_take_their_numbers_along(made, tmp_path):
    splats = made.saved_splats()
    splats.means[1] = np.nan
    path = tmp_path / "bad.ply"
    voile.save(splats, path)
    assert voile.load(path, drop_invalid=True).material.tolist() == [0] * 3 + [1] * 7 + [-1]


def test_what_a_format_cannot_hold_is_told(made):
    lost = {name: scene_losses(made, FORMATS[name]) for name in ("ply", "spz", "sog", "splat")}
    assert not any("wear" in sentence for sentence in lost.pop("ply"))
    for sentences in lost.values():
        assert any("wear is not in it" in s and "ceramic" in s for s in sentences)
    numbered = replace(made.nodes[0].splats, material=np.zeros(12, np.int32))
    alone = replace(made, coat=None, nodes=(replace(made.nodes[0], splats=numbered),))
    alone = alone.with_nodes([alone.nodes[0].edited(coats=())])
    assert any("nothing names" in s for s in scene_losses(alone, FORMATS["ply"]))
