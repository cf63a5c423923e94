"""How good a baked material is: errors on points that were not learned from, and a sphere in both.

The sphere is drawn in float32 by Monte Carlo under a made sky. The reference and the net see the
same directions, drawn by a mixture that knows neither, so their noise is the same and what differs
is the material.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.material import NeuralMaterial
from ...scenes.srgb import to_display
from .decode import bilinear, decode, footprint_of, level_of, lookup
from .examples import mean_reflectance
from .layered import sample
from .proposal import Lobes, density
from .proposal import sample as draw

Array = NDArray[np.floating[Any]]

Surface = Callable[[Array, Array, Array, Array], Array]
"""(uv (N, 2), level (N,), w_i (N, 3), w_o (N, 3)) -> reflectance (N, 3)."""

RELATIVE_FLOOR = 0.02
"""Added to the reference's light where an error is put in relation to it."""


@dataclass(frozen=True)
class Errors:
    """Of light times cosine against the reference, on held-back points.

    Attributes:
        relative: mean |difference| / (reference + RELATIVE_FLOOR).
        absolute: mean |difference|.
        mean: of the reference.
    """

    relative: float
    absolute: float
    mean: float


def neural_surface(material: NeuralMaterial) -> Surface:
    """A baked material in float32."""

    def surface(uv: Array, level: Array, w_i: Array, w_o: Array) -> Array:
        return decode(material, lookup(material, uv, level), w_i, w_o, np.float32)

    return surface


def reference_surface(texels: NDArray[np.float32], most: int = 64) -> Surface:
    """The reference, averaged over the footprint of each level.

    Args:
        most: samples of a row of a footprint; there are two to a texel, up to this.
    """

    def surface(uv: Array, level: Array, w_i: Array, w_o: Array) -> Array:
        return mean_reflectance(texels, uv, footprint_of(level) - 1.0, w_i, w_o, most)

    return surface


def held_back_errors(
    material: NeuralMaterial,
    texels: NDArray[np.float32],
    level: float = 0.0,
    count: int = 20_000,
    seed: int = 99,
) -> Errors:
    """Errors at random places between texels and random directions, half as the reference reflects.

    Args:
        level: of the pyramid; the reference is averaged over the footprint there.
    """
    rng = np.random.default_rng(seed)
    uv = rng.random((count, 2))
    w_o, other = (_hemisphere(rng.random((count, 2))) for _ in range(2))
    p = bilinear(texels, uv).astype(np.float32)
    seen = sample(np, p, w_o, rng.random((count, 3)).astype(np.float32))
    w_i = np.where(rng.random((count, 1)) < 0.5, seen, other).astype(np.float32)
    w_i[:, 2] = np.maximum(np.abs(w_i[:, 2]), 1e-3)
    levels = np.full(count, level)
    reference = reference_surface(texels)(uv, levels, w_i, w_o)
    found = neural_surface(material)(uv, levels, w_i, w_o)
    expected, difference = reference * w_i[:, 2:], np.abs(found - reference) * w_i[:, 2:]
    relative = difference / (expected + RELATIVE_FLOOR)
    return Errors(float(relative.mean()), float(difference.mean()), float(expected.mean()))


