"""The way back through the bins of mode binned; `binned` has the equations."""

from __future__ import annotations

import numpy as np

from ...constants import ALPHA_MAX, BIN_UNIFORM
from ..bins import TILE
from ..jit import inline, merge
from ..tile import LANES, I
from . import pixel
from .bin_rows import (
    ALONG,
    BEFORE,
    BLUR,
    BY_HALF,
    BY_MEAN,
    BY_SPREAD,
    BY_TAU,
    BY_X,
    MEAN,
    MOST_HIDDEN,
    REST,
    SHARPER,
    SHARPNESS,
    SHRINK,
    TAU,
    TOTAL,
    VARIANCE,
    WEIGHT,
    E,
    T,
    X,
    beyond,
    fall_of,
    weigh_bins,
)
from .pixel import AT_PIXELS, BY_DEPTH, MET_ALPHA, MET_DEPTH, faded
from .weighted import G_BLUE, G_CLEAR, G_DEPTH, G_GREEN, G_MEAN, G_RED

LEAST_FALL = 1e-12
"""The cube root of what is lost in a bin is taken for no steeper than where it loses this much: as
a splat comes into an empty bin the slope is without bound, and one pixel would be all there is."""


@merge
def gain_row(rows, at, red, green, blue, with_depth, lane):
    """What the loss gains by the splat's weight, and no slopes yet."""
    real = lane.dtype.type
    for k in range(LANES):
        lane[ALONG, k] = along_row(rows, at, k, red, green, blue, with_depth)
        lane[BY_X, k] = lane[BY_HALF, k] = lane[BY_TAU, k] = lane[E, k] = real(0)


@inline
def find_gains(depths, energies, gains, by_depths, level, at, bins):
    """From E_b and the gains of the bins to W_b / E_b, mean gains, and slopes by B_b through W."""
    real = energies.dtype.type
    for k in range(LANES):
        clear = real(1)
        for b in range(bins):
            fall = fall_of(depths, level, at, b, k, clear)
            energy = energies[at, b, k]
            some = energy > real(1e-30)
            energies[at, b, k] = fall / energy if some else real(0)
            gains[at, b, k] = gains[at, b, k] / energy if some else real(0)
            by_depths[level, at, b, k] = fall  # for the loop below
            clear -= fall
        behind = real(0)
        for b in range(bins - 1, -1, -1):
            fall = by_depths[level, at, b, k]
            by_depths[level, at, b, k] = gains[at, b, k] * clear - behind
            behind += gains[at, b, k] * fall
            clear += fall


@merge
def _move_edge(edges, by_edges, level, at, b, k, slope, rest, lane):
    """Slope by the share `rest` beyond an edge b, to slopes by x, thickness and the edge."""
    real = lane.dtype.type
    free = slope if (rest > real(0)) & (rest < real(1)) else real(0)
    moved = free * lane[SHARPER, k]
    lane[BY_X, k] += moved
    lane[BY_HALF, k] -= real(2) * moved * (rest - real(0.5))
    if by_edges is not None:
        by_edges[level, at, b, k] -= moved


@merge
def find_span(edges, level, at, bins, lane):
    """The first bin that has something of the splat at any of the 16 pixels, and the end of them.

    Few have, and in all others the loops below would add zeros.
    """
    real = lane.dtype.type
    first = 0
    while first < bins - 1:
        reached = I(0)
        for k in range(LANES):
            rest = beyond(edges, level, at, first, k, lane)
            reached += I(1) if (rest < real(1)) & (lane[TAU, k] > real(0)) else I(0)
        if reached > I(0):
            break
        first += 1
    end = first + 1
    while end < bins:
        reached = I(0)
        for k in range(LANES):
            rest = beyond(edges, level, at, end - 1, k, lane)
            reached += I(1) if (rest > real(0)) & (lane[TAU, k] > real(0)) else I(0)
        if reached == I(0):
            break
        end += 1
    return first, end


