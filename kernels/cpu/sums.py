"""Weighted sums over the pixels of a tile: what every mode without an order ends in."""

from __future__ import annotations

from .bins import TILE
from .jit import inline
from .tile import LANES, LIMIT, MET_ALPHA, MET_DEPTH, OWN, F, seen_alpha

SUMS_END = OWN + 6 * LANES
"""Behind them in a row."""

CLEAR, RED_SUM, GREEN_SUM, BLUE_SUM, DEPTH_SUM, WEIGHT_SUM = range(OWN, SUMS_END, LANES)
"""Places in a row of a tile: prod (1 - alpha), sums of w alpha (c, z, 1)."""

VANISHED = 1e-30
"""Transmittance below this is 0, before it becomes a subnormal number, which is slow."""


@inline
def clear_sums(rows):
    """Nothing drawn yet."""
    for i in range(TILE):
        for k in range(LANES):
            rows[i, CLEAR + k] = F(1)
        for k in range(RED_SUM, SUMS_END):
            rows[i, k] = F(0)


@inline
def add_row(rows, at, u, a, p, red, green, blue, z, weight, squares_alpha, met=None):
    """Adds one splat of one weight to the 16 pixels of a row; `p` is log2 o - v^2 there.

    With `met`, see `tile`, alpha and depth are taken from there.
    """
    for k in range(LANES):
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha, z = rows[at, MET_ALPHA + k], rows[at, MET_DEPTH + k]
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
