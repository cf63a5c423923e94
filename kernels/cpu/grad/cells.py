"""`cells` and its gradient: sums inside a cell, front to back between cells (Liu et al. 2025).

At a pixel, of a cell with alphas a, colours c and depths z, see `voile.render.modes.cells`,

    C += T (1 - P) s,    T *= P,    P = exp(-S),    s = sum w_i a_i c_i / E,    E = sum w_i a_i,
    w_i = exp(-S F_i),    F = (1 + x / sqrt(1 + x^2)) / 2,    x_i = (z_i - m) / q,

where S is the sum of tau = -log(1 - a), m the mean and q the spread of depth weighted by tau,
q^2 = variance + (CELL_SPREAD m)^2. Cells are in the order in which they are given, which is taken
as it is, and so is who is in which. For a loss as in `sorted`, with s_i = g . c_i + g_z z_i, s its
mean by w a, R what is behind the cell, and A = T (1 - P) / E,

    dL/dc_i = w_i a_i A g,    h_i = dL/d log w_i = w_i a_i A (s_i - s),    k_i = -S h_i F'(x_i),
    dL/dm = -sum k_i / q,     dL/dq = -sum k_i x_i / q,
    dL/dS = T P s - R - sum h_i F_i,                       each with all else held,
    dL/dlog a_i = h_i + a_i / (1 - a_i) dL/dtau_i,         0 where alpha is capped,

and dL/dtau_i, dL/dz_i follow through S, m and q. All sums of the cell come from two walks over its
splats, for k and h are linear in s; the third one collects.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import CELL_SPREAD
from ..bins import TILE
from ..jit import inline, kernel, merge
from ..meet import load_surfels
from ..modes.cells import MOST_SPLATS, load_cell
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, RED
from ..tile import BATCH, FIRST, LANES, LAST, place_batch
from .cell_slopes import MEAN, SHARPNESS, TOTAL, VARIANCE, differentiate_row, go_back, weigh_row
from .pixel import (
    MET_ALPHA,
    MET_DEPTH,
    OWN,
    ROWS,
    SHAPELESS,
    clear_lanes,
    faded,
    load_pixels,
    optical_depth,
    sum_lanes,
)
from .sorted import (
    BLUE_SUM,
    CLEAR,
    DEPTH_SUM,
    G_RED,
    GREEN_SUM,
    RED_SUM,
    open_rows,
    params,
    pixels_of,
    start_tile,
    store_tile,
)
from .surfels import add_row_moments, new_discs, see_row

__all__ = ["ORDER", "composite", "differentiate", "params", "pixels_of"]

ORDER = "groups"

RED_CELL, GREEN_CELL, BLUE_CELL, DEPTH_CELL, WEIGHT_CELL = range(
    OWN + 4 * LANES, OWN + 9 * LANES, LANES
)
"""Of a row that is drawn: sums of w a (c, z, 1)."""


@kernel
def composite(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, stop,
    color, alpha, depth, total, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M,) int32 are the cells, one after the other.

    The arguments are otherwise those of `sorted.composite`.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    rows = np.empty((TILE, OWN + 9 * LANES), footprints.dtype)
    batch = np.ones((FOOTPRINT, MOST_SPLATS), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints, MOST_SPLATS)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, end = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        rows[:] = 0
        start_tile(rows)
        top, bottom = 0, min(TILE, height - y0) - 1
        while start < end and top <= bottom:
            count = load_cell_at(
                members, values, start, end, footprints, surfels, real(x0), real(y0), batch, discs
            )
            start += count
            origin = batch[DEPTH, 0]
            first_row, last_row = find_moments(batch, discs, count, rows, top, bottom)
            for j in range(count):
                z = batch[DEPTH, j] - origin
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                for i in range(
                    max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j])) + 1
                ):
                    see_row(batch, discs, j, rows, i)
                    _add_row(rows, i, red, green, blue, z)
            for i in range(first_row, last_row + 1):
                _composite_row(rows, i)
                rows[i, OWN:] = 0
            top, bottom = open_rows(rows, top, bottom, stop)
        store_tile(rows, x0, y0, with_depth, color, alpha, depth)


@inline
def cell_length(members, values, start, end):
    """How many members from `start` on, before `end`, are of one cell."""
    count = 1
    while start + count < end and values[members[start + count]] == values[members[start]]:
        count += 1
    return count


@inline
def load_cell_at(members, values, start, end, footprints, surfels, x0, y0, batch, discs):
    """Loads the cell that begins at `start`, and places it on a tile; returns its length."""
    count = cell_length(members, values, start, end)
    load_cell(members, start, count, footprints, batch)
    if surfels is not None:
        load_surfels(members, start, count, footprints, surfels, x0, y0, discs)
    for j in range(0, count, BATCH):
        place_batch(x0, y0, batch[:, j : j + BATCH])
    return count


@inline
def find_moments(batch, discs, count, rows, top, bottom):
    """Mean and spread of depth of a cell's splats; returns the first and last row they reach."""
    first_row, last_row = TILE, -1
    for j in range(count):
        z = batch[DEPTH, j] - batch[DEPTH, 0]
        first, last = max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j]))
        first_row, last_row = min(first_row, first), max(last_row, last)
        for i in range(first, last + 1):
            see_row(batch, discs, j, rows, i)
            _add_moments(rows, i, z)
    for i in range(first_row, last_row + 1):
        _find_spread(rows, i, batch[DEPTH, 0])
    return first_row, last_row


