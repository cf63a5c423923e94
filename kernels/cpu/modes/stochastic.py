"""`stochastic`: random coverage and a depth test (Enderton et al. 2010)."""

from __future__ import annotations

import numpy as np

from ..bins import TILE
from ..jit import inline, kernel
from ..meet import load_surfels, meet_row, new_discs
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from ..tile import (
    BATCH,
    FIRST,
    LANES,
    LAST,
    LIMIT,
    MET_ALPHA,
    MET_DEPTH,
    OWN,
    F,
    load_batch,
    load_limits,
    place_batch,
    seen_alpha,
)

VALUES, PARAMS = np.uint32, 1

I = np.uint32  # noqa: E741

ROW = OWN + 10 * LANES

NEAREST, RED_NEAREST, GREEN_NEAREST, BLUE_NEAREST, DEPTH_NEAREST = range(
    OWN, OWN + 5 * LANES, LANES
)
RED_MEAN, GREEN_MEAN, BLUE_MEAN, DEPTH_MEAN, COVERED = range(OWN + 5 * LANES, ROW, LANES)
"""A row of a tile in scratch memory: depth and colour of the nearest, sums over samples; and the
depth at which the nearest is met, which is not that of a surfel's centre."""

NOTHING = 3e38


@inline
def mixed(x):
    """See `voile.render.modes.stochastic`."""
    x = I(x ^ I(x >> I(16)))
    x = I(x * I(0x21F0AAAD))
    x = I(x ^ I(x >> I(15)))
    x = I(x * I(0xD35A2D97))
    return I(x ^ I(x >> I(15)))


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M, S) uint32 random per splat and sample."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    discs = met = None
    if surfels is not None:
        discs, met = new_discs(BATCH), True
    samples = values.shape[1]
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        rows[:] = F(0)
        farthest = load_limits(limits, x0, y0, rows)
        for sample in range(samples):
            for i in range(TILE):
                for k in range(LANES):
                    rows[i, NEAREST + k] = F(NOTHING)
            for start in range(starts[tile], starts[tile + 1], BATCH):
                count = min(BATCH, starts[tile + 1] - start)
                load_batch(members, start, count, footprints, batch)
                if surfels is not None:
                    load_surfels(members, start, count, footprints, surfels, F(x0), F(y0), discs)
                place_batch(F(x0), F(y0), batch)
                for j in range(count):
                    u, v = batch[U, j], batch[V, j]
                    a, b, c = batch[A, j], batch[B, j], batch[C, j]
                    power = batch[LOG2_OPACITY, j]
                    red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                    z, key = batch[DEPTH, j], values[members[start + j], sample]
                    if z > farthest:
                        continue
                    for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                        v_row = v + c * F(i)
                        u_row = u + b * F(i)
                        p_row = power - v_row * v_row
                        pixel = I((y0 + i) * width + x0)
                        if surfels is not None:
                            meet_row(discs, j, rows, i, u_row, a, p_row, z, power)
                        test_row(rows, i, u_row, a, p_row, red, green, blue, z, key, pixel, met)
            add_sample(rows, met)
        store_tile(rows, x0, y0, samples, with_depth, color, alpha, depth)


@inline
def test_row(rows, at, u, a, p, red, green, blue, z, key, pixel, met):
    """Lets a splat cover those of 16 pixels whose random number is below its alpha.

    With `met`, see `tile`, alpha and the depth that is seen are taken from there.
    """
    for k in range(LANES):
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha = rows[at, MET_ALPHA + k]
        number = F(I(mixed(I(I(pixel + I(k)) + key)) >> I(8))) * F(2.0**-24)
        shown = (number < alpha) & (z < rows[at, NEAREST + k])
        rows[at, NEAREST + k] = z if shown else rows[at, NEAREST + k]
        rows[at, RED_NEAREST + k] = red if shown else rows[at, RED_NEAREST + k]
        rows[at, GREEN_NEAREST + k] = green if shown else rows[at, GREEN_NEAREST + k]
        rows[at, BLUE_NEAREST + k] = blue if shown else rows[at, BLUE_NEAREST + k]
        if met is not None:
            seen = rows[at, MET_DEPTH + k]
            rows[at, DEPTH_NEAREST + k] = seen if shown else rows[at, DEPTH_NEAREST + k]


@inline
def add_sample(rows, met):
    """Adds what is nearest to the sums over samples."""
    for i in range(TILE):
        for k in range(LANES):
            z = rows[i, NEAREST + k]
            if z < F(NOTHING):
                rows[i, RED_MEAN + k] += rows[i, RED_NEAREST + k]
                rows[i, GREEN_MEAN + k] += rows[i, GREEN_NEAREST + k]
                rows[i, BLUE_MEAN + k] += rows[i, BLUE_NEAREST + k]
                if met is None:
                    rows[i, DEPTH_MEAN + k] += z
                else:
                    rows[i, DEPTH_MEAN + k] += rows[i, DEPTH_NEAREST + k]
                rows[i, COVERED + k] += F(1)


@inline
def store_tile(rows, x0, y0, samples, with_depth, color, alpha, depth):
    """Means over samples to the images; depth over the samples that are covered."""
    height, width = alpha.shape
    share = F(1) / F(samples)
    for i in range(min(TILE, height - y0)):
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            covered = rows[i, COVERED + k]
            alpha[y, x] = covered * share
            color[y, x, 0] = rows[i, RED_MEAN + k] * share
            color[y, x, 1] = rows[i, GREEN_MEAN + k] * share
            color[y, x, 2] = rows[i, BLUE_MEAN + k] * share
            if with_depth and covered > F(0):
                depth[y, x] = rows[i, DEPTH_MEAN + k] / covered
