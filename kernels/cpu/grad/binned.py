"""`binned` and its gradient: transmittance from bins of optical depth, see `render.modes.binned`.

With alphas a, colours c, tau = -log(1 - a), and what a splat takes part in each bin, p_k,

    C = sum_i v_i c_i,    v_i = sum_k p_k(i) W_k / E_k,    E_k = sum_i p_k(i),    p_k = a m_k t_k,

and the weights v add up to 1 - P, P = prod (1 - a). All of it is continuous in the place and
thickness of splats, in the bins B and in their edges, which follow all splats of a pixel, and has
slopes: nothing is held. Where the end of a splat crosses an edge they jump, and no more.
For a loss as in `weighted`, and g_i what it gains by v_i there (with s = 1 and W = 1 - P),

    dL/dp_k(i) = (g_i - g^_k) W_k / E_k,    g^_k = sum_i g_i p_k(i) / E_k,    dL/dW_k = g^_k,

and on through t_k, m_k, B_k and edges by the chain rule. Bins are collected once a level, from the
edges that the level before has made: levels are gone back through from the last to the first, whose
edges are -1 to 1. The axis of depth is last, by its mean and spread.

A tile is walked 4 + refine times to draw and 6 + 2 refine times to go back. One slope is bounded:
see `bin_slopes.LEAST_FALL`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..bins import TILE
from ..jit import kernel
from ..meet import load_surfels
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, RED
from ..tile import BATCH, FIRST, LANES, LAST, load_batch, place_batch
from . import weighted
from .bin_rows import (
    LANE,
    MET_ALPHA,
    OWN,
    WEIGHT,
    add_moments,
    add_share,
    collect_row,
    fade_row,
    find_seen,
    lay_out,
    place_row,
    refine_row,
    share_row,
    weigh_row,
)
from .bin_slopes import (
    add_axis_row,
    collected_row,
    find_gains,
    finish_axis,
    finish_row,
    gain_row,
    split_row,
    unrefine_row,
)
from .pixel import ROWS, SHAPELESS, clear_lanes, load_pixels, sum_lanes
from .shot import Picture, Real, Shot
from .surfels import add_row_moments, new_discs, see_row
from .weighted import G_RED, start_tile, store_tile

ORDER = "scene"

Y, THICKNESS = 0, 1
"""Columns of `values`."""

MOMENTS, COLLECT, SHARE_OUT, COMPOSITE, SPLIT, COLLECTED, FINISH = range(7)
"""What a walk over a tile's splats is for; the last three are on the way back."""


