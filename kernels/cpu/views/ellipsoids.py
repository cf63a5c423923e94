"""The nearest ellipsoid of each pixel, solid and lit from the eye."""

from __future__ import annotations

import math

import numpy as np

from ..bins import TILE
from ..jit import kernel
from ..project import (
    BLUE,
    FOOTPRINT,
    GREEN,
    LOG2_ALPHA_MIN,
    LOG2_OPACITY,
    RED,
    A,
    B,
    C,
    U,
    V,
)
from ..tile import BATCH, FIRST, LANES, LAST, F, load_batch, place_batch

VALUES, PARAMS = np.float32, 1


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile], front to back; see `modes` for the arguments.

    params: u^2 + v^2 at which an ellipsoid is cut, or before, where alpha is 1/255.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    owner = np.empty((TILE, LANES), np.int32)
    squares = np.empty((TILE, LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    shell = params[0]
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom, right = min(TILE, height - y0), min(TILE, width - x0)
        owner[:] = np.int32(-1)
        open_pixels = bottom * right
        start = starts[tile]
        while start < starts[tile + 1] and open_pixels > 0:
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                reach = min(shell, batch[LOG2_OPACITY, j] - F(LOG2_ALPHA_MIN))
                for i in range(int(batch[FIRST, j]), min(bottom - 1, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    u_row = u + b * F(i)
                    left = reach - v_row * v_row
                    for k in range(right):
                        w = u_row + a * F(k)
                        if w * w <= left and owner[i, k] < 0:
                            owner[i, k] = members[start + j]
                            squares[i, k] = w * w + v_row * v_row
                            open_pixels -= 1
            start += count
        for i in range(bottom):
            for k in range(right):
                member = owner[i, k]
                if member >= 0:
                    rise = math.sqrt(max(F(1) - squares[i, k] / shell, F(0)))
                    light = F(0.3) + F(0.7) * rise
                    color[y0 + i, x0 + k, 0] = light * footprints[member, RED]
                    color[y0 + i, x0 + k, 1] = light * footprints[member, GREEN]
                    color[y0 + i, x0 + k, 2] = light * footprints[member, BLUE]
                    alpha[y0 + i, x0 + k] = F(1)
