"""Colours of textures: the definition, in float64. `kernels/cpu/texture.py` and `mesh.frag` follow.

    level = log2 of how many pixels of the image one pixel of the frame covers, the longer way,

bilinear within a level and linear between two (Williams 1983, "Pyramidal Parametrics"), so that
nothing finer than the frame's pixels is left to alias.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.texture import LINEAR, Texture

Array = NDArray[np.floating[Any]]


def sample(texture: Texture, uv: Array, footprint: Array) -> Array:
    """(..., 4) linear light and alpha at (..., 2).

    Args:
        footprint: (...) pixels of the image from one pixel of the frame to the next.
    """
    levels = texture.levels
    wanted = np.clip(np.log2(np.maximum(footprint, 1e-9)), 0.0, len(levels) - 1.0)
    found = np.zeros((*uv.shape[:-1], 4))
    for k, level in enumerate(levels):
        share = np.maximum(0.0, 1.0 - np.abs(wanted - k))
        some = share > 0
        if some.any():
            found[some] += share[some, None] * _bilinear(level, texture.wrap, uv[some])
    return found


def _bilinear(level: NDArray[np.uint8], wrap: tuple[str, str], uv: Array) -> Array:
    height, width = level.shape[:2]
    at = np.stack([uv[:, 0] * width, (1.0 - uv[:, 1]) * height], axis=1) - 0.5
    low = np.floor(at)
    fx, fy = (at - low).T[..., None]
    (x0, y0), (x1, y1) = low.astype(np.int64).T, low.astype(np.int64).T + 1
    x0, x1 = (wrapped(x, width, wrap[0]) for x in (x0, x1))
    y0, y1 = (wrapped(y, height, wrap[1]) for y in (y0, y1))

    def texel(x: NDArray[np.int64], y: NDArray[np.int64]) -> Array:
        texel = level[y, x]
        light = LINEAR[texel[:, :3]].astype(np.float64)
        return np.concatenate([light, texel[:, 3:] / 255.0], axis=1)

    top = texel(x0, y0) * (1 - fx) + texel(x1, y0) * fx
    return top * (1 - fy) + (texel(x0, y1) * (1 - fx) + texel(x1, y1) * fx) * fy


def wrapped(x: NDArray[np.int64], size: int, wrap: str) -> NDArray[np.int64]:
    """Which pixel of a row of `size` lies at x."""
    if wrap == "repeat":
        return x % size
    if wrap == "mirror":
        x = x % (2 * size)
        return np.where(x < size, x, 2 * size - 1 - x)
    return np.clip(x, 0, size - 1)