def params(shot: Shot, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Numbers of bins and of refinements."""
    return shot.bins, shot.refine


def pixels_of(picture: Picture, g: Real, g_alpha: Real, g_depth: Real) -> Real:
    """What `differentiate` reads: as of mode weighted, where the weights add up to 1 - P."""
    return weighted.pixels_of(picture._replace(total=picture.alpha), g, g_alpha, g_depth)


@kernel
def composite(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, params,
    color, alpha, depth, total, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M, 2) are y and thickness in y.

    The arguments are otherwise those of `weighted.composite`; `total` is not used.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    bins, refine = params
    rows = np.empty((TILE, OWN + 4 * LANES), footprints.dtype)
    # Arrays of their own, or LLVM cannot tell that they do not overlap, and gives up on SIMD.
    lane = np.empty((LANE, LANES), footprints.dtype)
    edges = np.empty((refine + 1, TILE, bins + 1, LANES), footprints.dtype)
    depths = np.empty((refine + 1, TILE, bins, LANES), footprints.dtype)
    energies = np.empty((TILE, bins, LANES), footprints.dtype)
    batch = np.ones((FOOTPRINT, BATCH), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        start_tile(rows)
        rows[:, OWN:] = 0
        energies[:] = 0
        for step in range(4 + refine):
            task = MOMENTS if step == 0 else max(COLLECT, step - refine)
            level = min(max(step - 1, 0), refine)
            for start in range(starts[tile], starts[tile + 1], BATCH):
                count = min(BATCH, starts[tile + 1] - start)
                load_batch(members, start, count, footprints, batch)
                if surfels is not None:
                    load_surfels(
                        members, start, count, footprints, surfels, real(x0), real(y0), discs
                    )
                place_batch(real(x0), real(y0), batch)
                for j in range(count):
                    member = members[start + j]
                    y, thickness = values[member, Y], values[member, THICKNESS]
                    red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                    for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                        see_row(batch, discs, j, rows, i)
                        if task == MOMENTS:
                            add_moments(rows, i, y)
                            for k in range(LANES):
                                fade_row(rows, i, k, rows[i, MET_ALPHA + k])
                            continue
                        place_row(rows, i, y, thickness, lane)
                        if task == COLLECT:
                            collect_row(edges, depths, level, i, bins, lane)
                        elif task == SHARE_OUT:
                            share_row(rows, edges, depths, energies, None, level, i, bins, lane)
                        else:
                            weigh_row(rows, edges, depths, energies, level, i, bins, lane)
                            for k in range(LANES):
                                add_share(rows, i, k, lane[WEIGHT, k], red, green, blue, with_depth)
            for i in range(bottom + 1):
                if task == MOMENTS:
                    lay_out(rows, edges, depths, i, bins)
                elif step < 1 + refine:
                    refine_row(edges, depths, level, i, bins)
                elif task == SHARE_OUT:
                    find_seen(depths, energies, level, i, bins)
        store_tile(rows, x0, y0, with_depth, color, alpha, depth)


@kernel
def differentiate(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, params, pixels,
    entries, surfels=None,
):  # fmt: skip
    """Slopes of the entries of tiles[first_tile:last_tile]; see `weighted.differentiate`.

    Where that one collects slopes by the logarithm of a weight, here they are by that of the
    thickness.
    """
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    with_shape = entries.shape[1] > SHAPELESS
    bins, refine = params
    rows = np.empty((ROWS, OWN + 6 * LANES), footprints.dtype)
    lane = np.empty((LANE, LANES), footprints.dtype)
    edges = np.empty((refine + 1, TILE, bins + 1, LANES), footprints.dtype)
    depths = np.empty((refine + 1, TILE, bins, LANES), footprints.dtype)
    energies = np.empty((TILE, bins, LANES), footprints.dtype)
    gains = np.empty((TILE, bins, LANES), footprints.dtype)
    by_edges = np.empty((refine + 1, TILE, bins + 1, LANES), footprints.dtype)
    by_depths = np.empty((refine + 1, TILE, bins, LANES), footprints.dtype)
    batch = np.ones((FOOTPRINT, BATCH), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        load_pixels(pixels, x0, y0, G_RED, rows)
        rows[:, OWN:] = 0
        energies[:], gains[:], by_edges[:] = 0, 0, 0
        for step in range(6 + 2 * refine):
            if step < 3 + refine:
                task = MOMENTS if step == 0 else max(COLLECT, step - refine)
                level = min(max(step - 1, 0), refine)
            else:
                task = SPLIT if step == 3 + refine else COLLECTED
                level = min(refine, 2 * refine + 4 - step)
                if step == 5 + 2 * refine:
                    task, level = FINISH, refine
            for start in range(starts[tile], starts[tile + 1], BATCH):
                count = min(BATCH, starts[tile + 1] - start)
                load_batch(members, start, count, footprints, batch)
                if surfels is not None:
                    load_surfels(
                        members, start, count, footprints, surfels, real(x0), real(y0), discs
                    )
                place_batch(real(x0), real(y0), batch)
                for j in range(count):
                    member = members[start + j]
                    y, thickness, z = values[member, Y], values[member, THICKNESS], batch[DEPTH, j]
                    red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                    if task == FINISH:
                        clear_lanes(rows, entries.shape[1])
                    for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                        see_row(batch, discs, j, rows, i)
                        if task == MOMENTS:
                            add_moments(rows, i, y)
                            continue
                        place_row(rows, i, y, thickness, lane)
                        if task == COLLECT:
                            collect_row(edges, depths, level, i, bins, lane)
                            continue
                        gain_row(rows, i, red, green, blue, with_depth, lane)
                        if task == SHARE_OUT:
                            share_row(rows, edges, depths, energies, gains, level, i, bins, lane)
                        elif task == SPLIT:
                            split_row(
                                rows, edges, depths, energies, gains, by_depths, by_edges, level,
                                i, bins, lane,
                            )  # fmt: skip
                            add_axis_row(rows, i, lane)
                        elif task == COLLECTED:
                            collected_row(edges, by_depths, by_edges, level, i, bins, lane)
                            add_axis_row(rows, i, lane)
                        else:
                            split_row(
                                rows, edges, depths, energies, gains, None, None, level, i, bins,
                                lane,
                            )  # fmt: skip
                            for each in range(refine + 1):
                                collected_row(edges, by_depths, None, each, i, bins, lane)
                            finish_row(rows, i, y, z, with_depth, lane)
                            add_row_moments(batch, discs, j, rows, i, with_shape)
                    if task == FINISH:
                        sum_lanes(rows, entries[start + j])
            for i in range(bottom + 1):
                if task == MOMENTS:
                    lay_out(rows, edges, depths, i, bins)
                elif task == COLLECT and level < refine:
                    refine_row(edges, depths, level, i, bins)
                elif task == SHARE_OUT:
                    find_gains(depths, energies, gains, by_depths, level, i, bins)
                elif task == COLLECTED and level > 0:
                    unrefine_row(edges, depths, by_depths, by_edges, level - 1, i, bins)
                elif task == COLLECTED:
                    finish_axis(rows, i)