@merge
def split_row(rows, edges, depths, seen, gains, by_depths, by_edges, level, at, bins, lane):
    """The splat's weight backwards: to alpha, tau, and its place; to bins and edges unless None."""
    real = lane.dtype.type
    for k in range(LANES):
        lane[REST, k], lane[BEFORE, k] = real(1), real(0)
    first, end = find_span(edges, level, at, bins, lane)
    for b in range(first, end):
        last = b == bins - 1
        for k in range(LANES):
            alpha, tau, x = rows[at, MET_ALPHA + k], lane[TAU, k], lane[X, k]
            before = lane[REST, k]
            rest = real(0) if last else beyond(edges, level, at, b, k, lane)
            share = before - rest
            low = edges[level, at, b, k]
            inverse = real(1) / max(edges[level, at, b + 1, k] - low, real(1e-12))
            place = (x - low) * inverse
            front = min(max(place, real(0)), real(1))
            others = max(depths[level, at, b, k] - tau * share, real(0))
            hides = others * front
            hidden = faded(min(hides, real(MOST_HIDDEN)))
            own = alpha * share * hidden
            slope = seen[at, b, k] * (lane[ALONG, k] - gains[at, b, k])
            lane[WEIGHT, k] += own * seen[at, b, k]
            lane[E, k] += slope * own
            free = (others > real(0)) & (hides < real(MOST_HIDDEN))
            by_hides = -slope * own if free else real(0)
            by_bin = by_hides * front
            lane[BY_TAU, k] -= by_bin * share
            by_share = slope * alpha * hidden - by_bin * tau
            moved = by_hides * others * inverse
            moved = moved if (place > real(0)) & (place < real(1)) else real(0)
            lane[BY_X, k] += moved
            if by_depths is not None:
                by_depths[level, at, b, k] += by_bin
                by_edges[level, at, b, k] -= moved * (real(1) - front)
                by_edges[level, at, b + 1, k] -= moved * front
            _move_edge(edges, by_edges, level, at, b, k, by_share - lane[BEFORE, k], before, lane)
            lane[BEFORE, k], lane[REST, k] = by_share, rest


@merge
def collected_row(edges, by_depths, by_edges, level, at, bins, lane):
    """What is in the bins of a level backwards: to tau and place, and to edges unless None."""
    real = lane.dtype.type
    for k in range(LANES):
        lane[REST, k], lane[BEFORE, k] = real(1), real(0)
    first, end = find_span(edges, level, at, bins, lane)
    for b in range(first, end):
        last = b == bins - 1
        for k in range(LANES):
            before = lane[REST, k]
            rest = real(0) if last else beyond(edges, level, at, b, k, lane)
            by_bin = by_depths[level, at, b, k]
            lane[BY_TAU, k] += by_bin * (before - rest)
            by_share = by_bin * lane[TAU, k]
            _move_edge(edges, by_edges, level, at, b, k, by_share - lane[BEFORE, k], before, lane)
            lane[BEFORE, k], lane[REST, k] = by_share, rest


@inline
def unrefine_row(edges, depths, by_depths, by_edges, level, at, bins):
    """Slopes by the edges of level + 1 to those by edges and bins of `level`."""
    real = edges.dtype.type
    weights, by_weights = np.empty(bins, edges.dtype), np.empty(bins, edges.dtype)
    by_below = np.empty(bins, edges.dtype)  # by the sum of the weights before a bin
    for k in range(LANES):
        total = weigh_bins(depths, level, at, bins, k, weights)
        all_of_it = real(0)
        for b in range(bins):
            all_of_it += weights[b]
            by_weights[b] = by_below[b] = real(0)
        b, below = 0, real(0)
        for e in range(1, bins):
            wanted = all_of_it * real(e) / real(bins)
            while b < bins - 1 and below + weights[b] < wanted:
                below += weights[b]
                b += 1
            portion = (wanted - below) / weights[b]
            slope = by_edges[level + 1, at, e, k]
            width = edges[level, at, b + 1, k] - edges[level, at, b, k]
            by_edges[level, at, b, k] += slope * (real(1) - portion)
            by_edges[level, at, b + 1, k] += slope * portion
            by_portion = slope * width / weights[b]
            by_weights[b] -= by_portion * portion
            by_below[b] -= by_portion
        behind = real(0)
        for b in range(bins - 1, -1, -1):
            by_weights[b] += behind
            behind += by_below[b]
        # A weight is a root's share of all roots, and some that is the same for all.
        mean = real(0)
        for b in range(bins):
            mean += by_weights[b] * (weights[b] - real(BIN_UNIFORM) / real(bins))
        clear = real(1)
        for b in range(bins):
            fall = fall_of(depths, level, at, b, k, clear)
            root = max(fall, real(LEAST_FALL)) ** real(1 / 3)
            scale = max(total, root) * real(3) * root * root
            by_weights[b] = (by_weights[b] - mean) / scale if fall > 0 else real(0)
            weights[b] = fall
            clear -= fall
        behind = real(0)
        for b in range(bins - 1, -1, -1):
            by_depths[level, at, b, k] = by_weights[b] * clear - behind
            behind += by_weights[b] * weights[b]
            clear += weights[b]


