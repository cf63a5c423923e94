"""Meshes as scenes and among splats: opened, framed and drawn by the command line."""

import numpy as np
import pytest
from make_splats import make_splats
from PIL import Image

import voile
from voile.app.cli import run
from voile.render.views import bounding_sphere, named_view
from voile.scenes import SceneFormatError, VoileError
from voile.scenes.material_names import coat_named, material_named
from voile.scenes.mesh import turn_up
from voile.scenes.scene import open_scene

trimesh = pytest.importorskip("trimesh")


@pytest.fixture
def box(tmp_path):
    path = tmp_path / "box.glb"
    made = trimesh.creation.box((1, 2, 3))
    made.apply_translation((0, 4, 0))
    trimesh.Scene(made).export(path)
    return path


def test_a_mesh_is_a_scene_of_its_own(box):
    scene = open_scene(box)
    assert scene.format == "mesh .glb"
    assert len(scene.splats) == 0
    assert scene.splats.up == (0.0, 1.0, 0.0)
    center, radius = bounding_sphere(scene.content)
    np.testing.assert_allclose(center, (0, 4, 0), atol=1e-6)
    assert radius == pytest.approx(np.sqrt(1 + 4 + 9) / 2)


def test_among_splats_gltf_is_turned_to_their_up(box, tmp_path):
    path = tmp_path / "scene.ply"
    voile.save(make_splats(50), path)
    scene = open_scene(path, meshes=[box, box])
    assert len(scene.content.meshes) == 2
    np.testing.assert_allclose(scene.meshes[0].vertices.mean(axis=0), (0, -4, 0), atol=1e-5)
    _, radius = bounding_sphere(scene.content)
    assert radius > bounding_sphere(scene.splats)[1]
    camera = named_view(scene.content, "front", 64, 48)
    corners = scene.meshes[0].vertices @ camera.world_to_camera[:3, :3].T
    z = corners[:, 2] + camera.world_to_camera[2, 3]
    assert (z > camera.near).all()


@pytest.mark.parametrize("after", [(0, 1, 0), (0, -1, 0), (0, 0, 1), (0.6, 0, 0.8)])
def test_turning_up_is_a_rotation(after):
    turn = turn_up((0.0, 1.0, 0.0), after)[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    np.testing.assert_allclose(turn @ (0, 1, 0), after, atol=1e-12)


def test_render_draws_a_mesh_and_one_among_splats(box, tmp_path):
    path, out = tmp_path / "scene.ply", tmp_path / "out.png"
    voile.save(make_splats(50), path)
    assert run(["render", str(box), "-o", str(out), "--size", "40x30", "-q"]) == 0
    alone = np.asarray(Image.open(out).convert("RGB"))
    assert alone.max() > 100
    flags = ["--mesh", str(box), "--size", "40x30", "-q"]
    assert run(["render", str(path), "-o", str(out), *flags]) == 0
    assert np.asarray(Image.open(out).convert("RGB")).max() > 100


def test_a_bad_mesh_is_told(tmp_path, box):
    path = tmp_path / "scene.ply"
    voile.save(make_splats(5), path)
    box.write_bytes(box.read_bytes()[:200])
    with pytest.raises(SceneFormatError, match=r"box\.glb"):
        open_scene(path, meshes=[box])


def test_a_scene_of_a_material_is_lit_by_it(box, tmp_path):
    path = tmp_path / "scene.ply"
    voile.save(make_splats(50), path)
    plain = open_scene(path, meshes=[box])
    made = plain.with_look(coat_named("brushed"), plain.lights)
    assert made.splats is plain.splats
    assert (made.content.splats.material == 0).all()
    assert made.content.meshes[0].material == made.content.materials[0].name == "brushed"
    assert made.with_look(None, plain.lights).content.splats.material is None
    pictures = []
    for flags in (["--material", "brushed"], ["--material", "fabric"], []):
        out = tmp_path / "out.png"
        common = ["--size", "24x18", "--accumulate", "4", "-q", "-o", str(out)]
        assert run(["render", str(path), "--mesh", str(box), *flags, *common]) == 0
        pictures.append(np.asarray(Image.open(out).convert("RGB")).astype(int))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(pictures[a] - pictures[b]).mean() > 1


def test_a_material_that_is_none_is_told(tmp_path):
    with pytest.raises(VoileError, match="ceramic"):
        material_named("gold")
    (tmp_path / "bad.vnm").write_bytes(b"no material")
    with pytest.raises(SceneFormatError, match=r"bad\.vnm"):
        material_named(str(tmp_path / "bad.vnm"))
