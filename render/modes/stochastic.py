"""`stochastic`: each splat covers a sample with probability alpha, and the nearest one shows.

Enderton et al. 2010, "Stochastic Transparency"; for splats Kheradmand et al. 2025,
"StochasticSplats". The expectation is the sorted image; frames of other seeds are averaged while
the view rests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layers import Canvas, Layers
from .mode import Mode

UInt32 = NDArray[np.uint32]


def composite(layers: Layers, canvas: Canvas) -> None:
    """C = mean over samples of the colour of the nearest splat with random < alpha."""
    height, width = layers.shape
    pixels = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    samples = layers.settings.samples
    canvas.transmittance[...] = 0.0
    for sample in range(samples):
        key = sample_key(layers.seed * samples + sample)
        color, nearest = np.zeros_like(canvas.color), np.full(layers.shape, np.inf)
        depth = np.zeros_like(canvas.depth)
        for splat in layers:
            number = splat_key(np.uint32(layers.projected.splats[splat.row]), key)
            hit = random(pixels[splat.window], number) < splat.alpha
            hit &= splat.depth < nearest[splat.window]
            nearest[splat.window][hit] = splat.depth
            color[splat.window][hit] = splat.color
            depth[splat.window][hit] = np.broadcast_to(splat.seen_depth, hit.shape)[hit]
        covered = np.isfinite(nearest)
        canvas.color[...] += color / samples
        canvas.depth[...] += depth / samples
        canvas.transmittance[...] += np.where(covered, 0.0, 1.0) / samples


def sample_key(number: int) -> np.uint32:
    """What makes the random numbers of one sample differ from those of all others."""
    return _mixed(np.uint32(number & 0xFFFFFFFF) + np.uint32(0x9E3779B9))


def splat_key(splat, key: np.uint32):
    """What makes the random numbers of one splat (uint32, or an array) differ from the others'."""
    return _mixed(splat ^ key)


def random(pixel: UInt32, key: np.uint32) -> NDArray[Any]:
    """Uniform in [0, 1) with 24 bits, by integer hashing: the same on every backend."""
    with np.errstate(over="ignore"):
        bits = _mixed(pixel + key)
    return (bits >> np.uint32(8)) * 2.0**-24


def _mixed(x):
    """A bijection of 32 bits whose every input bit changes half of the output bits.

    The multipliers are those of the search by Wellons 2018, "Prospecting for Hash Functions".
    """
    with np.errstate(over="ignore"):
        x = x ^ (x >> np.uint32(16))
        x = x * np.uint32(0x21F0AAAD)
        x = x ^ (x >> np.uint32(15))
        x = x * np.uint32(0xD35A2D97)
        return x ^ (x >> np.uint32(15))


MODE = Mode(
    "stochastic",
    "No sort: random coverage and a depth test; noisy, and exact in the long run.",
    composite,
    settings=("samples",),
    accumulates=True,
)
