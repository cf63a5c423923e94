"""Colours of textures; for the definition see `voile.render.meshes.texture`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...scenes.texture import LINEAR as _LINEAR
from .jit import inline

REPEAT, MIRROR, CLAMP = range(3)
"""Numbers of `scenes.texture.WRAPS`."""


class Image(NamedTuple):
    """A texture as kernels take it.

    Attributes:
        texels, levels: `Texture.packed`.
        wrap: (2,) int64, along u and v.
        cutoff: alpha below which there is no surface, or 0.
    """

    texels: NDArray[np.uint8]
    levels: NDArray[np.int64]
    wrap: NDArray[np.int64]
    cutoff: float


@inline
def sample(image, u, v, footprint):
    """Linear light and alpha, four values.

    Args:
        image: an `Image`.
        u, v: texture coordinates.
        footprint: pixels of the image from one pixel of the frame to the next.
    """
    level = min(max(math.log2(max(footprint, 1e-9)), 0.0), len(image.levels) - 1.0)
    low = int(level)
    share = level - low
    r, g, b, a = _bilinear(image, low, u, v)
    if share > 0.0:
        r2, g2, b2, a2 = _bilinear(image, low + 1, u, v)
        r += share * (r2 - r)
        g += share * (g2 - g)
        b += share * (b2 - b)
        a += share * (a2 - a)
    return r, g, b, a


@inline
def _bilinear(image, level, u, v):
    texels, wrap = image.texels, image.wrap
    start, width, height = image.levels[level]
    x, y = u * width - 0.5, (1.0 - v) * height - 0.5
    left, top = math.floor(x), math.floor(y)
    fx, fy = x - left, y - top
    r, g, b, a = 0.0, 0.0, 0.0, 0.0
    for j in range(2):
        row = start + _wrapped(int(top) + j, height, wrap[1]) * width
        wy = fy if j else 1.0 - fy
        for i in range(2):
            at = row + _wrapped(int(left) + i, width, wrap[0])
            w = wy * (fx if i else 1.0 - fx)
            r += w * _LINEAR[texels[at, 0]]
            g += w * _LINEAR[texels[at, 1]]
            b += w * _LINEAR[texels[at, 2]]
            a += w * (texels[at, 3] / 255.0)
    return r, g, b, a


@inline
def _wrapped(x, size, wrap):
    if wrap == REPEAT:
        return x % size
    if wrap == MIRROR:
        x = x % (2 * size)
        return x if x < size else 2 * size - 1 - x
    return min(max(x, 0), size - 1)
