"""Rows of pixels and their bins, for mode binned: the equations of `voile.render.modes.binned`.

Bins are counted in natural logarithms here, and their edges are kept as they were before each
refinement, a level each: the way back needs all of them.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import BIN_HIDES, BIN_LEAST_THICKNESS, BIN_SPREAD, BIN_THICKNESS, BIN_UNIFORM
from ..jit import inline, merge
from ..sums import VANISHED
from ..tile import LANES
from .pixel import LN2, MET_ALPHA, MET_DEPTH, OWN, faded, optical_depth
from .weighted import BLUE_SUM, CLEAR, DEPTH_SUM, GREEN_SUM, RED_SUM, WEIGHT_SUM

TOTAL, MEAN, SHARPNESS, VARIANCE, BY_MEAN, BY_SPREAD = range(OWN, OWN + 6 * LANES, LANES)
"""Of a row: sums of tau, tau y, tau y^2; then S, mean, 1 / spread and variance of y; and on the way
back slopes by mean and spread."""

X, SHARPER, TAU, REST, WEIGHT, T, SHRINK, BLUR, ALONG, BY_X, BY_HALF, BY_TAU, E, BEFORE = range(14)
"""Of the splat at hand, for 16 pixels: x, 1 / thickness in x, tau, the share that is in the bins
from this one on, weight; t, 1 / sqrt(1 + t^2) and the part of half the thickness that is not least;
and on the way back what the loss gains by its weight, slopes by x, half the thickness, tau and
log alpha, and by the share in the bin before."""

LANE = 14

MOST_HIDDEN = BIN_HIDES * LN2


@merge
def add_moments(rows, at, y):
    """Moments of depth, weighted by optical depth."""
    for k in range(LANES):
        tau = optical_depth(rows[at, MET_ALPHA + k])
        rows[at, TOTAL + k] += tau
        rows[at, MEAN + k] += tau * y
        rows[at, SHARPNESS + k] += tau * y * y


@inline
def lay_out(rows, edges, depths, at, bins):
    """Mean and spread from the moments; bins of equal width over x in (-1, 1), all empty."""
    real = rows.dtype.type
    for k in range(LANES):
        inverse = real(1) / max(rows[at, TOTAL + k], real(1e-30))
        mean = rows[at, MEAN + k] * inverse
        variance = max(rows[at, SHARPNESS + k] * inverse - mean * mean, real(0))
        rows[at, MEAN + k], rows[at, VARIANCE + k] = mean, variance
        rows[at, SHARPNESS + k] = real(1) / math.sqrt(variance + real(BIN_SPREAD * BIN_SPREAD))
    step = real(2) / real(bins)
    for b in range(bins + 1):
        for k in range(LANES):
            edges[0, at, b, k] = real(b) * step - real(1) if b < bins else real(1)
    depths[:, at] = 0


@merge
def place_row(rows, at, y, thickness, lane):
    """Where a splat is at 16 pixels; all of it is in bin 0 or beyond."""
    real = rows.dtype.type
    for k in range(LANES):
        t = (y - rows[at, MEAN + k]) * rows[at, SHARPNESS + k]
        shrink = real(1) / math.sqrt(real(1) + t * t)
        blur = real(BIN_THICKNESS) * thickness * rows[at, SHARPNESS + k] * shrink * shrink * shrink
        lane[X, k] = t * shrink
        lane[SHARPER, k] = real(0.5) / (blur + real(BIN_LEAST_THICKNESS))
        lane[TAU, k] = optical_depth(rows[at, MET_ALPHA + k])
        lane[T, k], lane[SHRINK, k], lane[BLUR, k] = t, shrink, blur
        lane[REST, k], lane[WEIGHT, k] = real(1), real(0)


@merge
def beyond(edges, level, at, b, k, lane):
    """Share of the splat beyond bin b, which is not the last."""
    real = lane.dtype.type
    share = real(0.5) + (lane[X, k] - edges[level, at, b + 1, k]) * lane[SHARPER, k]
    return min(max(share, real(0)), real(1))


@merge
def collect_row(edges, depths, level, at, bins, lane):
    """Adds tau m_b to every bin of a level."""
    for b in range(bins - 1):
        for k in range(LANES):
            rest = beyond(edges, level, at, b, k, lane)
            depths[level, at, b, k] += lane[TAU, k] * (lane[REST, k] - rest)
            lane[REST, k] = rest
    for k in range(LANES):
        depths[level, at, bins - 1, k] += lane[TAU, k] * lane[REST, k]


@merge
def part(rows, edges, depths, level, at, b, k, share, lane):
    """alpha m_b t_b: what is in a bin hides the splat, but for its own share, up to BIN_HIDES."""
    real = lane.dtype.type
    width = max(edges[level, at, b + 1, k] - edges[level, at, b, k], real(1e-12))
    front = min(max((lane[X, k] - edges[level, at, b, k]) / width, real(0)), real(1))
    hides = max(depths[level, at, b, k] - lane[TAU, k] * share, real(0)) * front
    return rows[at, MET_ALPHA + k] * share * faded(min(hides, real(MOST_HIDDEN)))


@merge
def share_row(rows, edges, depths, energies, gains, level, at, bins, lane):
    """Adds the splat's part to E_b of every bin, and what the loss gains by it unless None."""
    real = lane.dtype.type
    for b in range(bins):
        last = b == bins - 1
        for k in range(LANES):
            rest = real(0) if last else beyond(edges, level, at, b, k, lane)
            own = part(rows, edges, depths, level, at, b, k, lane[REST, k] - rest, lane)
            energies[at, b, k] += own
            if gains is not None:
                gains[at, b, k] += lane[ALONG, k] * own
            lane[REST, k] = rest


