"""Textures of meshes: every backend shows the definition's, near, far and cut out."""

from dataclasses import replace

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.render import create_renderer
from voile.render.display import to_display, to_light
from voile.render.meshes import cpu, reference
from voile.render.meshes.texture import sample, wrapped
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.scenes.content import Content, no_splats
from voile.scenes.lights import Lights, uniform
from voile.scenes.mesh import make_mesh
from voile.scenes.texture import LINEAR, Texture, TextureError, encode_srgb

WHITE = Lights(uniform(1.0))


def image(width=24, height=16, seed=0, **rest) -> Texture:
    """Large patches, no row or column like another, with holes."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 4, width // 4, 4), np.uint8)
    return Texture(coarse.repeat(4, 0).repeat(4, 1), **rest)


def plane(texture, spread=1.0, tilt=0.0, **rest):
    """A wall of 3 x 2 units; `spread` widths of the texture lie on it."""
    corners = np.float64([[-1.5, -1, 0], [1.5, -1, tilt], [1.5, 1, tilt], [-1.5, 1, 0]])
    uvs = np.float64([[0, 0], [1, 0], [1, 1], [0, 1]]) * spread - (spread - 1) / 2
    return make_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), None, uvs, texture=texture, **rest)


def view(width=72, height=48, distance=4.0):
    return Camera.look_at((0.3, 0.2, distance), (0, 0, 0), (0, 1, 0), width=width, height=height)


def draw(backend, content, camera, **settings):
    renderer = gl_renderer() if backend == "gl" else create_renderer(backend)
    renderer.upload(content)
    chosen = Settings(**{"precision": "float32", "samples": 2, **settings})
    frame = renderer.render(FrameRequest(camera, chosen, depth=True, seed=1))
    color = frame.premultiplied()
    renderer.close()
    return color


def test_bytes_of_srgb_come_back():
    np.testing.assert_array_equal(encode_srgb(LINEAR), np.arange(256))
    np.testing.assert_allclose(
        to_display(LINEAR.astype(np.float64)), np.arange(256) / 255, atol=1e-6
    )


@pytest.mark.parametrize("size", [(8, 8), (24, 10), (7, 5), (1, 9), (31, 1)])
def test_levels_are_means_of_light(size):
    width, height = size
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)
    levels = Texture(pixels).levels
    assert [level.shape[:2] for level in levels] == [
        (max(height >> k, 1), max(width >> k, 1)) for k in range(len(levels))
    ]
    assert levels[-1].shape == (1, 1, 4)
    # Each level was rounded to bytes of its own, not the one that it was made of.
    light = LINEAR[pixels[..., :3]].mean((0, 1))
    np.testing.assert_allclose(levels[-1][0, 0, :3], encode_srgb(light), atol=1)
    np.testing.assert_allclose(levels[-1][0, 0, 3], pixels[..., 3].mean(), atol=1)


def test_what_is_cut_away_does_not_colour_the_levels():
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = 200, 100, 50, 255
    np.testing.assert_allclose(
        Texture(pixels, cutoff=0.5).levels[-1][0, 0, :3], (200, 100, 50), atol=1
    )
    assert Texture(pixels).levels[-1][0, 0, 0] < 160


def test_the_top_of_the_image_is_at_v_of_one():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 1] = 255
    at = np.array([[0.75, 0.75], [0.75, 0.25], [0.25, 0.75]])
    np.testing.assert_allclose(sample(Texture(pixels), at, np.ones(3))[:, 0], (1, 0, 0), atol=1e-12)


def test_wraps():
    x = np.arange(-4, 8)
    assert wrapped(x, 3, "repeat").tolist() == [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]
    assert wrapped(x, 3, "mirror").tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]
    assert wrapped(x, 3, "clamp").tolist() == [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]


@pytest.mark.gl
@pytest.mark.parametrize("backend", ["cpu", "gl"])
@pytest.mark.parametrize("wrap", [("repeat", "mirror"), ("mirror", "clamp"), ("clamp", "repeat")])
@pytest.mark.parametrize("spread", [0.6, 3.3])
def test_backends_show_what_the_reference_does(backend, wrap, spread):
    """Enlarged, and reduced with the image coming again."""
    content = Content(
        no_splats(), (plane(image(wrap=wrap), spread, 1.0, color=(0.9, 0.8, 1.0)),), lights=WHITE
    )
    expected, actual = (draw(name, content, view()) for name in ("reference", backend))
    assert np.ptp(expected, axis=(0, 1)).min() > 0.3
    other = np.abs(actual - expected).max(axis=2) > 0.05  # at the silhouette
    assert other.mean() < 2e-3
    # Mesa filters with 8 bits of the place between texels.
    assert psnr(actual[~other], expected[~other]) >= (65 if backend == "cpu" else 48)


@pytest.mark.gl
@pytest.mark.parametrize("backend", ["cpu", "gl"])
def test_holes_show_what_is_behind(backend):
    """The same holes; a mesh behind them is seen through, and splats are not hidden."""
    cut = image(cutoff=0.5)
    splats = with_weights(make_splats(60, 0, seed=6))
    behind = replace(plane(None, color=(0, 0, 1)), vertices=plane(None).vertices - np.float32(1.5))
    content = Content(splats, (plane(cut), behind), lights=WHITE)
    expected, actual = (draw(name, content, view()) for name in ("reference", backend))
    whole = draw("reference", replace(content, meshes=(plane(image()), behind)), view())
    assert (np.abs(expected - whole).max(axis=2) > 0.05).mean() > 0.1
    other = np.abs(actual - expected).max(axis=2) > 0.05  # on the edges of holes
    assert other.mean() < 0.01


@pytest.mark.gl
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_shows_textures_behind_splats(mode):
    splats = with_weights(make_splats(60, 0, seed=6))
    content = Content(splats, (plane(image()),), lights=WHITE)
    plain = replace(content, meshes=(plane(None),))
    pictures = {
        name: draw(name, content, view(36, 24), mode=mode) for name in ("reference", "cpu", "gl")
    }
    assert np.abs(pictures["cpu"] - draw("cpu", plain, view(36, 24), mode=mode)).mean() > 0.05
    for name in ("cpu", "gl"):
        close = np.abs(pictures[name] - pictures["reference"]).max(axis=2) < 0.03
        assert close.mean() > 0.97, name


def test_far_away_the_texture_is_its_mean():
    """A checkerboard of texels, many to a pixel: no pixel is far from grey, whatever the phase."""
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[::2, ::2, :3] = pixels[1::2, 1::2, :3] = 0
    mesh = plane(Texture(pixels), 40.0)
    for module in (reference, cpu):
        surface = module.draw_meshes([mesh], view(48, 32))
        np.testing.assert_allclose(surface.albedos[surface.mesh == 0], 0.5, atol=0.01)


def test_a_texture_is_multiplied_by_the_colour():
    pixels = np.full((1, 1, 4), 128, np.uint8)
    surface = cpu.draw_meshes([plane(Texture(pixels), color=(0.5, 1.0, 0.0))], view(24, 16))
    expected = to_light(np.array(128 / 255)) * to_light(np.array([0.5, 1.0, 0.0]))
    np.testing.assert_allclose(surface.albedos[8, 12], expected, rtol=1e-5)
    np.testing.assert_array_equal(surface.albedos[surface.mesh < 0], 0.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"pixels": np.zeros((2, 2, 3), np.uint8)}, "pixels"),
        ({"pixels": np.zeros((2, 2, 4), np.float32)}, "pixels"),
        ({"pixels": np.zeros((0, 2, 4), np.uint8)}, "sides"),
        ({"wrap": ("repeat", "tile")}, "wrap"),
        ({"cutoff": 1.5}, "cutoff"),
    ],
)
def test_bad_textures_are_named(change, word):
    with pytest.raises(TextureError, match=word):
        Texture(**{"pixels": np.zeros((2, 2, 4), np.uint8)} | change)
