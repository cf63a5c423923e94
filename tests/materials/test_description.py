"""Materials described by a TOML file, and what is said about bad ones."""

import numpy as np
import pytest
from PIL import Image

from voile.render.materials.description import read_description, reference_texels
from voile.render.materials.layered import unpack
from voile.render.materials.library import PLAIN
from voile.scenes.errors import SceneFormatError


def image(path, rgb, size=4):
    Image.fromarray(np.full((size, size, 3), rgb, np.uint8)).save(path)


def test_numbers_images_and_arrays(tmp_path):
    image(tmp_path / "color.png", (255, 188, 0))
    image(tmp_path / "bumps.png", (255, 128, 255))
    rough = np.random.default_rng(0).random((4, 4))
    np.save(tmp_path / "rough.npy", rough)
    path = tmp_path / "mug.toml"
    path.write_text(
        'albedo = "color.png"\nnormal = "bumps.png"\nroughness = "rough.npy"\n'
        "coat = 1\ndust_albedo = [0.1, 0.2, 0.3]\n"
    )
    name, texels = reference_texels(str(path))
    fields = unpack(texels)
    assert (name, texels.shape[:2]) == ("mug", (4, 4))
    np.testing.assert_allclose(fields["albedo"][0, 0], (1, 0.5029, 0), atol=1e-3)
    np.testing.assert_allclose(fields["normal"][0, 0], (1, 0), atol=1e-6)
    np.testing.assert_allclose(fields["roughness"][..., 1], rough, atol=1e-6)
    np.testing.assert_allclose(fields["dust_albedo"][1, 2], (0.1, 0.2, 0.3))
    np.testing.assert_allclose(fields["coat"], 1)
    np.testing.assert_allclose(fields["specular"][0, 0], PLAIN["specular"])


def test_a_normal_map_has_y_up(tmp_path):
    image(tmp_path / "up.png", (128, 255, 255))
    (tmp_path / "a.toml").write_text('normal = "up.png"')
    slopes = unpack(read_description(tmp_path / "a.toml")[1])["normal"][0, 0]
    np.testing.assert_allclose(slopes, (0, -1), atol=1e-6)  # v grows downwards


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ('albedo = "none.png"', "albedo", "cannot be read"),
        ('albedo = "text.png"', "albedo", "cannot be read"),
        (f"coat = 1{400 * '0'}", "coat", "beyond any number"),
        (f"coat = {5000 * '9'}", "file", "no TOML"),
        (f"coat = {5000 * '['}", "file", "no TOML"),
        ('albedo = "torn.npy"', "albedo", "cannot be used"),
        ('albedo = "nan.npy"', "values", "not finite"),
        ('metal = "objects.npy"', "metal", "cannot be used"),
        ('albedo = "two.npy"', "albedo", "has 2 channels"),
        ('albedo = "small.png"\ndust = "large.png"', "dust", "is 8x8 texels where"),
        ('size = 16\nalbedo = "small.png"', "albedo", "is 4x4 texels where the material has 16"),
        ('albedo = "odd.png"', "values", "6x6; sides must be powers of two"),
        ("size = 6", "values", "powers of two"),
        ('size = "big"', "size", "is 'big'"),
        ("albedo = [1, 2]", "albedo", "is [1, 2]"),
        ("albedo = true", "albedo", "is True"),
        ("metal = 2.0", "values", "metal runs from 2 to 2"),
        ("metal = nan", "values", "metal has values"),
        ("colour = 1", "colour", "is no key"),
        ("name = 3", "name", "is no text"),
        ("albedo =", "file", "is no TOML"),
    ],
)
def test_bad_descriptions_are_named(tmp_path, text, field, problem):
    image(tmp_path / "small.png", 100, 4)
    image(tmp_path / "large.png", 100, 8)
    image(tmp_path / "odd.png", 100, 6)
    (tmp_path / "text.png").write_text("no image")
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 4"
    (tmp_path / "torn.npy").write_bytes(b"\x93NUMPY\1\0" + bytes([len(head), 0]) + head)
    np.save(tmp_path / "nan.npy", np.full((4, 4, 3), np.nan))
    np.save(tmp_path / "two.npy", np.zeros((4, 4, 2)))
    np.save(tmp_path / "objects.npy", np.array([[{}]], object))
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(SceneFormatError) as caught:
        read_description(path)
    assert caught.value.field == field, caught.value
    assert problem in caught.value.problem
    assert caught.value.fix
