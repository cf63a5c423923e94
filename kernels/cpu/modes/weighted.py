"""`weighted` and `learned`: sum w_i alpha_i c_i / sum w_i alpha_i (McGuire and Bavoil 2013)."""

from __future__ import annotations

import numpy as np

from ..bins import TILE
from ..jit import kernel
from ..meet import load_surfels, meet_row, new_discs
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from ..sums import SUMS_END, add_row, clear_sums, store_sums
from ..tile import BATCH, FIRST, LAST, F, load_batch, load_limits, place_batch

VALUES, PARAMS = np.float32, 1

SQUARES_ALPHA = 0
"""Of `params`: 1 where the weight has a factor alpha of its own."""

ROW = SUMS_END


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M, 1) are the weights."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    discs = met = None
    if surfels is not None:
        discs, met = new_discs(BATCH), True
    squares = params[SQUARES_ALPHA] != F(0)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        farthest = load_limits(limits, x0, y0, rows)
        bottom = min(TILE, height - y0) - 1
        clear_sums(rows)
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
                z, weight = batch[DEPTH, j], values[members[start + j], 0]
                if z > farthest:
                    continue
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    u_row = u + b * F(i)
                    p_row = power - v_row * v_row
                    if surfels is not None:
                        meet_row(discs, j, rows, i, u_row, a, p_row, z, power)
                    add_row(rows, i, u_row, a, p_row, red, green, blue, z, weight, squares, met)
        store_sums(rows, x0, y0, with_depth, color, alpha, depth)
