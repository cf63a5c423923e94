"""Importance sampling of the environment, and the random numbers of light.

The environment is drawn from by the power of its pixels in a table of cells, each of one density
(Walker 1974, the alias method), a tenth of the samples evenly over the sphere. Random numbers are
hashed from pixel, frame and dimension, so that every backend draws the same directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import SKY_COLUMNS, SKY_ROWS
from ...scenes.lights import Environment
from ..modes.stochastic import random, sample_key, splat_key
from .environment import pixel_directions

Float64 = NDArray[np.float64]

EVEN = 0.1
"""Share of the samples that is spread evenly over the sphere."""

DIMENSIONS = 7
"""Random numbers of a sample: three for the material, four for the environment."""


def light_key(seed: int, samples: int, number: int, dimension: int) -> np.uint32:
    """What makes one random number of a pixel differ from its others."""
    return splat_key(np.uint32(dimension), sample_key(seed * samples + number))


def light_keys(seed: int, samples: int) -> NDArray[np.uint32]:
    """(samples, 7) of all random numbers of a frame, for kernels."""
    dimensions = np.arange(DIMENSIONS, dtype=np.uint32)
    numbers = range(seed * samples, seed * samples + samples)
    return np.array([splat_key(dimensions, sample_key(number)) for number in numbers], np.uint32)


def randoms(pixels: NDArray[np.uint32], seed: int, samples: int, number: int) -> Float64:
    """(P, 7) in [0, 1) for sample `number` of a frame's `samples` at these pixels (P,)."""
    keys = [light_key(seed, samples, number, k) for k in range(DIMENSIONS)]
    return np.stack([random(pixels, key) for key in keys], axis=1)


@dataclass(frozen=True, eq=False)
class EnvironmentTable:
    """Cells of an environment, row by row from the top.

    Attributes:
        shares: (C,) float32, the probability that a cell stays itself when it is drawn.
        others: (C,) int32, the cell that is taken instead.
        densities: (C,) float32 1/sr, of directions in a cell.
    """

    shares: NDArray[np.float32]
    others: NDArray[np.int32]
    densities: NDArray[np.float32]

    def sample(self, u: Float64) -> Float64:
        """(P, 3) directions in the environment's axes, by random numbers (P, 4)."""
        count = len(self.shares)
        cell = np.minimum((u[:, 0] * count).astype(np.int64), count - 1)
        cell = np.where(u[:, 1] < self.shares[cell], cell, self.others[cell])
        row, column = np.divmod(cell, SKY_COLUMNS)
        top, bottom = np.cos(np.pi * row / SKY_ROWS), np.cos(np.pi * (row + 1) / SKY_ROWS)
        y = top + (bottom - top) * u[:, 2]
        azimuth = 2.0 * np.pi * ((column + u[:, 3]) / SKY_COLUMNS - 0.5)
        sine = np.sqrt(np.maximum(0.0, 1.0 - y * y))
        return np.stack([sine * np.sin(azimuth), y, -sine * np.cos(azimuth)], axis=1)

    def density(self, directions: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """(P,) 1/sr, of unit directions (P, 3)."""
        u, v = coordinates(directions)
        row = np.clip((v * SKY_ROWS).astype(np.int64), 0, SKY_ROWS - 1)
        column = np.clip((u * SKY_COLUMNS).astype(np.int64), 0, SKY_COLUMNS - 1)
        return self.densities[row * SKY_COLUMNS + column]


def coordinates(directions: NDArray[np.floating[Any]]) -> tuple[Float64, Float64]:
    """u and v in [0, 1] on an environment's image of unit directions (..., 3) in its axes."""
    x, y, z = np.moveaxis(directions, -1, 0)
    return 0.5 + np.arctan2(x, -z) / (2.0 * np.pi), np.arccos(np.clip(y, -1.0, 1.0)) / np.pi


def radiance(environment: Environment, directions: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """(P, 3) light from unit directions (P, 3) in the environment's axes; bilinear."""
    image = environment.image
    height, width = image.shape[:2]
    u, v = coordinates(directions)
    x, y = u * width - 0.5, np.clip(v * height - 0.5, 0.0, height - 1.0)
    left, top = np.floor(x), np.floor(y)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    x0, y0 = left.astype(np.int64) % width, top.astype(np.int64)
    x1, y1 = (x0 + 1) % width, np.minimum(y0 + 1, height - 1)
    above = image[y0, x0] * (1 - fx) + image[y0, x1] * fx
    return above * (1 - fy) + (image[y1, x0] * (1 - fx) + image[y1, x1] * fx) * fy


def table_of(environment: Environment) -> EnvironmentTable:
    """The table of an environment, made once."""
    known = _KNOWN.get(environment)
    if known is None:
        known = _KNOWN[environment] = _make(environment)
    return known


def _make(environment: Environment) -> EnvironmentTable:
    # Means over cells: pixels are repeated until each cell has whole ones.
    image = environment.image.mean(axis=2, dtype=np.float64)
    for axis, cells in ((0, SKY_ROWS), (1, SKY_COLUMNS)):
        places = (np.arange(image.shape[axis]) + 0.5) / image.shape[axis]
        if image.shape[axis] < cells:
            rows = ((np.arange(cells) + 0.5) / cells * image.shape[axis]).astype(int)
            image = np.take(image, rows, axis=axis)
        else:
            starts = np.searchsorted(places * cells, np.arange(cells))
            counts = np.diff(np.append(starts, image.shape[axis]))
            image = np.add.reduceat(image, starts, axis=axis)
            image = image / (counts[:, None] if axis == 0 else counts)
    # Light that is read between pixels reaches into the cells beside.
    wide = np.pad(np.pad(image, ((1, 1), (0, 0)), "edge"), ((0, 0), (1, 1)), "wrap")
    nine = [wide[i : i + SKY_ROWS, k : k + SKY_COLUMNS] for i in range(3) for k in range(3)]
    image = np.mean(nine, axis=0)
    _, angles = pixel_directions(SKY_ROWS, SKY_COLUMNS)
    angles = np.broadcast_to(angles, image.shape)
    power = image * angles
    total = power.sum()
    even = angles / (4.0 * np.pi)
    chance = (1.0 - EVEN) * power / total + EVEN * even if total > 0 else even
    densities = (chance / angles).ravel().astype(np.float32)
    shares, others = alias_table(chance.ravel() / chance.sum())
    return EnvironmentTable(shares.astype(np.float32), others, densities)


def alias_table(chances: Float64) -> tuple[Float64, NDArray[np.int32]]:
    """Walker's alias method, in the order of Vose 1991: shares (C,) and other cells (C,)."""
    shares, others = chances * len(chances), np.arange(len(chances), dtype=np.int32)
    small = [k for k in range(len(shares)) if shares[k] < 1.0]
    large = [k for k in range(len(shares)) if shares[k] >= 1.0]
    while small and large:
        less, more = small.pop(), large[-1]
        others[less] = more
        shares[more] -= 1.0 - shares[less]
        if shares[more] < 1.0:
            small.append(large.pop())
    for k in small + large:
        shares[k] = 1.0
    return shares, others


_KNOWN: WeakKeyDictionary[Environment, EnvironmentTable] = WeakKeyDictionary()
