"""`sorted`: composites tiles front to back (Kerbl et al. 2023, equation 3)."""

from __future__ import annotations

import numpy as np

from ...constants import TRANSMITTANCE_STOP
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

VALUES, PARAMS = np.float32, 1

LEFT, RED_SUM, GREEN_SUM, BLUE_SUM, DEPTH_SUM = range(OWN, OWN + 5 * LANES, LANES)
"""Of a row of a tile in scratch memory: transmittance, and sums, of 16 pixels each."""

ROW = OWN + 5 * LANES


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth, surfels=None,
):  # fmt: skip
    """Composites tiles[first_tile:last_tile] into the images; see `modes` for the arguments.

    params: whether depths are medians, 1 or 0.
    """
    median = params[0] > F(0)
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    discs = met = None
    if surfels is not None:
        discs, met = new_discs(BATCH), True
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, stop = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        farthest = load_limits(limits, x0, y0, rows)
        for i in range(TILE):
            for k in range(LANES):
                rows[i, LEFT + k] = F(1)
            for k in range(RED_SUM, ROW):
                rows[i, k] = F(0)
        first_open, last_open = 0, min(TILE, height - y0) - 1
        while start < stop and first_open <= last_open:
            count = min(BATCH, stop - start)
            load_batch(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, F(x0), F(y0), discs)
            place_batch(F(x0), F(y0), batch)
            start += count
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                z = batch[DEPTH, j]
                if z > farthest:
                    continue
                first = max(first_open, int(batch[FIRST, j]))
                last = min(last_open, int(batch[LAST, j]))
                for i in range(first, last + 1):
                    y = F(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    if surfels is not None:
                        meet_row(discs, j, rows, i, u_row, a, p_row, z, power)
                    shade_row(
                        rows, i, u_row, a, p_row, red, green, blue, z, with_depth, median, met
                    )
            while first_open <= last_open and row_is_opaque(rows, first_open):
                first_open += 1
            while first_open <= last_open and row_is_opaque(rows, last_open):
                last_open -= 1
        store_tile(rows, x0, y0, with_depth, median, color, alpha, depth)


@inline
def shade_row(rows, at, u, a, p, red, green, blue, z, with_depth, median, met):
    """Composites one splat over the 16 pixels of a row; `p` is log2 o - v^2 there.

    With `met`, see `tile`, alpha and depth are those of `meet`. LLVM takes the test of
    `with_depth` out of the loop. A median is the depth at which T comes to 0.5 or below.
    """
    for k in range(LANES):
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha, z = rows[at, MET_ALPHA + k], rows[at, MET_DEPTH + k]
        transmittance = rows[at, LEFT + k]
        weight = alpha * transmittance
        rows[at, LEFT + k] = transmittance - weight
        rows[at, RED_SUM + k] += weight * red
        rows[at, GREEN_SUM + k] += weight * green
        rows[at, BLUE_SUM + k] += weight * blue
        if with_depth:
            share = weight
            if median:
                crosses = transmittance > F(0.5) and transmittance - weight <= F(0.5)
                share = F(1) if crosses else F(0)
            rows[at, DEPTH_SUM + k] += share * z


@inline
def row_is_opaque(rows, at):
    """Whether every pixel of a row has less transmittance than the smallest that counts."""
    most = F(0)
    for k in range(LANES):
        most = max(most, rows[at, LEFT + k])
    return most < F(TRANSMITTANCE_STOP)


@inline
def store_tile(rows, x0, y0, with_depth, median, color, alpha, depth):
    """Copies a tile to the images; alpha = 1 - T, mean depth = sum / alpha, 0 where empty."""
    height, width = alpha.shape
    for i in range(min(TILE, height - y0)):
        at = i
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            coverage = F(1) - rows[at, LEFT + k]
            alpha[y, x] = coverage
            color[y, x, 0] = rows[at, RED_SUM + k]
            color[y, x, 1] = rows[at, GREEN_SUM + k]
            color[y, x, 2] = rows[at, BLUE_SUM + k]
            if with_depth:
                total = rows[at, DEPTH_SUM + k]
                if not median:
                    total = total / coverage if coverage > F(0) else F(0)
                depth[y, x] = total