@merge
def add_axis_row(rows, at, lane):
    """Adds the slopes of a splat's x and thickness by mean and spread."""
    for k in range(LANES):
        by_t, by_blur = _by_place(lane, k)
        rows[at, BY_MEAN + k] -= by_t * rows[at, SHARPNESS + k]
        rows[at, BY_SPREAD + k] -= (by_t * lane[T, k] + by_blur) * rows[at, SHARPNESS + k]


@merge
def _by_place(lane, k):
    """Slopes by t, and by the logarithm of the thickness."""
    real = lane.dtype.type
    shrink, by_blur = lane[SHRINK, k], lane[BY_HALF, k] * lane[BLUR, k]
    square = shrink * shrink
    by_t = lane[BY_X, k] * square * shrink - real(3) * lane[T, k] * square * by_blur
    return by_t, by_blur


@inline
def finish_axis(rows, at):
    """Turns slopes by mean and spread to those by mean and variance, over S."""
    real = rows.dtype.type
    for k in range(LANES):
        inverse = real(1) / max(rows[at, TOTAL + k], real(1e-30))
        rows[at, BY_MEAN + k] *= inverse
        rows[at, BY_SPREAD + k] *= real(0.5) * rows[at, SHARPNESS + k] * inverse


@merge
def finish_row(rows, at, y, z, with_depth, lane):
    """What the splat collects; its own depth z is y in bins."""
    real = rows.dtype.type
    per_z = (real(0.5) + y) / z  # 1 / (z + z_0)
    for k in range(LANES):
        alpha = rows[at, MET_ALPHA + k]
        away, by_mean = y - rows[at, MEAN + k], rows[at, BY_MEAN + k]
        by_variance = rows[at, BY_SPREAD + k]
        by_t, by_blur = _by_place(lane, k)
        by_y = by_t * rows[at, SHARPNESS + k]
        by_y += lane[TAU, k] * (by_mean + real(2) * by_variance * away)
        by_tau = lane[BY_TAU, k] + rows[at, G_CLEAR + k] + by_mean * away
        by_tau += by_variance * (away * away - rows[at, VARIANCE + k])
        collect_share(rows, at, k, lane[WEIGHT, k], with_depth)
        rows[pixel.TOTALS, pixel.WEIGHT * LANES + k] += by_blur
        by_z = per_z * (by_y * (real(0.5) - y) - real(2) * by_blur)
        rows[pixel.TOTALS, pixel.DEPTH * LANES + k] += by_z
        e = lane[E, k] + alpha / (real(1) - alpha) * by_tau
        rows[AT_PIXELS, k] = e if alpha < real(ALPHA_MAX) else real(0)


@merge
def along_row(rows, at, k, red, green, blue, with_depth):
    """s g . (c_i - m) + g_z (z_i - Z) / W at pixel k of a row."""
    along = rows[at, G_RED + k] * red + rows[at, G_GREEN + k] * green + rows[at, G_BLUE + k] * blue
    if with_depth is not None:
        along += rows[at, G_DEPTH + k] * rows[at, MET_DEPTH + k]
    return along - rows[at, G_MEAN + k]


@merge
def collect_share(rows, at, k, share, with_depth):
    """What a splat of w a collects for its colour and for the depth at which it is seen."""
    real = rows.dtype.type
    rows[TILE, pixel.RED * LANES + k] += share * rows[at, G_RED + k]
    rows[TILE, pixel.GREEN * LANES + k] += share * rows[at, G_GREEN + k]
    rows[TILE, pixel.BLUE * LANES + k] += share * rows[at, G_BLUE + k]
    if with_depth is not None:
        rows[AT_PIXELS, BY_DEPTH + k] = share * rows[at, G_DEPTH + k]
    else:
        rows[AT_PIXELS, BY_DEPTH + k] = real(0)
