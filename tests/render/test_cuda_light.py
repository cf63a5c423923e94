"""Light of the CUDA backend on the host: nets of every kind, what is blended, what is sent."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, HostCopy, shared_launcher
from make_materials import make_material
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.kernels.cuda.sources import FOR_NETS, for_nets, load, nets_source
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.metrics import psnr
from voile.render.paint import Paint
from voile.render.reference import ReferenceRenderer
from voile.render.shading.sampling import light_key, light_keys
from voile.scenes.content import Content
from voile.scenes.lights import Lamp, Lights, sky, uniform
from voile.scenes.material import NetShape
from voile.scenes.mesh import make_mesh

torch = pytest.importorskip("torch")

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=48, height=36)
LAMPS = (
    Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6), Lamp("point", (-1, 1, -2)),
    Lamp("point", (2, 0.5, -3), (0.3, 0.5, 1.0), 2.0),
)  # fmt: skip
SHAPES = (
    NetShape(),
    NetShape(5, 0, (7,), (4,)),
    NetShape(12, 3, (33, 8), (5,)),
    NetShape(8, 1, (64, 64, 64), (16, 16)),
)


@pytest.fixture(scope="module")
def both():
    made = ReferenceRenderer(), CUDARenderer(Work(torch, shared_launcher()))
    yield made
    for each in made:
        each.close()


def worn(shapes=SHAPES[:1], latents=0, lamps=LAMPS, count=150) -> Content:
    """Splats of as many materials as there are shapes, and of none."""
    splats = with_weights(make_splats(count, 1, seed=8))
    rng = np.random.default_rng(1)
    which = rng.integers(-1, len(shapes), count).astype(np.int32)
    own = None
    if latents:
        own = rng.normal(size=(count, latents)).astype(np.float32)
        own[::3] = 0.0  # some by the texture
        own[which < 0] = 0.0
    named = tuple(replace(make_material(s, seed=k), name=f"m{k}") for k, s in enumerate(shapes))
    splats = replace(splats, material=which, latent=own)
    return Content(splats, materials=named, lights=Lights(sky(), lamps))


def frames(both, content, paint=None, seed=1, **settings):
    chosen = Settings(**{"storage": "float32", "light_samples": 3, **settings})
    request = FrameRequest(CAMERA, chosen, seed=seed, paint=paint)
    for each in both:
        each.upload(content)
    return [each.render(request) for each in both]


def assert_lit_alike(both, content, **given):
    """A few pixels may draw other directions: where a random number is within float32's rounding of
    the share of a lobe or of a cell's."""
    expected, actual = frames(both, content, **given)
    dark, _ = frames(both, content, **{**given, "relight": 0.0})
    assert np.abs(expected.color - dark.color).mean() > 0.01
    off = np.abs(expected.color - actual.color).max(axis=2)
    assert (off > 2e-3).mean() < 2e-3
    assert psnr(actual.color[off <= 2e-3], expected.color[off <= 2e-3]) >= 75


@pytest.mark.parametrize("shape", SHAPES[1:], ids=["no frames", "odd sizes", "3x64"])
def test_nets_of_every_shape(both, shape):
    """Each beside one of the usual shape: every pixel is lit by its own material."""
    assert_lit_alike(both, worn((NetShape(), shape)))


@pytest.mark.parametrize("lamps", [0, 1, 2, 3])
def test_any_number_of_lamps(both, lamps):
    assert_lit_alike(both, worn(lamps=LAMPS[:lamps]))


@pytest.mark.parametrize("mode", ["sorted", "weighted", "cells"])
def test_latents_of_the_splats(both, mode):
    assert_lit_alike(both, worn(SHAPES[:1] * 2, 8), mode=mode)


def test_many_materials_and_settings(both):
    content = worn(SHAPES[:1] * 8)
    assert_lit_alike(both, content)
    turned = {"environment_rotation": 70.0, "environment_exposure": 0.7, "material_scale": 9.0}
    assert_lit_alike(both, content, **turned, material_tint=0.6, relight=0.7, normal_smoothing=0.9)


def test_what_is_tinted_is_lit_as_far_as_it_is_left(both):
    content = worn()
    rng = np.random.default_rng(2)
    values, keep = rng.uniform(0, 1, (150, 3)), rng.uniform(0, 1, 150)
    tint = Paint(values.astype(np.float32), keep.astype(np.float32))
    for mode in ("sorted", "cells"):  # which draws in another order
        expected, actual = frames(both, content, tint, mode=mode)
        assert psnr(actual.color, expected.color) > 60
        assert psnr(frames(both, content, mode=mode)[0].color, expected.color) < 40
        assert actual.paint is None


