"""Weighted sums over the pixels of a tile: what every mode without an order ends in."""

from __future__ import annotations

from .bins import TILE
from .jit import inline
from .tile import LANES, MET_ALPHA, MET_DEPTH, F, seen_alpha

CLEAR, RED_SUM, GREEN_SUM, BLUE_SUM, DEPTH_SUM, WEIGHT_SUM = range(0, 6 * LANES, LANES)
"""Places in a row of a tile: prod (1 - alpha), sums of w alpha (c, z, 1)."""

SUMS = 6
"""Values per pixel."""

VANISHED = 1e-30
"""Transmittance below this is 0, before it becomes a subnormal number, which is slow."""


@inline
def clear_sums(rows):
    """Nothing drawn yet."""
    for i in range(TILE):
        for k in range(LANES):
            rows[i, CLEAR + k] = F(1)
        for k in range(RED_SUM, SUMS * LANES):
            rows[i, k] = F(0)


@inline
def add_row(rows, at, u, a, p, red, green, blue, z, weight, squares_alpha, limit, cut, lanes=None):
    """Adds one splat of one weight to the 16 pixels of a row; `p` is log2 o - v^2 there.

    With `lanes`, see `tile`, alpha and depth are taken from there.
    """
    for k in range(LANES):
        if lanes is None:
            alpha = seen_alpha(p, u + a * F(k), z, limit, k, cut)
        else:
            alpha, z = lanes[MET_ALPHA, k], lanes[MET_DEPTH, k]
        clear = rows[at, CLEAR + k] * (F(1) - alpha)
        rows[at, CLEAR + k] = clear if clear > F(VANISHED) else F(0)
        share = weight * alpha
        share = share * alpha if squares_alpha else share
        rows[at, RED_SUM + k] += share * red
        rows[at, GREEN_SUM + k] += share * green
        rows[at, BLUE_SUM + k] += share * blue
        rows[at, DEPTH_SUM + k] += share * z
        rows[at, WEIGHT_SUM + k] += share


@inline
def store_sums(rows, x0, y0, with_depth, color, alpha, depth):
    """C = (1 - T) sum w alpha c / sum w alpha to the images; likewise depth, over alpha."""
    height, width = alpha.shape
    for i in range(min(TILE, height - y0)):
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            weight = rows[i, WEIGHT_SUM + k]
            if weight > F(0):
                cover = F(1) - rows[i, CLEAR + k]
                share = cover / weight
                alpha[y, x] = cover
                color[y, x, 0] = share * rows[i, RED_SUM + k]
                color[y, x, 1] = share * rows[i, GREEN_SUM + k]
                color[y, x, 2] = share * rows[i, BLUE_SUM + k]
                if with_depth:
                    depth[y, x] = rows[i, DEPTH_SUM + k] / weight
