"""What every blending mode must hold, in extreme scenes and on every backend."""

import dataclasses
import tracemalloc
from typing import get_args, get_type_hints

import numpy as np
import pytest
from gl_context import gl_renderer
from make_splats import make_splats, with_weights

from voile import Camera, FrameRequest, Settings, Splats
from voile.render import RenderError, create_renderer
from voile.render.metrics import psnr
from voile.render.modes import MODES
from voile.render.modes import layers as mode_layers
from voile.render.modes.stochastic import random, sample_key, splat_key
from voile.render.modes.weighted import WEIGHTS

BACKENDS = ["reference", "cpu", pytest.param("gl", marks=pytest.mark.gl)]
CAMERA = Camera.look_at((0, 0, -4), (0, 0, 0), up=(0, -1, 0), width=40, height=30)
ONE = np.array([[1.0, 0.0, 0.0, 0.0]], np.float32)


def draw(backend: str, splats: Splats, camera: Camera = CAMERA, seed: int = 0, **settings):
    renderer = gl_renderer() if backend == "gl" else create_renderer(backend)
    try:
        if settings.get("mode", "sorted") not in renderer.capabilities.modes:
            pytest.skip(f"{backend} does not draw {settings['mode']}")
        renderer.upload(splats)
        settings = Settings(precision="float32", **settings)
        return renderer.render(FrameRequest(camera, settings, depth=True, seed=seed))
    finally:
        renderer.close()


def layers(depths, opacities, colors, scale=2.0) -> Splats:
    """Flat discs that cover the image, one behind the other, with weights of both kinds."""
    depths = np.asarray(depths, np.float32)
    n = len(depths)
    means = np.zeros((n, 3), np.float32)
    means[:, 2] = depths - 4.0
    scales = np.tile(np.float32([scale, scale, 0.01]), (n, 1)) * np.maximum(depths, 1)[:, None]
    colors = np.broadcast_to(np.asarray(colors, np.float32), (n, 3))
    sh = ((colors - 0.5) / 0.28209479177387814)[:, None]
    opacities = np.broadcast_to(np.asarray(opacities, np.float32), n).copy()
    return with_weights(
        Splats(means, np.repeat(ONE, n, axis=0), scales, opacities, sh.astype(np.float32)),
        shapes=False,
    )