def test_a_lit_frame_stays_on_the_device(both, monkeypatch):
    """Nobody waits for it, not even for what was counted."""
    renderer = both[1]
    request = FrameRequest(CAMERA, Settings(storage="float32", light_samples=2), seed=3)
    renderer.upload(worn())
    wanted = renderer.render(request)
    monkeypatch.setattr(HostCopy, "late", 1)
    canvas = HostCanvas(CAMERA.width, CAMERA.height)
    drawn = renderer.draw(request, canvas)
    assert drawn.outcome(False) is None
    np.testing.assert_array_equal(canvas.pixels, wanted.premultiplied())
    outcome = drawn.outcome(True)
    assert "shade" in outcome.timings
    assert outcome.stats["light_samples"] == 2
    averaged = renderer.draw(request, HostCanvas(CAMERA.width, CAMERA.height), averaged=True)
    np.testing.assert_array_equal(averaged.color.numpy(), wanted.premultiplied())


def test_nothing_of_the_scene_is_sent_with_every_frame(monkeypatch):
    sent, launcher = [], type(shared_launcher())
    send = launcher.send

    def counted(self, tensor, array):
        sent.append(array.nbytes)
        send(self, tensor, array)

    monkeypatch.setattr(launcher, "send", counted)
    renderer = CUDARenderer(Work(torch, shared_launcher()))
    content, settings = worn(latents=8, count=4000), Settings(light_samples=2, mode="cells")
    renderer.upload(content)
    renderer.render(FrameRequest(CAMERA, settings))
    assert sum(sent) > 4000
    sent.clear()
    monkeypatch.setattr(Work, "to_device", lambda *_: pytest.fail("it is there"))
    for seed in range(2):
        camera = Camera.look_at((seed, -1.2, -5.0), (0, 0, 0), width=48, height=36)
        turned = replace(settings, environment_rotation=40.0 * seed)
        renderer.render(FrameRequest(camera, turned, seed=seed))
    assert 0 < sum(sent) < 2000, "less than a byte a splat"
    renderer.close()


def test_only_nets_that_are_worn_are_launched(monkeypatch):
    """Of three materials of three shapes, one on splats, one on the mesh, one on nothing."""
    content = worn((SHAPES[1], SHAPES[0], SHAPES[2]))
    quad = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    mesh = make_mesh(quad, np.array([(0, 1, 2), (0, 2, 3)]), uvs=quad[:, :2], material="m1")
    which = np.where(content.splats.material == 2, 2, -1).astype(np.int32)
    content = replace(content, splats=replace(content.splats, material=which), meshes=(mesh,))
    launched, launcher = [], shared_launcher()
    launch = launcher.launch
    monkeypatch.setattr(launcher, "launch", lambda *a: launched.append(a[0]) or launch(*a))
    renderer = CUDARenderer(Work(torch, launcher))
    renderer.upload(content)
    renderer.render(FrameRequest(CAMERA, Settings(light_samples=1)))
    renderer.close()
    lit = [name for name in launched if name.startswith("light_")]
    assert lit == [for_nets("light_splats", SHAPES[2]), for_nets("light_meshes", SHAPES[0])]


def test_arrays_go_when_what_they_are_of_goes():
    renderer = CUDARenderer(Work(torch, shared_launcher()))
    content, request = worn(), FrameRequest(CAMERA, Settings(light_samples=1))
    counts = []
    for light in range(6):
        renderer.upload(replace(content, lights=Lights(uniform(0.1 * light))))
        renderer.render(request)
        gc.collect()
        counts.append(len(renderer._launches._resident._arrays))
    assert counts[0] < counts[1] == counts[5]  # two frames may be under way
    renderer.close()


def test_keys_are_those_of_the_definition():
    keys = light_keys(5, 3)
    for sample in range(3):
        for dimension in range(7):
            assert keys[sample, dimension] == light_key(5, 3, sample, dimension)


def test_kernels_say_what_nets_they_are_for():
    for shape in SHAPES:
        name = for_nets("light_splats", shape)
        assert name in nets_source(name).kernels
        assert nets_source(name).text == load(FOR_NETS[0], shape).text
    with pytest.raises(KeyError):
        nets_source("paint")
