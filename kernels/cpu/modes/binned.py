"""`binned`: transmittance from bins of optical depth; see `voile.render.modes.binned`.

A tile is walked several times: for the moments of depth, for the bins before each refinement and
after the last, and to composite. All of its pixels' bins fit in the second-level cache.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import BIN_HIDES, BIN_RAMP, BIN_SPREAD, BIN_UNIFORM
from ..bins import TILE
from ..jit import inline, kernel
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from ..sums import (
    BLUE_SUM,
    CLEAR,
    DEPTH_SUM,
    GREEN_SUM,
    RED_SUM,
    SUMS,
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
    F,
    alpha_at,
    exp2_deep,
    load_batch,
    log2_unit,
    place_batch,
)

VALUES, PARAMS = np.float32, 3

BINS, REFINE, DEPTH_UNIT = range(3)
"""Of `params`: number of bins, of refinements, and z_0 of y = 1/2 - z_0 / (z + z_0)."""

MOST_BINS = 32

TOTAL, MEAN, SPREAD = WEIGHT_SUM, SUMS * LANES, (SUMS + 1) * LANES
"""Sums of tau, tau y and tau y^2 at first, then the last two are mean and 1 / spread."""

X, TAU, FRONT, PASSED, AHEAD = range((SUMS + 2) * LANES, (SUMS + 7) * LANES, LANES)
"""Of the splat at hand: x, tau in powers of 2, part of the bin that is in front of it, share that
goes to the bins from this one on, optical depth in front of it."""

EDGE = (SUMS + 7) * LANES
INVERSE = EDGE + (MOST_BINS + 1) * LANES
DEPTHS = INVERSE + MOST_BINS * LANES
ROW = DEPTHS + MOST_BINS * LANES
"""Per bin: lower edge, 1 / width, optical depth in powers of 2."""

MOMENTS, COLLECT, COMPOSITE = range(3)


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, values, params, with_depth,
    color, alpha, depth,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile]."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    bins, refine, unit = int(params[BINS]), int(params[REFINE]), params[DEPTH_UNIT]
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        clear_sums(rows)
        for i in range(TILE):
            for k in range(LANES):
                rows[i, MEAN + k] = rows[i, SPREAD + k] = F(0)
        for step in range(3 + refine):
            task = MOMENTS if step == 0 else (COLLECT if step < 2 + refine else COMPOSITE)
            for start in range(starts[tile], starts[tile + 1], BATCH):
                count = min(BATCH, starts[tile + 1] - start)
                load_batch(members, start, count, footprints, batch)
                place_batch(F(x0), F(y0), batch)
                for j in range(count):
                    u, v = batch[U, j], batch[V, j]
                    a, b, c = batch[A, j], batch[B, j], batch[C, j]
                    power = batch[LOG2_OPACITY, j]
                    red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                    z = batch[DEPTH, j]
                    depth_y = F(0.5) - unit / (z + unit)
                    for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                        v_row = v + c * F(i)
                        u_row = u + b * F(i)
                        p_row = power - v_row * v_row
                        if task == MOMENTS:
                            add_moments(rows, i, u_row, a, p_row, depth_y)
                        else:
                            place_row(rows, i, u_row, a, p_row, depth_y)
                            if task == COLLECT:
                                collect_row(rows, i, bins)
                            else:
                                look_ahead(rows, i, bins)
                                add_row(rows, i, u_row, a, p_row, red, green, blue, z)
            if task == MOMENTS:
                for i in range(TILE):
                    lay_out(rows, i, bins)
            elif step < 1 + refine:
                for i in range(TILE):
                    refine_row(rows, i, bins)
        store_sums(rows, x0, y0, with_depth, color, alpha, depth)


@inline
def add_moments(rows, at, u, a, p, y):
    """Transmittance and moments of depth, weighted by optical depth."""
    for k in range(LANES):
        clear = F(1) - alpha_at(p, u + a * F(k))
        tau = -log2_unit(clear)
        clear *= rows[at, CLEAR + k]
        rows[at, CLEAR + k] = clear if clear > F(VANISHED) else F(0)
        rows[at, TOTAL + k] += tau
        rows[at, MEAN + k] += tau * y
        rows[at, SPREAD + k] += tau * y * y


@inline
def lay_out(rows, at, bins):
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
        for k in range(b * LANES, (b + 1) * LANES):
            rows[at, EDGE + k] = F(b) * step - F(1)
            rows[at, INVERSE + k] = F(1) / step
            rows[at, DEPTHS + k] = F(0)
    for k in range(LANES):
        rows[at, EDGE + bins * LANES + k] = F(1)


@inline
def place_row(rows, at, u, a, p, y):
    """x and tau of a splat at 16 pixels, and its part in front of bin 0."""
    for k in range(LANES):
        t = (y - rows[at, MEAN + k]) * rows[at, SPREAD + k]
        x = t / math.sqrt(F(1) + t * t)
        rows[at, X + k] = x
        rows[at, TAU + k] = -log2_unit(F(1) - alpha_at(p, u + a * F(k)))
        rows[at, PASSED + k] = F(1)
        front = (x - rows[at, EDGE + k]) * rows[at, INVERSE + k]
        rows[at, FRONT + k] = min(max(front, F(0)), F(1))
        rows[at, AHEAD + k] = F(0)


@inline
def next_bin(rows, at, b, bins, k):
    """F_{b+1} at the splat, and the share of it that passes on from bin b; none from the last."""
    if b + 1 == bins:
        return F(0), F(0)
    bin_at = (b + 1) * LANES + k
    front = (rows[at, X + k] - rows[at, EDGE + bin_at]) * rows[at, INVERSE + bin_at]
    front = min(max(front, F(0)), F(1))
    both = rows[at, FRONT + k] + front - F(1)
    return front, min(max(F(0.5) + both * F(0.5 / BIN_RAMP), F(0)), F(1))


@inline
def collect_row(rows, at, bins):
    """Adds tau m_b to every bin."""
    for b in range(bins):
        for k in range(LANES):
            front, passed = next_bin(rows, at, b, bins, k)
            share = rows[at, PASSED + k] - passed
            rows[at, DEPTHS + b * LANES + k] += rows[at, TAU + k] * share
            rows[at, FRONT + k], rows[at, PASSED + k] = front, passed


@inline
def look_ahead(rows, at, bins):
    """sum_b (B_b - tau m_b) F_b, the optical depth in front of the splat without its own."""
    for b in range(bins):
        for k in range(LANES):
            front, passed = next_bin(rows, at, b, bins, k)
            share = rows[at, PASSED + k] - passed
            own = rows[at, FRONT + k]
            hides = (rows[at, DEPTHS + b * LANES + k] - rows[at, TAU + k] * share) * own
            rows[at, AHEAD + k] += min(hides, F(BIN_HIDES)) if own < F(1) else hides
            rows[at, FRONT + k], rows[at, PASSED + k] = front, passed


@inline
def add_row(rows, at, u, a, p, red, green, blue, z):
    """Adds the splat by its transmittance; prod (1 - alpha) is known already."""
    for k in range(LANES):
        share = alpha_at(p, u + a * F(k)) * exp2_deep(min(-rows[at, AHEAD + k], F(0)))
        rows[at, RED_SUM + k] += share * red
        rows[at, GREEN_SUM + k] += share * green
        rows[at, BLUE_SUM + k] += share * blue
        rows[at, DEPTH_SUM + k] += share * z
        rows[at, WEIGHT_SUM + k] += share


@inline
def refine_row(rows, at, bins):
    """Moves the edges to equal parts of the weight of the bins, and empties these."""
    edges = np.empty(MOST_BINS + 1, np.float32)
    weights = np.empty(MOST_BINS, np.float32)
    for k in range(LANES):
        ahead, total, before = F(0), F(0), F(1)
        for b in range(bins):
            edges[b] = rows[at, EDGE + b * LANES + k]
            ahead += rows[at, DEPTHS + b * LANES + k]
            after = F(2.0 ** (-ahead))
            weights[b] = max(before - after, F(0)) ** F(1 / 3)
            total += weights[b]
            before = after
        edges[bins] = F(1)
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
            rows[at, EDGE + e * LANES + k] = edges[b] + part * (edges[b + 1] - edges[b])
        for b in range(bins):
            low, high = rows[at, EDGE + b * LANES + k], rows[at, EDGE + (b + 1) * LANES + k]
            rows[at, INVERSE + b * LANES + k] = F(1) / max(high - low, F(1e-12))
            rows[at, DEPTHS + b * LANES + k] = F(0)