RED, BLUE = (0.9, 0.1, 0.1), (0.1, 0.1, 0.9)
EXTREMES = {
    "one splat": layers([4.0], 0.7, RED),
    "no splat": layers([], [], np.zeros((0, 3))),
    "thousands of layers": layers(np.linspace(2, 6, 2000), 0.3, RED, 0.5),
    "as opaque as can be": layers(np.linspace(2, 6, 300), 1.0, RED, 0.5),
    "all at one depth": layers(np.full(300, 4.0), 0.9, RED, 0.5),
    "depths over nine decades": layers(np.geomspace(0.02, 2e7, 40), 0.5, RED),
    "colours beyond half precision": layers([3.0, 4.0, 5.0], 0.99, (3e5, 1e5, 2e5)),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_are_finite_and_keep_their_colour(name, mode, backend):
    splats = EXTREMES[name]
    frame = draw(backend, splats, mode=mode, samples=4)
    for image in (frame.color, frame.alpha, frame.depth):
        assert np.isfinite(image).all()
    assert frame.alpha.min() >= 0
    assert frame.alpha.max() <= 1 + 1e-5
    if mode in ("stochastic", "learned") or not len(splats):
        return
    # All layers have one colour, so blending must give that colour whatever its weights.
    drawn, sorted_ = frame, draw(backend, splats, mode="sorted")
    seen = sorted_.alpha > 0.5
    assert seen.any()
    ratio = drawn.color[seen] / sorted_.color[seen]
    np.testing.assert_allclose(ratio, 1, atol=0.02)
    np.testing.assert_allclose(drawn.alpha, sorted_.alpha, atol=0.01)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", ["sorted", "binned", "cells"])
@pytest.mark.parametrize("layers_of_wall", [4, 40])
@pytest.mark.parametrize("behind", [4.5, 40.0])
def test_an_opaque_wall_hides_what_is_behind_it(mode, backend, layers_of_wall, behind):
    """The transparency artefact of weighted blending: a bright background through a wall."""
    wall = np.linspace(3.9, 4.1, layers_of_wall)
    depths = [*wall, *np.linspace(behind, behind + 1, 30)]
    colors = [(0.2, 0.2, 0.2)] * layers_of_wall + [(1.0, 1.0, 1.0)] * 30
    opacities = [0.99] * layers_of_wall + [0.9] * 30
    shuffled = np.random.default_rng(0).permutation(len(depths))
    splats = layers(depths, opacities, colors).take(shuffled)
    frame = draw(backend, splats, mode=mode)
    np.testing.assert_allclose(frame.color, 0.2, atol=1 / 255)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", ["weighted", "learned", "binned", "cells"])
def test_the_order_of_the_scene_does_not_matter(mode, backend):
    splats = with_weights(make_splats(300, seed=4))
    shuffled = splats.take(np.random.default_rng(1).permutation(len(splats)))
    first, second = draw(backend, splats, mode=mode), draw(backend, shuffled, mode=mode)
    assert psnr(first.premultiplied(), second.premultiplied()) > 80


@pytest.mark.parametrize("backend", ["cpu", pytest.param("gl", marks=pytest.mark.gl)])
def test_a_thousand_stochastic_frames_are_the_sorted_picture(backend):
    """At least 40 dB where centre order is the order of every pixel: layers that face the view."""
    rng = np.random.default_rng(2)
    splats = layers(np.linspace(3, 6, 12), rng.uniform(0.2, 0.8, 12), rng.uniform(0, 1, (12, 3)))
    expected = draw(backend, splats, mode="sorted")
    frames = [draw(backend, splats, mode="stochastic", samples=64, seed=k) for k in range(16)]
    color = np.mean([frame.color for frame in frames], axis=0)
    alpha = np.mean([frame.alpha for frame in frames], axis=0)
    assert psnr(color, expected.color) >= 40
    assert psnr(alpha, expected.alpha) >= 40
    assert psnr(frames[0].color, frames[1].color) < 45, "seeds must give other random numbers"
    again = draw(backend, splats, mode="stochastic", samples=64, seed=3)
    np.testing.assert_array_equal(again.color, frames[3].color)


def test_random_numbers_are_uniform_and_independent():
    pixels = np.arange(1 << 16, dtype=np.uint32)
    columns = [
        random(pixels, splat_key(np.uint32(splat), sample_key(sample)))
        for splat in (0, 1, 7, 1000)
        for sample in (0, 1, 5)
    ]
    for column in columns:
        assert abs(column.mean() - 0.5) < 0.01
        assert abs(column.var() - 1 / 12) < 0.002
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 0.02
    off_diagonal = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(off_diagonal).max() < 0.02


@pytest.mark.parametrize("backend", BACKENDS)
def test_learned_asks_for_learned_weights(backend):
    with pytest.raises(RenderError, match="voile bake SCENE --learn"):
        draw(backend, make_splats(10), mode="learned")


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_weights_change_the_picture_as_they_say(backend):
    """Two layers: the share of the front one follows from its weight."""
    splats = dataclasses.replace(layers([3.0, 5.0], 0.5, [RED, BLUE]), fitted=None)
    flat = draw(backend, splats, mode="weighted", weight="exponential", beta=1e-6)
    steep = draw(backend, splats, mode="weighted", weight="exponential", beta=200)
    middle = flat.color[15, 20]
    np.testing.assert_allclose(middle[0], middle[2], rtol=0.05)
    assert steep.color[15, 20, 0] > 5 * steep.color[15, 20, 2]


def test_every_weight_falls_with_depth_in_its_own_way():
    depths = np.geomspace(0.1, 400, 50)
    curves = {name: weight(depths) for name, weight in WEIGHTS.items()}
    for name, curve in curves.items():
        assert (np.diff(curve) <= 0).all(), name
        assert curve.min() > 0, name
        assert curve[0] > 2 * curve[-1], name
        assert all(other == name or not np.allclose(curve, c) for other, c in curves.items())


def test_settings_and_registry_name_the_same_modes():
    assert set(get_args(get_type_hints(Settings)["mode"])) == set(MODES)
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert all(set(mode.settings) <= fields for mode in MODES.values())


def test_more_bins_and_refinements_come_closer():
    splats = make_splats(3000, seed=8)
    camera = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=120, height=80)
    sorted_ = draw("cpu", splats, camera, mode="sorted").color

    def db(**settings) -> float:
        return psnr(draw("cpu", splats, camera, mode="binned", **settings).color, sorted_)

    assert db(bins=4) < db(bins=8) < db(bins=16)
    assert db(bins=8, refine=0) < db(bins=8, refine=1) < db(bins=8, refine=2)
    assert db(bins=8) > 36
    assert db(bins=16) > 39
    assert db(bins=32) > 42


def test_bins_of_a_large_image_are_kept_band_by_band(monkeypatch):
    splats, camera = make_splats(30, seed=8), dataclasses.replace(CAMERA, width=41, height=33)
    whole = draw("reference", splats, camera, mode="binned", bins=8)
    used = draw("reference", splats, camera, mode="binned", bins=8, shown="bins")
    monkeypatch.setattr(mode_layers, "MOST_NUMBERS", 8 * 41 * 5)  # 5 rows, at last 3
    bands = draw("reference", splats, camera, mode="binned", bins=8)
    np.testing.assert_array_equal(bands.color, whole.color)
    np.testing.assert_array_equal(bands.depth, whole.depth)
    again = draw("reference", splats, camera, mode="binned", bins=8, shown="bins")
    np.testing.assert_array_equal(again.color, used.color)


def test_memory_of_bins_does_not_grow_with_the_image(monkeypatch):
    """Nor with the square of their number, as the moving of edges once did."""
    monkeypatch.setattr(mode_layers, "MOST_NUMBERS", 1 << 17)
    splats, camera = make_splats(3, seed=8), dataclasses.replace(CAMERA, width=320, height=240)
    tracemalloc.start()
    try:
        draw("reference", splats, camera, mode="binned", bins=32)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 320 * 240 * 32 * 8 * 1.5  # bytes: an image of bins and a half
