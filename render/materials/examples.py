"""What a bake learns from: points of the reference, two directions, and the light between them.

Everything is drawn from the number of a step and the seed alone, so that a bake that was
interrupted goes on as if it had not been, and examples can be made ahead in another thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.layered import footprint_mean
from ...scenes.material import level_shapes
from .decode import bilinear, footprint_of
from .layered import sample

Array = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]

MOST_SAMPLES = 8
"""Samples of a row of a footprint that examples are averaged over; there are two to a texel."""

FINER = 2.0
"""Power of a random number that chooses levels: finer ones have more texels to learn."""


@dataclass(frozen=True, eq=False)
class Points:
    """N examples; the first `fine` are of the finest level.

    Attributes:
        fine: how many.
        uv: (N, 2) float32 texture coordinates.
        level: (N,) float32 of the pyramid.
        inputs: (N, 2 COUNT) float32 what the encoder sees; see `Examples`.
        w_i, w_o: (N, 3) float32 to the light and to the viewer.
        target: (N, 3) float32 reflectance.
    """

    fine: int
    uv: Float32
    level: Float32
    inputs: Float32
    w_i: Float32
    w_o: Float32
    target: Float32


class Examples:
    """Examples of one reference.

    Args:
        texels: (S, S, COUNT) float32.
        seed: of everything random.

    Attributes:
        inputs: (T, 2 COUNT) float32 of all texels of all levels, finest first: mean and standard
            deviation of the reference's fields over the square that a texel covers.
    """

    def __init__(self, texels: Float32, seed: int) -> None:
        self._texels, self._seed, self._size = np.ascontiguousarray(texels), seed, len(texels)
        means: list[Array] = [texels]
        squares: list[Array] = [texels.astype(np.float64) ** 2]
        while len(means[-1]) > 1:
            means.append(_halved(means[-1]))
            squares.append(_halved(squares[-1]))
        spreads = [
            np.sqrt(np.maximum(square - mean.astype(np.float64) ** 2, 0.0))
            for mean, square in zip(means, squares)
        ]
        self.levels = len(means)
        count = texels.shape[2]
        self.inputs = np.concatenate(
            [np.concatenate(pair, 2).reshape(-1, 2 * count) for pair in zip(means, spreads)]
        ).astype(np.float32)
        shapes = level_shapes(self._size, self._size, 1)
        self._starts = np.cumsum([0, *(height * width for height, width, _ in shapes)])

    def at(self, step: int, fine: int, coarse: int, *, centred: bool) -> Points:
        """Examples of a step.

        Args:
            fine, coarse: how many at the finest level, and at others.
            centred: coarse ones are at centres of texels, for which `inputs` are known; otherwise
                anywhere between texels and levels, and their inputs are zero.
        """
        rng = np.random.default_rng((self._seed, step))
        uv = rng.random((fine + coarse, 2))
        level = np.zeros(fine + coarse)
        inputs = np.zeros((fine + coarse, self.inputs.shape[1]), np.float32)
        chosen = (self.levels - 1) * rng.random(coarse) ** FINER
        if centred:
            whole = np.ceil(chosen).astype(np.int64)
            side = self._size >> whole
            texel = np.floor(uv[fine:] * side[:, None]).astype(np.int64)
            inputs[fine:] = self.inputs[self._starts[whole] + texel[:, 1] * side + texel[:, 0]]
            chosen, uv[fine:] = whole, (texel + 0.5) / side[:, None]
        level[fine:] = chosen
        inputs[:fine, : self.inputs.shape[1] // 2] = bilinear(self._texels, uv[:fine])
        width = footprint_of(level) - 1.0
        # Directions are drawn by some point of the footprint.
        some = uv + (rng.random(uv.shape) - 0.5) * (width / self._size)[:, None]
        w_o = _above(rng.random((len(uv), 3)))
        w_i = self._toward_light(rng, bilinear(self._texels, some).astype(np.float32), w_o)
        target = mean_reflectance(
            self._texels, uv, width, w_i, w_o, MOST_SAMPLES, rng.random(uv.shape)
        )
        uv, level = uv.astype(np.float32), level.astype(np.float32)
        return Points(fine, uv, level, inputs, w_i, w_o, target)

    def albedo(self) -> tuple[float, float, float]:
        """Mean over texels and viewers of the reflectance under white light."""
        rng, count = np.random.default_rng(self._seed), 1 << 15
        w_i, w_o = (_cosine(rng.random((count, 2))) for _ in range(2))
        uv, point = rng.random((count, 2)), np.zeros(count)
        light = math.pi * mean_reflectance(self._texels, uv, point, w_i, w_o)
        red, green, blue = (float(value) for value in light.mean(axis=0, dtype=np.float64))
        return red, green, blue

    def _toward_light(self, rng: np.random.Generator, p: Float32, w_o: Float32) -> Float32:
        """Half of them as the reference reflects, the others anywhere above the surface."""
        seen = sample(np, p, w_o, rng.random((len(p), 3), np.float32))
        other = _above(rng.random((len(p), 3)))
        w = np.where(rng.random((len(p), 1)) < 0.5, seen, other)
        w[:, 2] = np.maximum(np.abs(w[:, 2]), 1e-4)
        return w.astype(np.float32)


def mean_reflectance(
    texels: Float32,
    uv: Array,
    width: Array,
    w_i: Array,
    w_o: Array,
    most: int = 1,
    shift: Array | None = None,
) -> Float32:
    """(N, 3) reflectance of the reference, averaged over squares of the texture.

    Args:
        texels: (S, S, COUNT) of the reference, bilinear between their centres.
        uv: (N, 2) middles.
        width: (N,) sides, in texels.
        w_i, w_o: (N, 3) to the light and to the viewer.
        most: samples of a row; there are two to a texel, up to this.
        shift: (N, 2) of the samples in their cells, in [0, 1); None for the middle.
    """
    found = np.empty((len(uv), 3), np.float32)
    footprint_mean(
        np.require(texels, np.float32, "C"),
        np.require(uv, np.float64, "C"),
        np.require(np.broadcast_to(width, len(uv)), np.float64, "C"),
        np.full((len(uv), 2), 0.5) if shift is None else shift,
        most,
        np.require(w_i, np.float32, "C"),
        np.require(w_o, np.float32, "C"),
        found,
    )
    return found


def _above(u: Array) -> Float32:
    """Directions above the surface, half uniform and half by the cosine."""
    z = np.maximum(np.where(u[:, 2] < 0.5, u[:, 1], np.sqrt(u[:, 1])), 1e-4)
    return _polar(z, 2 * math.pi * u[:, 0])


def _cosine(u: Array) -> Float32:
    return _polar(np.sqrt(u[:, 0]), 2 * math.pi * u[:, 1])


def _polar(cosine: Array, angle: Array) -> Float32:
    sine = np.sqrt(np.maximum(1 - cosine * cosine, 0.0))
    return np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], 1).astype(np.float32)


def _halved(image: Array) -> Array:
    side = len(image) // 2
    return image.reshape(side, 2, side, 2, -1).mean((1, 3))
