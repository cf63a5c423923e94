"""Latents of the splats' own: blended, kept in files, and void where the look is another."""

from dataclasses import replace

import numpy as np
import pytest
from any_renderer import any_renderer
from make_materials import make_material
from make_splats import make_splats, with_weights

import voile
from voile import Camera, FrameRequest, SceneFormatError, Settings
from voile.app.cli import run
from voile.render.metrics import psnr
from voile.render.shading.own_latents import LatentError, own_latents
from voile.scenes.builtin.materials import builtin_material
from voile.scenes.coat import Coat
from voile.scenes.content import Content, ContentError
from voile.scenes.lights import Lamp, Lights, sky
from voile.scenes.node import Node
from voile.scenes.scene import Scene, open_scene

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=36, height=24)
LIGHTS = Lights(sky(), (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6),))
PLAIN = np.float32([0.4, -0.3, 0.8, 0.1, -0.6, 0.2, 0.5, -0.9])


def splats(count=150, seed=8):
    which = np.random.default_rng(1).integers(-1, 2, count).astype(np.int32)
    return replace(with_weights(make_splats(count, 1, seed=seed)), material=which)


def materials(levels=None):
    """Two, whose textures have these latents everywhere."""
    found = [replace(make_material(seed=k), name=f"m{k}") for k in range(2)]
    if levels is not None:
        found = [
            replace(m, levels=tuple(np.broadcast_to(levels.astype(level.dtype), level.shape).copy()
                                    for level in m.levels))
            for m in found
        ]  # fmt: skip
    return tuple(found)


def render(content, backend="reference", **settings):
    renderer = any_renderer(backend)
    try:
        renderer.upload(content)
        settings = Settings(**{"light_samples": 2, "precision": "float32", **settings})
        return renderer.render(FrameRequest(CAMERA, settings)).color
    finally:
        renderer.close()


def test_latents_of_the_splats_stand_for_a_texture_of_the_same():
    own = splats()
    own = replace(own, latent=np.tile(PLAIN, (len(own), 1)))
    by_splats = render(Content(own, (), materials(), LIGHTS))
    by_texture = render(Content(splats(), (), materials(PLAIN), LIGHTS))
    np.testing.assert_allclose(by_splats, by_texture, atol=2e-3)  # textures are float16
    assert np.abs(by_splats - render(Content(splats(), (), materials(), LIGHTS))).max() > 0.02


def test_splats_without_take_the_texture():
    none = replace(splats(), latent=np.zeros((150, 8), np.float32))
    np.testing.assert_array_equal(
        render(Content(none, (), materials(), LIGHTS)),
        render(Content(splats(), (), materials(), LIGHTS)),
    )


@pytest.mark.parametrize("mode", ["sorted", "weighted", "binned", "cells", "learned"])
@pytest.mark.parametrize("backend", ["cpu", pytest.param("gl", marks=pytest.mark.gl), "cuda"])
def test_backends_agree(mode, backend):
    own = splats()
    latent = np.random.default_rng(3).normal(size=(len(own), 8)).astype(np.float32)
    latent[::3] = 0.0  # some by the texture
    content = Content(replace(own, latent=latent), (), materials(), LIGHTS)
    found = render(content, backend, mode=mode)
    wanted = render(content, mode=mode)
    assert psnr(found, wanted) > 50
    without = replace(content, splats=own)
    assert psnr(render(without, mode=mode), wanted) < 40


def test_too_many_or_others_than_a_material_takes_are_refused():
    own = splats()
    for width, words in ((5, "takes 8"), (24, "at most 23")):
        with pytest.raises(ContentError, match=words):
            Content(replace(own, latent=np.ones((150, width), np.float32)), (), materials())
    bare = replace(own, latent=np.zeros((150, 5), np.float32))
    Content(bare, (), materials())  # nobody asks what zeros are of


def test_what_is_given_another_look_has_no_latents_of_it():
    own = replace(splats(), latent=np.tile(PLAIN, (150, 1)))
    node = Node("a", own)
    scene = Scene("a", (node,), "PLY", materials=materials())
    np.testing.assert_array_equal(scene.content.splats.latent, own.latent)
    mask = np.arange(150) < 60
    other = Coat("brushed", builtin_material("brushed"))
    worn = scene.with_nodes([node.wear(other, mask)]).content.splats
    assert not worn.latent[mask].any()
    kept = ~mask & (own.material >= 0)
    np.testing.assert_array_equal(worn.latent[kept], own.latent[kept])
    assert not scene.with_material(other).content.splats.latent[own.material < 0].any()


def test_a_ply_keeps_them(tmp_path):
    path = tmp_path / "own.ply"
    assert run(["convert", "builtin:materials", str(path), "--latents", "-q"]) == 0
    before, after = open_scene("builtin:materials").content, open_scene(path).content
    has = before.splats.material >= 0
    assert after.splats.latent.any(axis=1)[has].all()
    assert not after.splats.latent[~has].any()
    view = voile.Camera.look_at((0.0, -0.5, 2.2), (0, -0.25, 0), width=128, height=72)
    settings = Settings(light_samples=8)
    pictures = [
        voile.render(replace(each, meshes=(), lights=before.lights), view, settings).color
        for each in (before, after)
    ]
    assert psnr(*pictures) > 25  # as fine as the splats are
    assert run(["convert", "builtin:materials", str(tmp_path / "x.spz"), "--latents", "-q"]) == 1
    assert run(["convert", "builtin", str(tmp_path / "x.ply"), "--latents", "-q"]) == 1


def test_columns_with_a_gap_are_refused(tmp_path):
    path = tmp_path / "own.ply"
    voile.save(
        replace(splats(), latent=np.tile(PLAIN, (150, 1)), material_names=("ceramic", "fabric")),
        path,
    )
    np.testing.assert_array_equal(voile.load(path).latent, np.tile(PLAIN, (150, 1)))
    path.write_bytes(path.read_bytes().replace(b"latent_3", b"latent_9"))
    with pytest.raises(SceneFormatError, match="latent_0"):
        voile.load(path)


def test_splats_without_a_material_get_none():
    with pytest.raises(LatentError, match="no splat wears"):
        own_latents(make_splats(5, 0), (), Settings())
