"""`binned`: transmittance from bins of optical depth; see `voile.render.modes.binned`.

A tile is walked several times: for the moments of depth, for the bins before each refinement and
after the last, for what the splats of a bin share, and to composite. All of its pixels' bins fit in
the second-level cache.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import BIN_HIDES, BIN_LEAST_THICKNESS, BIN_SPREAD, BIN_THICKNESS, BIN_UNIFORM
from ..bins import TILE
from ..jit import inline, kernel
from ..meet import load_surfels, meet_row, new_discs
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from ..sums import (
    BLUE_SUM,
    CLEAR,
    DEPTH_SUM,
    GREEN_SUM,
    RED_SUM,
    SUMS_END,
    VANISHED,
    WEIGHT_SUM,
    clear_sums,
    store_sums,
)
from ..tile import (
    BATCH,
    FIRST,
    LANES,
    LAST,
    LIMIT,
    MET_ALPHA,
    MET_DEPTH,
    F,
    exp2_small,
    load_batch,
    load_limits,
    log2_unit,
    place_batch,
    seen_alpha,
)

VALUES, PARAMS = np.float32, 3

BINS, REFINE, DEPTH_UNIT = range(3)
"""Of `params`: number of bins, of refinements, and z_0 of y = 1/2 - z_0 / (z + z_0)."""

MOST_BINS = 32

TOTAL, MEAN, SPREAD = WEIGHT_SUM, SUMS_END, SUMS_END + LANES
"""Sums of tau, tau y and tau y^2 at first, then the last two are mean and 1 / spread."""

ROW = SUMS_END + 2 * LANES
"""A row of a tile in scratch memory."""

X, SHARPNESS, ALPHA, TAU, REST, WEIGHT = range(6)
"""Of the splat at hand, for 16 pixels: x, 1 / thickness in x, alpha, tau in powers of 2, share that
is in the bins from this one on, weight."""

MOMENTS, COLLECT, SHARE_OUT, COMPOSITE = range(4)


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, limits,
    with_depth, color, alpha, depth, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]; `values` (M, 1) are standard deviations of depth."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    # Arrays of their own, or LLVM cannot tell that they do not overlap, and gives up on SIMD.
    lane = np.empty((6, LANES), np.float32)
    edges = np.empty((TILE, MOST_BINS + 1, LANES), np.float32)
    inverse = np.empty((TILE, MOST_BINS, LANES), np.float32)
    depths = np.empty((TILE, MOST_BINS, LANES), np.float32)
    energies = np.empty((TILE, MOST_BINS, LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    discs = met = None
    if surfels is not None:
        discs, met = new_discs(BATCH), True
    bins, refine, unit = int(params[BINS]), int(params[REFINE]), params[DEPTH_UNIT]
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        farthest = load_limits(limits, x0, y0, rows)
        bottom = min(TILE, height - y0) - 1
        clear_sums(rows)
        for i in range(TILE):
            for k in range(LANES):
                rows[i, MEAN + k] = rows[i, SPREAD + k] = F(0)
        for step in range(4 + refine):
            task = MOMENTS if step == 0 else max(COLLECT, step - refine)
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
                    z = batch[DEPTH, j]
                    if z > farthest:
                        continue
                    slope = unit / (z + unit)
                    depth_y = F(0.5) - slope
                    slope *= values[members[start + j], 0] / (z + unit)
                    for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                        v_row = v + c * F(i)
                        u_row = u + b * F(i)
                        p_row = power - v_row * v_row
                        if surfels is not None:
                            meet_row(discs, j, rows, i, u_row, a, p_row, z, power)
                        if task == MOMENTS:
                            add_moments(rows, i, u_row, a, p_row, depth_y, z, met)
                        else:
                            place_row(rows, i, u_row, a, p_row, depth_y, slope, lane, z, met)
                            if task == COLLECT:
                                collect_row(edges, depths, i, bins, lane)
                            elif task == SHARE_OUT:
                                share_row(edges, inverse, depths, energies, i, bins, lane)
                            else:
                                weigh_row(edges, inverse, depths, energies, i, bins, lane)
                                add_row(rows, i, red, green, blue, z, lane, met)
            if task == MOMENTS:
                for i in range(TILE):
                    lay_out(rows, edges, inverse, depths, i, bins)
            elif step < 1 + refine:
                for i in range(TILE):
                    refine_row(edges, inverse, depths, i, bins)
            elif task == COLLECT:
                energies[:, :bins] = F(0)
            elif task == SHARE_OUT:
                for i in range(TILE):
                    find_seen(depths, energies, i, bins)
        store_sums(rows, x0, y0, with_depth, color, alpha, depth)


@inline
def add_moments(rows, at, u, a, p, y, z, met):
    """Transmittance and moments of depth, weighted by optical depth.

    Here and below, with `met`, see `tile`, alpha and the depth that is seen are taken from there.
    """
    for k in range(LANES):
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha = rows[at, MET_ALPHA + k]
        clear = F(1) - alpha
        tau = -log2_unit(clear)
        clear *= rows[at, CLEAR + k]
        rows[at, CLEAR + k] = clear if clear > F(VANISHED) else F(0)
        rows[at, TOTAL + k] += tau
        rows[at, MEAN + k] += tau * y
        rows[at, SPREAD + k] += tau * y * y


@inline
def lay_out(rows, edges, inverse, depths, at, bins):
    """Mean and spread from the moments; bins of equal width over x in (-1, 1), empty."""
    step = F(2) / F(bins)
    for k in range(LANES):
        total = max(rows[at, TOTAL + k], F(1e-30))
        mean = rows[at, MEAN + k] / total
        variance = max(rows[at, SPREAD + k] / total - mean * mean, F(0))
        rows[at, MEAN + k] = mean
        rows[at, SPREAD + k] = F(1) / math.sqrt(variance + F(BIN_SPREAD * BIN_SPREAD))
        rows[at, TOTAL + k] = F(0)
    for b in range(bins):
        for k in range(LANES):
            edges[at, b, k] = F(b) * step - F(1)
            inverse[at, b, k] = F(1) / step
            depths[at, b, k] = F(0)
    for k in range(LANES):
        edges[at, bins, k] = F(1)


@inline
def place_row(rows, at, u, a, p, y, thickness, lane, z, met):
    """x, sharpness, alpha and tau of a splat at 16 pixels; all of it is in bin 0 or beyond."""
    for k in range(LANES):
        t = (y - rows[at, MEAN + k]) * rows[at, SPREAD + k]
        shrink = F(1) / math.sqrt(F(1) + t * t)
        half = F(BIN_THICKNESS) * thickness * rows[at, SPREAD + k] * shrink * shrink * shrink
        lane[X, k] = t * shrink
        lane[SHARPNESS, k] = F(0.5) / (half + F(BIN_LEAST_THICKNESS))
        if met is None:
            alpha = seen_alpha(p, u + a * F(k), z, rows[at, LIMIT + k])
        else:
            alpha = rows[at, MET_ALPHA + k]
        lane[ALPHA, k] = alpha
        lane[TAU, k] = -log2_unit(F(1) - alpha)
        lane[REST, k] = F(1)
        lane[WEIGHT, k] = F(0)


@inline
def beyond(edges, at, b, k, lane):
    """Share of the splat beyond bin b."""
    return min(max(F(0.5) + (lane[X, k] - edges[at, b + 1, k]) * lane[SHARPNESS, k], F(0)), F(1))


@inline
def collect_row(edges, depths, at, bins, lane):
    """Adds tau m_b to every bin; beyond the last one there is nothing."""
    for b in range(bins - 1):
        for k in range(LANES):
            rest = beyond(edges, at, b, k, lane)
            depths[at, b, k] += lane[TAU, k] * (lane[REST, k] - rest)
            lane[REST, k] = rest
    for k in range(LANES):
        depths[at, bins - 1, k] += lane[TAU, k] * lane[REST, k]


@inline
def part(edges, inverse, depths, at, b, k, share, lane):
    """alpha m_b t_b: what is in a bin hides the splat, but for its own share, up to BIN_HIDES."""
    front = min(max((lane[X, k] - edges[at, b, k]) * inverse[at, b, k], F(0)), F(1))
    hides = max(depths[at, b, k] - lane[TAU, k] * share, F(0)) * front
    hidden = exp2_small(F(-0.5) * min(hides, F(BIN_HIDES)))
    return lane[ALPHA, k] * share * (hidden * hidden)


@inline
def share_row(edges, inverse, depths, energies, at, bins, lane):
    """Adds the splat's part to E_b of every bin."""
    for b in range(bins - 1):
        for k in range(LANES):
            rest = beyond(edges, at, b, k, lane)
            share = lane[REST, k] - rest
            energies[at, b, k] += part(edges, inverse, depths, at, b, k, share, lane)
            lane[REST, k] = rest
    for k in range(LANES):
        own = part(edges, inverse, depths, at, bins - 1, k, lane[REST, k], lane)
        energies[at, bins - 1, k] += own


