"""A neural material evaluated by hand, its texture, and its sampler."""

import numpy as np
import pytest
from make_materials import directions, make_material

from voile.render.materials.decode import decode, lookup, shading_frames
from voile.render.materials.proposal import density, propose, sample
from voile.scenes.material import Dense, MaterialError, NetShape, NeuralMaterial


def test_decode_is_the_equation_for_one_point():
    material = make_material(NetShape(5, 2, (7, 6), (4,)))
    z, w_i, w_o = np.linspace(-1, 1, 5), *directions(2)
    raw = material.layers["frames"].weight @ z + material.layers["frames"].bias
    x = list(z)
    for a, b in raw.reshape(2, 2, 3):
        n = a / np.linalg.norm(a)
        t = b - (b @ n) * n
        t /= np.linalg.norm(t)
        for w in (w_i, w_o):
            x += [w @ t, w @ np.cross(n, t), w @ n]
    y = np.array(x)
    for k in range(3):
        layer = material.layers[f"decoder.{k}"]
        y = layer.weight @ y + layer.bias
        if k < 2:
            y = np.maximum(y, 0)
    np.testing.assert_allclose(decode(material, z, w_i, w_o), np.exp(y), rtol=1e-12)


@pytest.mark.parametrize(
    "shape", [NetShape(hidden=(64, 64, 64)), NetShape(5, 0, (7,)), NetShape(12, 3, (33, 8))]
)
def test_float32_is_close_to_the_definition(shape):
    material = make_material(shape)
    z = np.random.default_rng(1).normal(size=(500, shape.latents))
    w_i, w_o = directions(500, 2), directions(500, 3)
    w_i[::7, 2] *= -1
    exact = decode(material, z, w_i, w_o)
    np.testing.assert_allclose(decode(material, z, w_i, w_o, np.float32), exact, rtol=2e-4)


def test_nothing_is_reflected_below_the_surface():
    material = make_material()
    up, down = directions(1), -directions(1)
    assert decode(material, np.zeros(8), up, up).min() > 0
    for w_i, w_o in ((up, down), (down, up), (down, down)):
        np.testing.assert_array_equal(decode(material, np.zeros(8), w_i, w_o), 0)


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_any_number_of_frames(frames):
    material = make_material(NetShape(frames=frames))
    w_i, w_o = directions(9, 1), directions(9, 2)
    assert decode(material, np.zeros((9, 8)), w_i, w_o).shape == (9, 3)


def test_float32_takes_any_leading_axes_and_number_of_threads(monkeypatch):
    material = make_material()
    z = np.random.default_rng(1).normal(size=(3, 1000, 8))
    w_i, w_o = directions(3000, 2).reshape(3, 1000, 3), directions(1)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("VOILE_THREADS", threads)
        found.append(decode(material, z, w_i, w_o, np.float32))
    assert found[0].shape == (3, 1000, 3)
    np.testing.assert_array_equal(*found)
    np.testing.assert_allclose(found[0], decode(material, z, w_i, w_o), rtol=2e-4)


def test_frames_are_orthonormal():
    material = make_material()
    for axes in shading_frames(material, np.random.default_rng(0).normal(size=(50, 8))):
        m = np.stack(axes, axis=1)
        np.testing.assert_allclose(m @ m.transpose(0, 2, 1), np.eye(3) + 0 * m, atol=1e-12)
        np.testing.assert_allclose(np.linalg.det(m), 1)


def test_the_largest_weights_give_finite_reflectance():
    material = make_material()
    layers = {n: Dense(1e6 * d.weight, 1e6 * d.bias) for n, d in material.layers.items()}
    wild = NeuralMaterial("wild", material.shape, material.levels, layers)
    assert np.isfinite(decode(wild, np.ones(8), directions(50, 1), directions(50, 2))).all()


def test_lookup_at_texel_centres_between_them_and_beyond_the_edge():
    material = make_material(width=8, height=4)
    fine, coarse = (level.astype(np.float64) for level in material.levels[:2])
    at = lambda x, y, level=0.0: lookup(material, ((x + 0.5) / 8, (y + 0.5) / 4), level)  # noqa: E731
    np.testing.assert_allclose(at(3, 1), fine[1, 3])
    np.testing.assert_allclose(at(3.25, 1), 0.75 * fine[1, 3] + 0.25 * fine[1, 4])
    np.testing.assert_allclose(at(7.5, 1), 0.5 * fine[1, 7] + 0.5 * fine[1, 0])
    np.testing.assert_allclose(at(3 - 80, 1 + 40), fine[1, 3])
    half = at(0.5, 0.5, 1.0)  # the centre of the first texel of level 1
    np.testing.assert_allclose(half, coarse[0, 0])
    np.testing.assert_allclose(at(0.5, 0.5, 0.25), 0.75 * at(0.5, 0.5) + 0.25 * half)
    np.testing.assert_allclose(at(3, 1, 99.0), material.levels[-1][0, 0].astype(np.float64))


def test_density_integrates_to_one_and_samples_follow_it():
    material = make_material()
    rng = np.random.default_rng(0)
    z, w_o, n = rng.normal(size=8), directions(1, 4)[0], 400_000
    lobes = propose(material, z, w_o)
    around = rng.normal(size=(n, 3))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    p = density(lobes, around, w_o)
    assert 4 * np.pi * p.mean() == pytest.approx(1, abs=0.02)
    drawn = sample(lobes, w_o, rng.random((n, 3)))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1)
    for pole in np.eye(3):  # means of a few functions, by drawing and by the density
        expected = 4 * np.pi * (p * np.maximum(around @ pole, 0)).mean()
        assert np.maximum(drawn @ pole, 0).mean() == pytest.approx(expected, abs=0.01)


def test_wrong_arrays_are_named():
    good = make_material()

    def changed(**changes):
        values = {k: getattr(good, k) for k in ("name", "shape", "levels", "layers", "albedo")}
        return lambda: NeuralMaterial(**{**values, **changes})

    nan = [level.copy() for level in good.levels]
    nan[1][0, 0, 0] = np.nan
    bias = good.layers["frames"].bias
    cases = {
        "latents of level 1 has values": changed(levels=tuple(nan)),
        "2 latent levels; there must be 4": changed(levels=good.levels[:2]),
        "latents are float64": changed(levels=tuple(a.astype(np.float64) for a in good.levels)),
        "6x4; sides must be powers of two": changed(levels=(good.levels[0][:, :6],)),
        "layers are": changed(layers={}),
        "frames.weight is float32": changed(
            layers={**good.layers, "frames": Dense(np.zeros((2, 2), np.float32), bias)}
        ),
        "albedo": changed(albedo=(1.0, -1.0, 0.0)),
        "net widths": lambda: NetShape(hidden=(32, 0)),
        "0 decoder layers": lambda: NetShape(hidden=()),
        "learned frames": lambda: NetShape(frames=9),
    }
    for text, make in cases.items():
        with pytest.raises(MaterialError, match=text):
            make()


def test_operations_are_counted():
    shape = NetShape()
    assert shape.inputs == 20
    assert shape.operations == 2 * (12 * 8 + 32 * 20 + 32 * 32 + 3 * 32)