def sphere(
    surface: Surface,
    texels_across: int,
    size: int = 128,
    samples: int = 64,
    repeats: float = 2.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """(size, size, 3) linear light of a unit sphere seen from the front, the sky behind it.

    Args:
        surface: what it is made of.
        texels_across: texels along a side of the texture, for the level of the pyramid.
        size: of the picture, pixels.
        samples: of light, a pixel.
        repeats: of the texture from pole to pole; twice as many around.
    """
    y, x = (np.mgrid[:size, :size] + 0.5) * (2.2 / size) - 1.1
    inside = x * x + y * y < 1
    x, y = x[inside], -y[inside]
    n = np.stack([x, y, np.sqrt(1 - x * x - y * y)], axis=1)
    longitude, latitude = np.arctan2(n[:, 0], n[:, 2]), np.arcsin(np.clip(n[:, 1], -1, 1))
    uv = np.stack([longitude / np.pi, -latitude / np.pi], axis=1) * repeats
    t = np.stack([np.cos(longitude), np.zeros_like(x), -np.sin(longitude)], axis=1)
    axes = np.stack([t, np.cross(n, t), n], axis=1).astype(np.float32)
    # A pixel covers 2.2 / size across the view, more where the sphere turns away.
    footprint = 2.2 / size / np.sqrt(n[:, 2].clip(0.05)) * repeats / np.pi * texels_across
    level = level_of(footprint)
    w_o = axes[:, :, 2]
    rng = np.random.default_rng(seed)
    total = np.zeros((len(x), 3))
    for k in range(samples):
        w_i, p = _mixture(w_o, rng.random((len(x), 3)).astype(np.float32), k % 3)
        light = sky(np.einsum("nk,nkj->nj", w_i, axes))
        f = surface(uv, level, w_i, w_o)
        total += f * light * (np.maximum(w_i[:, 2:], 0) / p[:, None])
    picture = sky(_view_rays(size)).reshape(size, size, 3)
    picture[inside] = total / samples
    return picture.astype(np.float32)


def sky(w: Array) -> Array:
    """Radiance (N, 3) from directions (N, 3), y up: a sky, a soft sun, a window, warm ground."""
    up = w[:, 1:2]
    blue = np.array((0.35, 0.55, 0.95)) * (0.35 + 0.65 * np.clip(1 - up, 0, 1))
    ground = np.array((0.26, 0.21, 0.17))
    side = 1 / (1 + np.exp(-30 * up))
    sun = np.array((0.55, 0.65, 0.52))
    near = w @ (sun / np.linalg.norm(sun))
    light = side * blue + (1 - side) * ground
    light = light + np.array((14.0, 12.0, 9.0)) * np.exp(60 * (near - 1))[:, None]
    box = _window(w[:, 0] + 0.75, 0.16) * _window(w[:, 1] - 0.25, 0.35) * (w[:, 2] > 0)
    return light + np.array((5.0, 5.2, 5.6)) * box[:, None]


def shown(light: Array) -> NDArray[np.float32]:
    """Linear light as a display shows it, by sRGB, in [0, 1]."""
    return to_display(np.clip(light, 0, 1)).astype(np.float32)


_ALPHAS = (0.1, 0.35)


def _mixture(w_o: Array, u: Array, which: int) -> tuple[Array, Array]:
    """Directions by one of three lobes in turn, and their density by all three."""
    n = np.zeros_like(w_o)
    n[:, 2] = 1
    ones = np.ones(len(w_o), np.float32)
    lobes = [Lobes(n, ones * a, ones) for a in _ALPHAS] + [Lobes(n, ones, 0 * ones)]
    w_i = draw(lobes[which], w_o, np.concatenate([u[:, :2], 0.5 * u[:, 2:]], axis=1))
    p = sum(density(each, w_i, w_o) for each in lobes) / len(lobes)
    return w_i.astype(np.float32), np.maximum(p, 1e-6)


def _hemisphere(u: Array) -> NDArray[np.float32]:
    z = np.maximum(u[:, 0], 1e-3)
    r, angle = np.sqrt(1 - z * z), 2 * math.pi * u[:, 1]
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1).astype(np.float32)


def _view_rays(size: int) -> Array:
    y, x = (np.mgrid[:size, :size] + 0.5) * (2.2 / size) - 1.1
    rays = np.stack([0.5 * x, -0.5 * y, -np.ones_like(x)], axis=-1).reshape(-1, 3)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _window(x: Array, half: float) -> Array:
    return 1 / (1 + np.exp(np.clip(40 * (np.abs(x) - half), -60, 60)))
