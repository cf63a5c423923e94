"""The reference material: conserves energy, is reciprocal, and numpy and torch agree."""

import numpy as np
import pytest
from make_materials import directions

from voile.render.materials.layered import COUNT, evaluate, ggx, sample
from voile.render.materials.library import LIBRARY, texels_of
from voile.scenes.material import MaterialError


def furnace(p: np.ndarray, w_o: np.ndarray) -> np.ndarray:
    """(M, 3) light from texels (M, COUNT) towards w_o (M, 3), white light from 9,216 places."""
    n = 96
    u, v = (np.mgrid[:n, :n].reshape(2, -1) + 0.5) / n
    sine = np.sqrt(u)
    w_i = np.stack([sine * np.cos(2 * np.pi * v), sine * np.sin(2 * np.pi * v), np.sqrt(1 - u)], 1)
    f = evaluate(np, p[:, None], w_i[None], w_o[:, None])
    return np.pi * f.mean(axis=1)  # the density of w_i is cosine / pi


def random_texels(count: int, seed: int = 0, **fields) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = rng.random((count, COUNT))
    p[:, 7:9] = 0.2 + 0.8 * p[:, 7:9]  # rough enough for the sums below
    p[:, 9:11] = rng.normal(size=(count, 2))
    p[:, 11:13] = rng.normal(0, 0.3, (count, 2))
    p[:, 14] = 0.2 + 0.8 * p[:, 14]
    p[:, 15:17] = rng.normal(0, 0.2, (count, 2))
    return p


def test_no_more_light_leaves_than_arrives():
    p, w_o = random_texels(60), directions(60, 2)
    p[:, :6] = 1.0  # white body and mirror
    p[:, 18:] = 1.0
    reflected = furnace(p, w_o)
    assert reflected.max() <= 1.005
    assert reflected.mean() > 0.5


def test_a_white_body_reflects_all():
    p = np.zeros((1, COUNT))
    p[:, :3], p[:, 7:9], p[:, 9], p[:, 14] = 1.0, 0.3, 1.0, 0.3
    np.testing.assert_allclose(furnace(p, np.array([[0.6, 0, 0.8]])), 1.0, atol=1e-3)


def test_a_smooth_mirror_reflects_nearly_all():
    p = np.zeros((1, COUNT))
    p[:, 3:6], p[:, 6], p[:, 7:9], p[:, 9], p[:, 14] = 1.0, 1.0, 0.15, 1.0, 0.3
    assert 0.97 < furnace(p, np.array([[0.3, 0, np.sqrt(0.91)]])).mean() <= 1.005


def test_reciprocal():
    p = random_texels(300)
    w_i, w_o = directions(300, 3), directions(300, 4)
    one, two = evaluate(np, p, w_i, w_o), evaluate(np, p, w_o, w_i)
    assert one.max() > 0.1
    np.testing.assert_allclose(one, two, rtol=1e-10)


def test_ggx_against_walter_2007():
    """The isotropic lobe as it is usually written, with separate D, correlated G and F."""
    i, o, alpha, f0 = directions(50, 5), directions(50, 6), 0.3, 0.2
    h = (i + o) / np.linalg.norm(i + o, axis=1, keepdims=True)
    tan2 = (1 - h[:, 2] ** 2) / h[:, 2] ** 2
    d = alpha**2 / (np.pi * h[:, 2] ** 4 * (alpha**2 + tan2) ** 2)
    lam = [(-1 + np.sqrt(1 + alpha**2 * (1 - w[:, 2] ** 2) / w[:, 2] ** 2)) / 2 for w in (i, o)]
    g = 1 / (1 + lam[0] + lam[1])
    f = f0 + (1 - f0) * (1 - np.sum(i * h, axis=1)) ** 5
    expected = d * g * f / (4 * i[:, 2] * o[:, 2])
    np.testing.assert_allclose(ggx(np, i, o, alpha, alpha, f0)[:, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("name", LIBRARY)
def test_materials_of_the_library(name):
    p = texels_of(LIBRARY[name](32), 32).astype(np.float64).reshape(-1, COUNT)
    rng = np.random.default_rng(1)
    some = p[rng.choice(len(p), 40, replace=False)]
    reflected = furnace(some, directions(40, 7))
    assert 0.02 < reflected.mean() < 1.0
    assert reflected.max() <= 1.02  # narrow lobes are coarse in the sum
    assert p.std(axis=0).max() > 0.05  # it has texture
    assert (texels_of(LIBRARY[name](32), 32).reshape(-1, COUNT) == p.astype(np.float32)).all()


def test_numpy_and_torch_agree():
    torch = pytest.importorskip("torch")
    p, w_i, w_o = random_texels(500), directions(500, 8), directions(500, 9)
    u = np.random.default_rng(3).random((500, 3))
    tensors = [torch.from_numpy(a) for a in (p, w_i, w_o, u)]
    exact = evaluate(np, p, w_i, w_o)
    np.testing.assert_allclose(evaluate(torch, *tensors[:3]).numpy(), exact, rtol=1e-10)
    single = evaluate(torch, *(t.float() for t in tensors[:3])).numpy()
    np.testing.assert_allclose(single, exact, rtol=2e-3, atol=1e-5)
    found = sample(torch, tensors[0], tensors[2], tensors[3]).numpy()
    np.testing.assert_allclose(found, sample(np, p, w_o, u), atol=1e-10)


def test_samples_are_where_light_comes_from():
    p = texels_of({"metal": 1.0, "roughness": (0.1, 0.1), "coat": 0.0}, 1)[0, 0]
    w_o = directions(1, 4)
    drawn = sample(np, p[None], w_o, np.random.default_rng(0).random((4000, 3)))
    uniform = directions(4000, 5)
    f = [evaluate(np, p[None], w, w_o).mean() for w in (drawn, uniform)]
    assert f[0] > 3 * f[1]


@pytest.mark.parametrize(
    ("fields", "size", "text"),
    [
        ({"albedo": np.full((4, 4, 3), np.nan)}, 4, "albedo has values"),
        ({"albedo": (2.0, 0, 0)}, 4, "albedo runs from 0 to 2"),
        ({"metal": np.zeros((3, 3))}, 4, "metal is"),
        ({"normal": (9.0, 0.0)}, 4, "normal runs"),
        ({}, 6, "powers of two"),
    ],
)
def test_bad_textures_are_named(fields, size, text):
    with pytest.raises(MaterialError, match=text):
        texels_of(fields, size)
