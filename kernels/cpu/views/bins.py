"""How many bins of mode `binned` share each pixel, (sum W)^2 / sum W^2, into `alpha`."""

from __future__ import annotations

import numpy as np

from ..bins import TILE
from ..jit import kernel
from ..modes.binned import (
    BINS,
    COLLECT,
    DEPTH_UNIT,
    MEAN,
    MOMENTS,
    MOST_BINS,
    REFINE,
    ROW,
    SPREAD,
    add_moments,
    collect_row,
    lay_out,
    place_row,
    refine_row,
)
from ..project import DEPTH, FOOTPRINT, LOG2_OPACITY, A, B, C, U, V
from ..sums import clear_sums
from ..tile import BATCH, FIRST, LANES, LAST, F, load_batch, load_limits, place_batch

VALUES, PARAMS = np.float32, 3


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth,
):  # fmt: skip
    """Counts in tiles[first_tile:last_tile]; the arguments are those of `modes.binned`."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    lane = np.empty((6, LANES), np.float32)
    edges = np.empty((TILE, MOST_BINS + 1, LANES), np.float32)
    inverse = np.empty((TILE, MOST_BINS, LANES), np.float32)
    depths = np.empty((TILE, MOST_BINS, LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    bins, refine, unit = int(params[BINS]), int(params[REFINE]), params[DEPTH_UNIT]
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        load_limits(limits, x0, y0, rows)
        bottom, right = min(TILE, height - y0), min(TILE, width - x0)
        clear_sums(rows)
        for i in range(TILE):
            for k in range(LANES):
                rows[i, MEAN + k] = rows[i, SPREAD + k] = F(0)
        for step in range(2 + refine):
            task = MOMENTS if step == 0 else COLLECT
            for start in range(starts[tile], starts[tile + 1], BATCH):
                count = min(BATCH, starts[tile + 1] - start)
                load_batch(members, start, count, footprints, batch)
                place_batch(F(x0), F(y0), batch)
                for j in range(count):
                    u, v = batch[U, j], batch[V, j]
                    a, b, c = batch[A, j], batch[B, j], batch[C, j]
                    power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                    slope = unit / (z + unit)
                    depth_y = F(0.5) - slope
                    slope *= values[members[start + j], 0] / (z + unit)
                    for i in range(int(batch[FIRST, j]), min(bottom - 1, int(batch[LAST, j])) + 1):
                        v_row = v + c * F(i)
                        u_row = u + b * F(i)
                        p_row = power - v_row * v_row
                        if task == MOMENTS:
                            add_moments(rows, i, u_row, a, p_row, depth_y, z, None)
                        else:
                            place_row(rows, i, u_row, a, p_row, depth_y, slope, lane, z, None)
                            collect_row(edges, depths, i, bins, lane)
            for i in range(TILE):
                if task == MOMENTS:
                    lay_out(rows, edges, inverse, depths, i, bins)
                elif step < 1 + refine:
                    refine_row(edges, inverse, depths, i, bins)
        for i in range(bottom):
            for k in range(right):
                ahead, before, total, squares = F(0), F(1), F(0), F(0)
                for b in range(bins):
                    ahead += depths[i, b, k]
                    behind = F(2.0 ** (-ahead))
                    seen = before - behind
                    total += seen
                    squares += seen * seen
                    before = behind
                alpha[y0 + i, x0 + k] = total * total / squares if squares > F(0) else F(0)
