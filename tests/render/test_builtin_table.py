"""The table with every material: what is on it, that backends agree on it, and what keeps it."""

from dataclasses import replace

import numpy as np
import pytest
from any_renderer import any_renderer

import voile
from voile import Cancelled, FrameRequest, SceneFormatError, Settings
from voile.app import session_file
from voile.app.session_file import Restored
from voile.render.views import from_viewpoint
from voile.scenes.builtin import MATERIALS, SCENES, showcase
from voile.scenes.builtin.materials import NAMES
from voile.scenes.material_names import coat_named
from voile.scenes.oit_file import weights_path
from voile.scenes.scene import open_scene


@pytest.fixture(scope="module")
def scene():
    return open_scene(MATERIALS)


def test_every_material_is_worn_and_three_of_them_by_meshes_as_well(scene):
    content = scene.content
    assert tuple(material.name for material in content.materials) == NAMES
    assert set(np.unique(content.splats.material)) == {-1, *range(len(NAMES))}
    assert {mesh.material for mesh in content.meshes} == {"ceramic", "brushed", "car-paint"}
    assert 50_000 < len(content.splats) < 100_000  # light enough for a software driver
    assert (content.splats.material < 0).mean() > 0.5
    assert [lamp.name for lamp in content.lights.lamps] == ["Key"]
    for mesh in content.meshes:
        length = np.linalg.norm(mesh.normals, axis=1)
        np.testing.assert_allclose(length, 1.0, atol=1e-5)
        assert np.ptp(mesh.uvs, axis=0).min() >= 1.0


def test_tubes_close_without_a_seam(scene):
    """The last section of the knot is the first, with the texture a whole number of times on."""
    (knot,) = [mesh for mesh in scene.meshes if mesh.name == "knot"]
    around = 25
    first, last = knot.vertices[:around], knot.vertices[-around:]
    np.testing.assert_allclose(first, last, atol=1e-5)
    np.testing.assert_allclose(knot.normals[:around], knot.normals[-around:], atol=1e-4)
    turns = knot.uvs[-around:] - knot.uvs[:around]
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-5)


def test_same_bytes_for_a_seed_and_others_for_another(scene):
    again, other = showcase.build(), showcase.build(seed=1)
    for name in ("means", "quats", "scales", "opacities", "sh", "material"):
        assert getattr(scene.splats, name).tobytes() == getattr(again.splats, name).tobytes()
    assert again.splats.means.tobytes() != other.splats.means.tobytes()


def test_building_can_be_cancelled():
    def cancel(fraction, stage):
        raise Cancelled

    with pytest.raises(Cancelled):
        open_scene(MATERIALS, cancel)


def test_it_opens_by_its_name_and_knows_it(scene):
    assert scene.path is None
    assert scene.source == MATERIALS == scene.nodes[0].source
    assert list(scene.viewpoints) == list(SCENES[MATERIALS].viewpoints)
    assert scene.weights == weights_path(MATERIALS) != weights_path("builtin")
    with pytest.raises(SceneFormatError, match="There are builtin, builtin:materials"):
        open_scene("builtin:garden")


@pytest.mark.parametrize("viewpoint", SCENES[MATERIALS].viewpoints)
def test_every_viewpoint_shows_it(scene, viewpoint):
    camera = from_viewpoint(scene.viewpoints[viewpoint], 160, 90)
    frame = voile.render(scene.content, camera, Settings(light_samples=1))
    assert (frame.alpha > 0.9).mean() > 0.2
    assert frame.color.std() > 0.1


def test_a_coat_leaves_what_has_a_material(scene):
    coated = scene.with_look(coat_named("fabric"), scene.lights).content
    own = scene.splats.material
    np.testing.assert_array_equal(coated.splats.material[own >= 0], own[own >= 0])
    assert (coated.splats.material[own < 0] == NAMES.index("fabric")).all()
    assert [mesh.material for mesh in coated.meshes] == [mesh.material for mesh in scene.meshes]


def test_a_session_brings_it_back(scene, tmp_path):
    path = tmp_path / "table.voile"
    table, *others = scene.nodes
    edited = scene.with_nodes([table.delete(np.arange(len(scene.splats)) % 3 == 0), *others[:2]])
    edited = edited.with_look(None, replace(scene.lights, lamps=()))
    session_file.write(session_file.encode(edited, MATERIALS, Restored({}, None)), path)
    restored, _ = session_file.read(path)
    assert restored.source == MATERIALS
    assert restored.lights.lamps == ()
    session_file.write(session_file.encode(scene, MATERIALS, Restored({}, None)), path)
    assert session_file.read(path)[0].lights.lamps == scene.lights.lamps != ()
    assert restored.nodes[0].remaining == edited.nodes[0].remaining
    np.testing.assert_array_equal(restored.content.splats.material, scene.splats.material)
    assert [mesh.name for mesh in restored.meshes] == ["vase", "knot"], "one was removed"
    assert tuple(material.name for material in restored.content.materials) == NAMES


@pytest.fixture(scope="module")
def thinned(scene):
    """Some of its splats and triangles, which float64 can draw in a moment."""
    content = scene.content
    meshes = tuple(replace(mesh, faces=mesh.faces[::9]) for mesh in content.meshes)
    return replace(content, splats=content.splats.take(slice(0, None, 30)), meshes=meshes)


def draw(name, content, mode):
    renderer = any_renderer(name)
    try:
        renderer.upload(content)
        camera = from_viewpoint(SCENES[MATERIALS].viewpoints["showcase"], 64, 40)
        settings = Settings(mode=mode, precision="float32", bins=8, light_samples=2)
        return renderer.render(FrameRequest(camera, settings, seed=3)).color
    finally:
        renderer.close()


@pytest.mark.gl
@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "stochastic"])
def test_backends_draw_the_reference(thinned, mode):
    expected = draw("reference", thinned, mode)
    for name in ("cpu", "gl", "cuda"):
        difference = np.abs(draw(name, thinned, mode) - expected)
        assert difference.mean() <= 0.5 / 255, name
        assert np.quantile(difference, 0.98) < 0.02, name
