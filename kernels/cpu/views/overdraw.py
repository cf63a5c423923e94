"""How many splats touch each pixel, alpha >= 1/255, into `alpha`."""

from __future__ import annotations

import numpy as np

from ..bins import TILE
from ..jit import kernel
from ..project import FOOTPRINT, LOG2_ALPHA_MIN, LOG2_OPACITY, A, B, C, U, V
from ..tile import BATCH, FIRST, LANES, LAST, F, load_batch, place_batch

VALUES, PARAMS = np.float32, 1


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth,
):  # fmt: skip
    """Counts in tiles[first_tile:last_tile]; see `modes` for the arguments."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    counts = np.empty((TILE, LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom, right = min(TILE, height - y0), min(TILE, width - x0)
        counts[:] = F(0)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j] - F(LOG2_ALPHA_MIN)
                for i in range(int(batch[FIRST, j]), min(bottom - 1, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    u_row = u + b * F(i)
                    p_row = power - v_row * v_row
                    for k in range(LANES):
                        w = u_row + a * F(k)
                        counts[i, k] += F(1) if p_row >= w * w else F(0)
        for i in range(bottom):
            for k in range(right):
                alpha[y0 + i, x0 + k] = counts[i, k]
