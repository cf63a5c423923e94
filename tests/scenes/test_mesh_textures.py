"""Textures of glTF and OBJ files: what is read, and what is told where it cannot be."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from voile.scenes.errors import SceneFormatError
from voile.scenes.io.mesh import load_meshes
from voile.scenes.texture import LINEAR

pytest.importorskip("trimesh")

PIXELS = np.random.default_rng(1).integers(0, 256, (4, 6, 4), np.uint8)


def png(pixels=PIXELS) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def gltf(image="data", *, sampler=None, material=None, texture=None) -> dict:
    """A triangle whose corners have coordinates (0, 0), (1, 0) and (0, 1), v down."""
    corners = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    data = corners.tobytes() + np.float32([[0, 0], [1, 0], [0, 1]]).tobytes()
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    picture = "data:image/png;base64," + base64.b64encode(png()).decode()
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "material": 0}]}
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 24},
        ],
        "buffers": [{"uri": uri, "byteLength": 60}],
        "materials": [
            {
                "name": "paint",
                "pbrMetallicRoughness": {
                    "baseColorFactor": [0.5, 1.0, 0.25, 1.0],
                    "baseColorTexture": {"index": 0, **(texture or {})},
                },
                **(material or {}),
            }
        ],
        "textures": [{"source": 0, "sampler": 0}],
        "images": [{"uri": picture if image == "data" else image}],
        "samplers": [sampler or {}],
    }


def opened(tmp_path, tree: dict):
    path = tmp_path / "mesh.gltf"
    path.write_text(json.dumps(tree))
    (mesh,) = load_meshes(path)
    return mesh


def test_the_image_its_colour_and_its_coordinates(tmp_path):
    mesh = opened(tmp_path, gltf())
    np.testing.assert_array_equal(mesh.texture.pixels, PIXELS)
    assert (mesh.texture.wrap, mesh.texture.cutoff) == (("repeat", "repeat"), 0.0)
    corners = {tuple(v[:2]): tuple(uv) for v, uv in zip(mesh.vertices, mesh.uvs)}
    assert corners == {(0, 0): (0, 1), (1, 0): (1, 1), (0, 1): (0, 0)}  # v is up
    # The factor of glTF is linear light, the colour of a mesh is what a display shows.
    light = np.interp(np.array(mesh.color) * 255, np.arange(256), LINEAR)
    np.testing.assert_allclose(light, (0.5, 1.0, 0.25), atol=2e-3)


def test_sampler_cutoff_and_transform(tmp_path):
    tree = gltf(
        sampler={"wrapS": 33071, "wrapT": 33648},
        material={"alphaMode": "MASK", "alphaCutoff": 0.25},
        texture={
            "extensions": {
                "KHR_texture_transform": {"offset": [0.25, 0.5], "scale": [2, 3], "rotation": 0.5}
            }
        },
    )
    mesh = opened(tmp_path, tree)
    assert (mesh.texture.wrap, mesh.texture.cutoff) == (("clamp", "mirror"), 0.25)
    cosine, sine = np.cos(0.5), np.sin(0.5)
    wanted = {  # v down, by the matrices of the extension: offset, rotation, scale
        (0, 0): (0.25, 0.5),
        (1, 0): (0.25 + 2 * cosine, 0.5 - 2 * sine),
        (0, 1): (0.25 + 3 * sine, 0.5 + 3 * cosine),
    }
    for corner, uv in zip(mesh.vertices, mesh.uvs):
        u, v = wanted[tuple(corner[:2])]
        np.testing.assert_allclose(uv, (u, 1 - v), atol=1e-6)


@pytest.mark.parametrize(("mode", "cutoff"), [("OPAQUE", 0.0), ("MASK", 0.5), ("BLEND", 0.5)])
def test_how_alpha_counts(tmp_path, mode, cutoff):
    assert opened(tmp_path, gltf(material={"alphaMode": mode})).texture.cutoff == cutoff


def test_an_image_in_a_glb_and_one_beside_a_gltf(tmp_path):
    import trimesh

    (tmp_path / "my picture.png").write_bytes(png())
    beside = opened(tmp_path, gltf("my%20picture.png"))
    np.testing.assert_array_equal(beside.texture.pixels, PIXELS)
    scene = trimesh.load_scene(tmp_path / "mesh.gltf", resolver=None)
    material = next(iter(scene.geometry.values())).visual.material
    material.baseColorTexture = Image.fromarray(PIXELS)
    scene.export(tmp_path / "mesh.glb")
    (mesh,) = load_meshes(tmp_path / "mesh.glb")
    np.testing.assert_array_equal(mesh.texture.pixels, PIXELS)


def test_parts_share_the_texture(tmp_path):
    tree = gltf()
    tree["nodes"].append({"mesh": 0, "translation": [2, 0, 0]})
    tree["scenes"][0]["nodes"] = [0, 1]
    path = tmp_path / "two.gltf"
    path.write_text(json.dumps(tree))
    one, two = load_meshes(path)
    assert one.texture is two.texture
    assert one.vertices[0, 0] != two.vertices[0, 0]


OBJ = (
    "mtllib quad.mtl\nusemtl paint\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
    "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
)


@pytest.mark.parametrize(
    ("line", "wrap", "cutoff"),
    [
        ("map_Kd tex.png", "repeat", 0.0),
        ("map_Kd sub\\tex.png", "repeat", 0.0),
        ("map_Kd -clamp on tex.png\nmap_d tex.png", "clamp", 0.5),
    ],
)
def test_obj(tmp_path, line, wrap, cutoff):
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / "tex.png").write_bytes(png())
    (tmp_path / "quad.mtl").write_text(f"newmtl paint\nKd 0.2 0.4 1.0\n{line}\n")
    (tmp_path / "quad.obj").write_text(OBJ)
    (mesh,) = load_meshes(tmp_path / "quad.obj")
    np.testing.assert_array_equal(mesh.texture.pixels, PIXELS)
    assert mesh.texture.wrap == (wrap, wrap)
    assert mesh.texture.cutoff == cutoff
    np.testing.assert_allclose(mesh.color, (0.2, 0.4, 1.0), atol=3e-3)


def test_a_missing_image_is_told(tmp_path):
    for image, problem in (("gone.png", "is not there"), ("../../out.png", "outside the folder")):
        with pytest.raises(SceneFormatError, match=problem) as told:
            opened(tmp_path, gltf(image))
        assert image in told.value.field
        assert "Put it beside mesh.gltf" in told.value.fix
    (tmp_path / "quad.mtl").write_text("newmtl paint\nmap_Kd gone.jpg\n")
    (tmp_path / "quad.obj").write_text(OBJ)
    with pytest.raises(SceneFormatError, match=r"quad.obj: texture gone.jpg: is not there"):
        load_meshes(tmp_path / "quad.obj")


def test_a_damaged_image_is_told(tmp_path):
    whole = png(np.random.default_rng(2).integers(0, 256, (64, 64, 4), np.uint8))
    for data, problem in ((b"no image", "no image"), (whole[: len(whole) // 2], "decoded")):
        (tmp_path / "bad.png").write_bytes(data)
        with pytest.raises(SceneFormatError, match=problem) as told:
            opened(tmp_path, gltf("bad.png"))
        assert told.value.field == "material 'paint', baseColorTexture bad.png"


def test_an_image_too_large_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    assert (tmp_path / "huge.png").stat().st_size < 100_000
    with pytest.raises(SceneFormatError, match="9000x9000"):
        opened(tmp_path, gltf("huge.png"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"texture": {"texCoord": 1}}, "second set"),
        ({"texture": {"index": 7}}, "IndexError"),
        ({"sampler": {"wrapS": 5}}, "KeyError"),
        ({"material": {"alphaMode": "MASK", "alphaCutoff": "half"}}, "ValueError"),
    ],
)
def test_what_gltf_does_not_have_is_told(tmp_path, change, word):
    with pytest.raises(SceneFormatError, match=word) as told:
        opened(tmp_path, gltf(**change))
    assert told.value.fix


def test_a_texture_by_an_extension_alone_is_told(tmp_path):
    tree = gltf()
    tree["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    with pytest.raises(SceneFormatError, match="KHR_texture_basisu"):
        opened(tmp_path, tree)


def test_damaged_meshes_are_refused_in_silence(tmp_path, capfd, recwarn):
    path = tmp_path / "mesh.stl"
    facet = "facet normal 0 0 1\nouter loop\nvertex 0 0 {}\nvertex 1 0 0\nvertex 0 1 0\nendloop\n"
    for number in ("inf", "1e39", "1_0"):
        path.write_text(f"solid a\n{facet.format(number)}endfacet\nendsolid a\n")
        with pytest.raises(SceneFormatError, match=r"mesh\.stl"):
            load_meshes(path)
    assert capfd.readouterr().err == ""
    assert not recwarn.list


def test_a_cutoff_that_is_no_number(tmp_path):
    tree = gltf(material={"alphaMode": "MASK", "alphaCutoff": float("nan")})
    with pytest.raises(SceneFormatError, match=r"mesh\.gltf.*cutoff is nan"):
        opened(tmp_path, tree)