@inline
def find_seen(depths, energies, at, bins):
    """Turns E_b into W_b / E_b."""
    for k in range(LANES):
        ahead, before = F(0), F(1)
        for b in range(bins):
            ahead += depths[at, b, k]
            behind = F(2.0 ** (-ahead))
            energy = energies[at, b, k]
            energies[at, b, k] = (before - behind) / energy if energy > F(1e-30) else F(0)
            before = behind


@inline
def weigh_row(edges, inverse, depths, seen, at, bins, lane):
    """The splat's weight, its part of every bin times W_b / E_b."""
    for b in range(bins - 1):
        for k in range(LANES):
            rest = beyond(edges, at, b, k, lane)
            share = lane[REST, k] - rest
            own = part(edges, inverse, depths, at, b, k, share, lane)
            lane[WEIGHT, k] += own * seen[at, b, k]
            lane[REST, k] = rest
    for k in range(LANES):
        own = part(edges, inverse, depths, at, bins - 1, k, lane[REST, k], lane)
        lane[WEIGHT, k] += own * seen[at, bins - 1, k]


@inline
def add_row(rows, at, red, green, blue, z, lane, met):
    """Adds the splat by its weight; prod (1 - alpha) is known already."""
    for k in range(LANES):
        if met is not None:
            z = rows[at, MET_DEPTH + k]
        share = lane[WEIGHT, k]
        rows[at, RED_SUM + k] += share * red
        rows[at, GREEN_SUM + k] += share * green
        rows[at, BLUE_SUM + k] += share * blue
        rows[at, DEPTH_SUM + k] += share * z
        rows[at, WEIGHT_SUM + k] += share