@inline
def find_seen(depths, energies, level, at, bins):
    """Turns E_b into W_b / E_b."""
    real = energies.dtype.type
    for k in range(LANES):
        ahead, before = real(0), real(1)
        for b in range(bins):
            ahead += depths[level, at, b, k]
            behind = math.exp(-ahead)
            energy = energies[at, b, k]
            energies[at, b, k] = (before - behind) / energy if energy > real(1e-30) else real(0)
            before = behind


@merge
def weigh_row(rows, edges, depths, seen, level, at, bins, lane):
    """The splat's weight, its part of every bin times W_b / E_b."""
    real = lane.dtype.type
    for b in range(bins):
        last = b == bins - 1
        for k in range(LANES):
            rest = real(0) if last else beyond(edges, level, at, b, k, lane)
            own = part(rows, edges, depths, level, at, b, k, lane[REST, k] - rest, lane)
            lane[WEIGHT, k] += own * seen[at, b, k]
            lane[REST, k] = rest


@inline
def fall_of(depths, level, at, b, k, clear):
    """Transmittance that is lost in a bin, of `clear` before it; exact where that is little."""
    return clear * -math.expm1(-depths[level, at, b, k])


@inline
def refine_row(edges, depths, level, at, bins):
    """The edges of the next level, which cut the weight of the bins into equal parts."""
    real = edges.dtype.type
    weights = np.empty(bins, edges.dtype)
    for k in range(LANES):
        weigh_bins(depths, level, at, bins, k, weights)
        all_of_it = real(0)
        for b in range(bins):
            all_of_it += weights[b]
        b, below = 0, real(0)
        edges[level + 1, at, 0, k] = edges[level, at, 0, k]
        edges[level + 1, at, bins, k] = edges[level, at, bins, k]
        for e in range(1, bins):
            wanted = all_of_it * real(e) / real(bins)
            while b < bins - 1 and below + weights[b] < wanted:
                below += weights[b]
                b += 1
            portion = min(max((wanted - below) / weights[b], real(0)), real(1))
            low, high = edges[level, at, b, k], edges[level, at, b + 1, k]
            edges[level + 1, at, e, k] = low + portion * (high - low)


@inline
def weigh_bins(depths, level, at, bins, k, weights):
    """Weights (K,) of the bins of a pixel: roots of their fall, and some evenly; returns the sum of
    the roots."""
    real = depths.dtype.type
    total, clear = real(0), real(1)
    for b in range(bins):
        fall = fall_of(depths, level, at, b, k, clear)
        weights[b] = fall ** real(1 / 3)
        total += weights[b]
        clear -= fall
    for b in range(bins):
        weights[b] = (weights[b] / total if total > 0 else real(0)) + real(BIN_UNIFORM) / real(bins)
    return total


@merge
def fade_row(rows, at, k, alpha):
    """P at pixel k of a row, of one more splat."""
    real = rows.dtype.type
    clear = rows[at, CLEAR + k] * (real(1) - alpha)
    rows[at, CLEAR + k] = clear if clear > real(VANISHED) else real(0)


@merge
def add_share(rows, at, k, share, red, green, blue, with_depth):
    """Adds a splat by w a to the sums of pixel k of a row."""
    rows[at, RED_SUM + k] += share * red
    rows[at, GREEN_SUM + k] += share * green
    rows[at, BLUE_SUM + k] += share * blue
    rows[at, WEIGHT_SUM + k] += share
    if with_depth is not None:
        rows[at, DEPTH_SUM + k] += share * rows[at, MET_DEPTH + k]
