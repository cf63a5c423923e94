"""What bakes learn from: the kernels are the reference, footprints are means, steps repeat."""

import numpy as np
import pytest
from make_materials import directions

from voile.render.materials.decode import bilinear, footprint_of, level_of
from voile.render.materials.examples import Examples, mean_reflectance
from voile.render.materials.layered import COUNT, evaluate
from voile.render.materials.library import LIBRARY, texels_of


@pytest.mark.parametrize("name", LIBRARY)
def test_the_kernel_is_the_reference(name):
    texels = texels_of(LIBRARY[name](16), 16)
    uv = np.random.default_rng(0).uniform(-1, 2, (3000, 2))
    w_i, w_o = (directions(3000, k).astype(np.float32) for k in (1, 2))
    w_i[::9, 2] *= -1
    exact = evaluate(np, bilinear(texels, uv), w_i.astype(float), w_o.astype(float))
    found = mean_reflectance(texels, uv, np.zeros(3000), w_i, w_o)
    np.testing.assert_allclose(found, exact, rtol=2e-3, atol=1e-5)
    assert (found[::9] == 0).all()


def test_a_footprint_is_the_mean_of_its_points():
    texels = texels_of(LIBRARY["fabric"](16), 16)
    count, side = 40, 60
    rng = np.random.default_rng(3)
    uv, width = rng.random((count, 2)), rng.uniform(0.5, 12, count)
    w_i, w_o = (directions(count, k).astype(np.float32) for k in (4, 5))
    inside = (np.stack(np.mgrid[:side, :side], -1).reshape(1, -1, 2) + 0.5) / side - 0.5
    points = uv[:, None] + inside * (width / 16)[:, None, None]
    p = bilinear(texels, points.reshape(-1, 2)).reshape(count, -1, COUNT)
    exact = evaluate(np, p, w_i[:, None], w_o[:, None]).mean(axis=1)
    found = mean_reflectance(texels, uv, width, w_i, w_o, most=64)
    assert np.abs(found - exact).mean() < 0.03 * exact.mean()
    few = mean_reflectance(texels, uv, width, w_i, w_o, most=2)
    assert np.abs(few - exact).mean() > 3 * np.abs(found - exact).mean()


def test_levels_and_footprints_are_inverse():
    np.testing.assert_allclose(level_of([0.0, 0.5, 1.0]), 0.0)
    footprints = np.array([1.0, 1.7, 5.0, 64.0, 1000.0])
    np.testing.assert_allclose(footprint_of(level_of(footprints)), footprints)
    assert (np.diff(level_of(footprints)) > 0).all()


def test_inputs_are_means_and_spreads_of_what_a_texel_covers():
    texels = np.random.default_rng(1).random((8, 8, COUNT)).astype(np.float32)
    inputs = Examples(texels, 0).inputs
    assert inputs.shape == (64 + 16 + 4 + 1, 2 * COUNT)
    np.testing.assert_array_equal(inputs[:64, :COUNT], texels.reshape(64, COUNT))
    np.testing.assert_array_equal(inputs[:64, COUNT:], 0)
    covered = texels[4:6, 2:4].reshape(4, COUNT)  # of the texel in column 1, row 2 of level 1
    np.testing.assert_allclose(inputs[64 + 2 * 4 + 1, :COUNT], covered.mean(0), rtol=1e-5)
    np.testing.assert_allclose(inputs[64 + 2 * 4 + 1, COUNT:], covered.std(0), atol=1e-5)
    np.testing.assert_allclose(inputs[-1, COUNT:], texels.std((0, 1)), atol=1e-5)


@pytest.mark.parametrize("centred", [False, True])
def test_examples_are_of_their_step_and_seed(centred):
    texels = texels_of(LIBRARY["ceramic"](8), 8)
    points = Examples(texels, 5).at(7, 100, 40, centred=centred)
    again = Examples(texels, 5).at(7, 100, 40, centred=centred)
    for name in ("uv", "level", "inputs", "w_i", "w_o", "target"):
        np.testing.assert_array_equal(getattr(points, name), getattr(again, name))
    for other in (
        Examples(texels, 5).at(8, 100, 40, centred=centred),
        Examples(texels, 6).at(7, 100, 40, centred=centred),
    ):
        assert np.abs(points.target - other.target).max() > 0.01
    assert points.fine == 100
    assert (points.level[:100] == 0).all()
    assert (points.level[100:] > 0).all()
    for w in (points.w_i, points.w_o):
        assert (w[:, 2] > 0).all()
        np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1, atol=1e-3)
    exact = mean_reflectance(
        texels, points.uv[:100], np.zeros(100), points.w_i[:100], points.w_o[:100]
    )
    np.testing.assert_allclose(points.target[:100], exact, rtol=2e-3, atol=1e-4)
    if centred:  # coarse ones lie in the middle of texels
        side = 8 / 2 ** points.level[100:, None]
        np.testing.assert_allclose((points.uv[100:] * side) % 1, 0.5, atol=1e-6)
        assert (np.abs(points.inputs[100:]).max(axis=1) > 0).all()


def test_the_albedo_of_a_white_body_is_white():
    texels = texels_of({"albedo": (1.0, 0.5, 0.25), "coat": 0.0}, 2)
    np.testing.assert_allclose(Examples(texels, 0).albedo(), (1.0, 0.5, 0.25), rtol=1e-3)
