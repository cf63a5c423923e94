"""`cells`: sums inside a cell, front to back between cells; see `voile.render.modes.cells`."""

from __future__ import annotations

import math

import numpy as np

from ...constants import CELL_SPREAD
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
    F,
    exp2_deep,
    load_limits,
    log2_unit,
    place_batch,
    seen_alpha,
)
from .sorted import BLUE_SUM, DEPTH_SUM, GREEN_SUM, LEFT, RED_SUM, row_is_opaque, store_tile
from .sorted import ROW as PICTURE

VALUES, PARAMS = np.int32, 1

MOST_SPLATS = 256
"""In a cell; a whole cell is at hand at a time."""

ROW = PICTURE + 8 * LANES

TOTAL, MEAN, SPREAD, RED_CELL, GREEN_CELL, BLUE_CELL, DEPTH_CELL, WEIGHT_CELL = range(
    PICTURE, ROW, LANES
)
"""Of a row of a tile, behind the columns of `sorted`: of the cell at hand moments of depth, then
sums of w alpha (c, z, 1)."""


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M, 1) int32 are the cells."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, MOST_SPLATS), np.float32)
    discs = met = None
    if surfels is not None:
        discs, met = new_discs(MOST_SPLATS), True
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, stop = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        rows[:] = F(0)
        for i in range(TILE):
            for k in range(LANES):
                rows[i, LEFT + k] = F(1)
        farthest = load_limits(limits, x0, y0, rows)
        first_open, last_open = 0, min(TILE, height - y0) - 1
        while start < stop and first_open <= last_open:
            cell = values[members[start], 0]
            count = 1
            while start + count < stop and values[members[start + count], 0] == cell:
                count += 1
            load_cell(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, F(x0), F(y0), discs)
            for j in range(0, count, BATCH):
                place_batch(F(x0), F(y0), batch[:, j : j + BATCH])
            start += count
            origin = batch[DEPTH, 0]
            first_row, last_row = TILE, -1
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                if z > farthest:
                    continue
                first = max(first_open, int(batch[FIRST, j]))
                last = min(last_open, int(batch[LAST, j]))
                first_row, last_row = min(first_row, first), max(last_row, last)
                for i in range(first, last + 1):
                    v_row = v + c * F(i)
                    u_row, p = u + b * F(i), power - v_row * v_row
                    if surfels is not None:
                        meet_row(discs, j, rows, i, u_row, a, p, z, power)
                    add_moments(rows, i, u_row, a, p, z, z - origin, met)
            for i in range(first_row, last_row + 1):
                find_spread(rows, i, origin)
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
                    v_row = v + c * F(i)
                    u_row, p = u + b * F(i), power - v_row * v_row
                    if surfels is not None:
                        meet_row(discs, j, rows, i, u_row, a, p, z, power)
                    add_row(rows, i, u_row, a, p, red, green, blue, z, z - origin, met)
            for i in range(first_row, last_row + 1):
                composite_row(rows, i)
            while first_open <= last_open and row_is_opaque(rows, first_open):
                first_open += 1
            while first_open <= last_open and row_is_opaque(rows, last_open):
                last_open -= 1
        store_tile(rows, x0, y0, with_depth, False, color, alpha, depth)


@inline
def load_cell(members, start, count, footprints, batch):
    """Copies footprints to the columns of a batch; beyond are what earlier cells left."""
    for j in range(count):
        member = members[start + j]
        for k in range(FOOTPRINT):
            batch[k, j] = footprints[member, k]


@inline
def add_moments(rows, at, u, a, p, z, z_cell, met):
    """Sums of tau, tau z, tau z^2, in powers of 2.

    Here and below, with `met`, see `tile`, alpha and the depth that is seen are taken from there.
    """
    for k in range(LANES):
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha = rows[at, MET_ALPHA + k]
        tau = -log2_unit(F(1) - alpha)
        rows[at, TOTAL + k] += tau
        rows[at, MEAN + k] += tau * z_cell
        rows[at, SPREAD + k] += tau * z_cell * z_cell


@inline
def find_spread(rows, at, origin):
    """Mean and 1 / spread from the moments."""
    for k in range(LANES):
        inverse = F(1) / max(rows[at, TOTAL + k], F(1e-30))
        mean = rows[at, MEAN + k] * inverse
        variance = max(rows[at, SPREAD + k] * inverse - mean * mean, F(0))
        least = F(CELL_SPREAD) * (origin + mean)
        rows[at, MEAN + k] = mean
        rows[at, SPREAD + k] = F(1) / math.sqrt(variance + least * least)


@inline
def add_row(rows, at, u, a, p, red, green, blue, z, z_cell, met):
    """Adds one splat to the sums of its cell."""
    for k in range(LANES):
        x = (z_cell - rows[at, MEAN + k]) * rows[at, SPREAD + k]
        in_front = F(0.5) + F(0.5) * x / math.sqrt(F(1) + x * x)
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha, z = rows[at, MET_ALPHA + k], rows[at, MET_DEPTH + k]
        share = alpha * exp2_deep(-rows[at, TOTAL + k] * in_front)
        rows[at, RED_CELL + k] += share * red
        rows[at, GREEN_CELL + k] += share * green
        rows[at, BLUE_CELL + k] += share * blue
        rows[at, DEPTH_CELL + k] += share * z
        rows[at, WEIGHT_CELL + k] += share


@inline
def composite_row(rows, at):
    """Puts the cell behind what is there, and empties its sums."""
    for k in range(LANES):
        clear = exp2_deep(-rows[at, TOTAL + k])
        weight = rows[at, WEIGHT_CELL + k]
        transmittance = rows[at, LEFT + k]
        share = transmittance * (F(1) - clear) / max(weight, F(1e-36))
        rows[at, LEFT + k] = transmittance * clear if weight > F(0) else transmittance
        rows[at, RED_SUM + k] += share * rows[at, RED_CELL + k]
        rows[at, GREEN_SUM + k] += share * rows[at, GREEN_CELL + k]
        rows[at, BLUE_SUM + k] += share * rows[at, BLUE_CELL + k]
        rows[at, DEPTH_SUM + k] += share * rows[at, DEPTH_CELL + k]
    for k in range(TOTAL, ROW):
        rows[at, k] = F(0)