@merge
def _add_moments(rows, at, z):
    for k in range(LANES):
        tau = optical_depth(rows[at, MET_ALPHA + k])
        rows[at, TOTAL + k] += tau
        rows[at, MEAN + k] += tau * z
        rows[at, SHARPNESS + k] += tau * z * z


@merge
def _find_spread(rows, at, origin):
    real = rows.dtype.type
    for k in range(LANES):
        inverse = real(1) / max(rows[at, TOTAL + k], real(1e-30))
        mean = rows[at, MEAN + k] * inverse
        variance = max(rows[at, SHARPNESS + k] * inverse - mean * mean, real(0))
        least = real(CELL_SPREAD) * (origin + mean)
        rows[at, MEAN + k], rows[at, VARIANCE + k] = mean, variance
        rows[at, SHARPNESS + k] = real(1) / math.sqrt(variance + least * least)


@merge
def _add_row(rows, at, red, green, blue, z):
    real = rows.dtype.type
    for k in range(LANES):
        x = (z - rows[at, MEAN + k]) * rows[at, SHARPNESS + k]
        in_front = real(0.5) + real(0.5) * x / math.sqrt(real(1) + x * x)
        share = rows[at, MET_ALPHA + k] * faded(rows[at, TOTAL + k] * in_front)
        rows[at, RED_CELL + k] += share * red
        rows[at, GREEN_CELL + k] += share * green
        rows[at, BLUE_CELL + k] += share * blue
        rows[at, DEPTH_CELL + k] += share * rows[at, MET_DEPTH + k]
        rows[at, WEIGHT_CELL + k] += share


@merge
def _composite_row(rows, at):
    real = rows.dtype.type
    for k in range(LANES):
        fade, weight, clear = (
            faded(rows[at, TOTAL + k]),
            rows[at, WEIGHT_CELL + k],
            rows[at, CLEAR + k],
        )
        share = clear * (real(1) - fade) / max(weight, real(1e-36))
        rows[at, CLEAR + k] = clear * fade
        rows[at, RED_SUM + k] += share * rows[at, RED_CELL + k]
        rows[at, GREEN_SUM + k] += share * rows[at, GREEN_CELL + k]
        rows[at, BLUE_SUM + k] += share * rows[at, BLUE_CELL + k]
        rows[at, DEPTH_SUM + k] += share * rows[at, DEPTH_CELL + k]


@kernel
def differentiate(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, stop, pixels,
    entries, surfels=None,
):  # fmt: skip
    """Slopes of the entries of tiles[first_tile:last_tile]; see `sorted.differentiate`."""
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    with_shape = entries.shape[1] > SHAPELESS
    rows = np.empty((ROWS, OWN + 12 * LANES), footprints.dtype)
    batch = np.ones((FOOTPRINT, MOST_SPLATS), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints, MOST_SPLATS)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, end = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        rows[:] = 0
        start_tile(rows)
        load_pixels(pixels, x0, y0, G_RED, rows)
        top, bottom = 0, min(TILE, height - y0) - 1
        while start < end and top <= bottom:
            count = load_cell_at(
                members, values, start, end, footprints, surfels, real(x0), real(y0), batch, discs
            )
            origin = batch[DEPTH, 0]
            first_row, last_row = find_moments(batch, discs, count, rows, top, bottom)
            for j in range(count):
                z = batch[DEPTH, j] - origin
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                for i in range(
                    max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j])) + 1
                ):
                    see_row(batch, discs, j, rows, i)
                    weigh_row(rows, i, red, green, blue, z, with_depth)
            for i in range(first_row, last_row + 1):
                go_back(rows, i, origin)
            for j in range(count):
                z = batch[DEPTH, j] - origin
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                clear_lanes(rows, entries.shape[1])
                for i in range(
                    max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j])) + 1
                ):
                    see_row(batch, discs, j, rows, i)
                    differentiate_row(rows, i, red, green, blue, z, with_depth)
                    add_row_moments(batch, discs, j, rows, i, with_shape)
                sum_lanes(rows, entries[start + j])
            for i in range(first_row, last_row + 1):
                rows[i, OWN:] = 0
            start += count
            top, bottom = open_rows(rows, top, bottom, stop)