@inline
def refine_row(edges, inverse, depths, at, bins):
    """Moves the edges to equal parts of the weight of the bins, and empties these."""
    before = np.empty(MOST_BINS + 1, np.float32)
    weights = np.empty(MOST_BINS, np.float32)
    for k in range(LANES):
        ahead, total, clear = F(0), F(0), F(1)
        for b in range(bins):
            before[b] = edges[at, b, k]
            ahead += depths[at, b, k]
            behind = F(2.0 ** (-ahead))
            weights[b] = max(clear - behind, F(0)) ** F(1 / 3)
            total += weights[b]
            clear = behind
        before[bins] = F(1)
        sum_all = F(0)
        for b in range(bins):
            weights[b] = (weights[b] / total if total > F(0) else F(0)) + F(BIN_UNIFORM) / F(bins)
            sum_all += weights[b]
        b, below = 0, F(0)
        for e in range(1, bins):
            wanted = sum_all * F(e) / F(bins)
            while b < bins - 1 and below + weights[b] < wanted:
                below += weights[b]
                b += 1
            part = min(max((wanted - below) / weights[b], F(0)), F(1))
            edges[at, e, k] = before[b] + part * (before[b + 1] - before[b])
        for b in range(bins):
            inverse[at, b, k] = F(1) / max(edges[at, b + 1, k] - edges[at, b, k], F(1e-12))
            depths[at, b, k] = F(0)


@kernel
def find_thickness(quats, scales, size, axis, splats, start, stop, values):
    """Standard deviation of splats start to stop along a direction, |S R^T axis|.

    quats (N, 4) of any length but 0, scales (N, 3); size: factor of the scales; axis (3,) unit,
    world axes; splats (M,) which they are; values (M, 1) out.
    """
    a, b, c = axis[0], axis[1], axis[2]
    for i in range(start, stop):
        n = splats[i]
        w, x, y, z = quats[n, 0], quats[n, 1], quats[n, 2], quats[n, 3]
        two = 2 / (w * w + x * x + y * y + z * z)
        first = a - two * ((y * y + z * z) * a - (x * y + w * z) * b - (x * z - w * y) * c)
        second = b - two * ((x * x + z * z) * b - (x * y - w * z) * a - (y * z + w * x) * c)
        third = c - two * ((x * x + y * y) * c - (x * z + w * y) * a - (y * z - w * x) * b)
        first, second, third = first * scales[n, 0], second * scales[n, 1], third * scales[n, 2]
        values[i, 0] = size * math.sqrt(first * first + second * second + third * third)
