"""The CUDA backend on the host: meshes, materials and posters among splats; median depth; tiles."""

from dataclasses import replace

import numpy as np
import pytest
from cuda_host import HostCanvas, shared_launcher
from make_materials import make_material
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings
from voile.kernels.cuda.sources import SCAN_THREADS
from voile.render import RenderError
from voile.render.cuda.renderer import CUDARenderer, Work
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.paint import Paint
from voile.render.reference import ReferenceRenderer
from voile.scenes.content import Content, no_splats
from voile.scenes.lights import Lamp, Lights, uniform
from voile.scenes.mesh import make_mesh
from voile.scenes.placement import Placement
from voile.scenes.poster import SEEN, PlacedPoster, Poster
from voile.scenes.texture import Texture

torch = pytest.importorskip("torch")

CAMERA = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=56, height=40)
LAMPS = (Lamp("directional", (1, -2, -1), (1.0, 0.9, 0.8), 0.6), Lamp("point", (-1, 1, -2)))


@pytest.fixture(scope="module")
def both():
    made = ReferenceRenderer(), CUDARenderer(Work(torch, shared_launcher()))
    yield made
    for each in made:
        each.close()


def wall(z=0.0, half=40.0, material=""):
    corners = half * np.float64([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) + [0, 0, z]
    uvs = np.float64([[0, 0], [1, 0], [1, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return make_mesh(corners, faces, None, uvs, color=(0.3, 0.6, 0.9), material=material)


def scene(kind="3d", count=200) -> Content:
    """Splats about two panes, one of which hides only the middle of the view."""
    splats = with_weights(make_splats(count, 1, kind, seed=4))
    meshes = wall(0.4), wall(-0.8, 0.7)
    return Content(splats, meshes, lights=Lights(uniform(0.3), LAMPS))


def frames(both, content, paint=None, depth_kind="mean", **settings):
    chosen = Settings(**{"storage": "float32", "samples": 2, "bins": 8, **settings})
    request = FrameRequest(CAMERA, chosen, depth=True, seed=1, paint=paint, depth_kind=depth_kind)
    for each in both:
        each.upload(content)
    return [each.render(request) for each in both]


@pytest.mark.parametrize("kind", ["3d", "mixed"])
@pytest.mark.parametrize("mode", MODES)
def test_meshes_among_splats_are_the_references(both, mode, kind):
    expected, actual = frames(both, scene(kind), mode=mode)
    for part, how in ((Content(no_splats(), scene().meshes), "sorted"), (scene(kind).splats, mode)):
        assert np.abs(expected.color - frames(both, part, mode=how)[0].color).mean() > 0.02
    # But for pixels whose centre is within rounding of a silhouette.
    other = np.abs(actual.premultiplied() - expected.premultiplied()).max(axis=2) > 0.02
    assert other.mean() < 2e-3
    assert psnr(actual.premultiplied()[~other], expected.premultiplied()[~other]) >= 60
    seen = (expected.alpha > 0.1) & ~other
    relative = np.abs(actual.depth[seen] / expected.depth[seen] - 1)
    assert np.quantile(relative, 0.99) < 2e-3


def test_meshes_alone(both):
    expected, actual = frames(both, Content(no_splats(), scene().meshes))
    np.testing.assert_allclose(actual.color, expected.color, atol=2e-3)
    np.testing.assert_allclose(actual.depth, expected.depth, rtol=1e-4)
    assert (actual.alpha == 1).all()


def test_paint_is_hidden_by_meshes_too(both):
    content = scene()
    values = np.random.default_rng(0).uniform(0, 1, (len(content.splats), 6))
    expected, actual = frames(both, content, Paint(values.astype(np.float32)))
    assert psnr(actual.paint, expected.paint) >= 60
    np.testing.assert_array_equal(actual.color, actual.paint[..., :3])


@pytest.mark.parametrize("mode", ["sorted", "weighted", "cells"])
def test_materials_are_lit_as_the_reference_lights_them(both, mode):
    """Draws of light are hashed from the pixel: the same directions, so no noise between them."""
    splats = with_weights(make_splats(150, 1, seed=8))
    which = np.random.default_rng(1).integers(-1, 2, 150).astype(np.int32)
    named = tuple(replace(make_material(seed=k), name=f"m{k}") for k in range(2))
    content = Content(
        replace(splats, material=which), (wall(0.4, 1.0, "m1"),), named, Lights(lamps=LAMPS)
    )
    expected, actual = frames(both, content, mode=mode)
    captured, _ = frames(both, content, mode=mode, relight=0.0)
    assert np.abs(expected.color - captured.color).mean() > 0.01
    difference = np.abs(expected.color - actual.color)
    assert difference.mean() <= 0.5 / 255
    assert np.quantile(difference, 0.99) < 0.02
    np.testing.assert_allclose(actual.alpha, expected.alpha, atol=1e-3)
    assert actual.paint is None
    assert actual.stats["light_samples"] == expected.stats["light_samples"]


@pytest.mark.parametrize("kind", ["3d", "2d", "mixed"])
def test_median_depth_is_the_references(both, kind):
    content = scene(kind)
    for each in (content, replace(content, meshes=())):
        expected, actual = frames(both, each, depth_kind="median", splat_scale=2.0)
        mean = frames(both, each, splat_scale=2.0)[1]
        differs = np.abs(actual.depth - expected.depth) > 2e-4 * (1 + expected.depth)
        assert differs.mean() < 5e-3, "a transmittance within rounding of 0.5"
        np.testing.assert_array_equal(actual.color, mean.color)
        assert np.abs(actual.depth - mean.depth).max() > 0.1


def test_other_modes_have_no_median(both):
    with pytest.raises(RenderError, match="no median depth in mode 'binned'"):
        frames(both, scene(), depth_kind="median", mode="binned")


def test_a_frame_that_stays_on_the_device_has_its_meshes(both):
    _, renderer = both
    renderer.upload(scene())
    request = FrameRequest(CAMERA, Settings(storage="float32"))
    canvas = HostCanvas(CAMERA.width, CAMERA.height)
    whole, kept = renderer.render(request), renderer.draw(request, canvas)
    np.testing.assert_array_equal(canvas.pixels, whole.premultiplied())
    assert {"meshes", "shade"} <= set(kept.outcome(False).timings)


def test_posters_with_alpha_take_several_frames(both):
    pixels = np.full((8, 8, 4), (200, 60, 30, 128), np.uint8)
    veil = Poster(Texture(pixels, ("clamp", "clamp"), SEEN))
    content = Content(
        make_splats(100, 1, seed=4), posters=(PlacedPoster(veil, Placement(scale=2.0)),)
    )
    expected, actual = frames(both, content)
    bare, _ = frames(both, Content(content.splats))
    assert np.abs(bare.color - expected.color).max() > 0.1
    assert psnr(actual.premultiplied(), expected.premultiplied()) >= 50
    both[1].upload(content)
    with pytest.raises(RenderError, match="several frames"):
        both[1].draw(FrameRequest(CAMERA), HostCanvas(CAMERA.width, CAMERA.height))


@pytest.mark.parametrize("count", [1, 7, 300, 5000])
def test_tiles_come_heaviest_first(count):
    rng = np.random.default_rng(count)
    lengths = np.where(rng.random(count) < 0.3, 0, np.exp(rng.uniform(0, 14, count)).astype(int))
    lengths[-1] = 2**29
    starts = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    tiles = torch.full((count,), -1, dtype=torch.int32)
    shared_launcher().launch("order_tiles", 1, (SCAN_THREADS, 1), starts, count, tiles)
    assert sorted(tiles.tolist()) == list(range(count))
    found = lengths[tiles.numpy()]
    assert tiles[0] == count - 1
    assert (found[1:] <= np.minimum.accumulate(found)[:-1] * 1.125 + 1e-9).all()
