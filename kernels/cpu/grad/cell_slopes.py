"""The way back through a cell at 16 pixels; `cells` has the equations."""

from __future__ import annotations

import math

from ...constants import ALPHA_MAX, CELL_SPREAD, LOG2_HIDDEN
from ..bins import TILE
from ..jit import merge
from ..tile import LANES
from . import pixel
from .pixel import AT_PIXELS, BY_DEPTH, LN2, MET_ALPHA, MET_DEPTH, OWN, faded, optical_depth
from .sorted import BEHIND, CLEAR, G_BLUE, G_DEPTH, G_GREEN, G_RED

TOTAL, MEAN, SHARPNESS, VARIANCE = range(OWN, OWN + 4 * LANES, LANES)
"""Of a row, of the cell at hand: sums of tau, tau z, tau z^2; then S, m, 1 / q and the variance."""

WEIGHT, ALONG, FRONT, ALONG_FRONT, TURN, ALONG_TURN, TURN_X, ALONG_TURN_X = range(
    OWN + 4 * LANES, OWN + 12 * LANES, LANES
)
"""Of a row that is differentiated: sums of w a and w a s, then of these times F, F' and F' x."""

SHARE, MEAN_ALONG, BY_TOTAL, BY_MEAN, BY_VARIANCE = WEIGHT, ALONG, FRONT, ALONG_FRONT, TURN
"""What these become: A, s, dL/dS, and slopes by mean and variance over S."""

MOST_HIDDEN = -LOG2_HIDDEN * LN2
"""S F beyond which the weight of a splat falls no more."""


@merge
def _along(rows, at, k, red, green, blue, with_depth):
    """s_i at a pixel."""
    along = rows[at, G_RED + k] * red + rows[at, G_GREEN + k] * green + rows[at, G_BLUE + k] * blue
    if with_depth is not None:
        along += rows[at, G_DEPTH + k] * rows[at, MET_DEPTH + k]
    return along


@merge
def weigh_row(rows, at, red, green, blue, z, with_depth):
    """Adds what a splat weighs, and what of that follows its place in the cell."""
    real = rows.dtype.type
    for k in range(LANES):
        along = _along(rows, at, k, red, green, blue, with_depth)
        x = (z - rows[at, MEAN + k]) * rows[at, SHARPNESS + k]
        shrink = real(1) / math.sqrt(real(1) + x * x)
        in_front = real(0.5) + real(0.5) * x * shrink
        hides = rows[at, TOTAL + k] * in_front
        share = rows[at, MET_ALPHA + k] * faded(hides)
        free = share if hides < real(MOST_HIDDEN) else real(0)
        front, turn = free * in_front, free * real(0.5) * shrink * shrink * shrink
        rows[at, WEIGHT + k] += share
        rows[at, ALONG + k] += share * along
        rows[at, FRONT + k] += front
        rows[at, ALONG_FRONT + k] += front * along
        rows[at, TURN + k] += turn
        rows[at, ALONG_TURN + k] += turn * along
        rows[at, TURN_X + k] += turn * x
        rows[at, ALONG_TURN_X + k] += turn * x * along


@merge
def go_back(rows, at, origin):
    """Puts the cell behind what is there; from its sums to slopes by S, mean and variance."""
    real = rows.dtype.type
    for k in range(LANES):
        total, clear, sharpness = rows[at, TOTAL + k], rows[at, CLEAR + k], rows[at, SHARPNESS + k]
        fade, inverse = faded(total), real(1) / max(rows[at, WEIGHT + k], real(1e-36))
        share, along = clear * (real(1) - fade) * inverse, rows[at, ALONG + k] * inverse
        front = share * (rows[at, ALONG_FRONT + k] - along * rows[at, FRONT + k])
        by_x = -total * share * (rows[at, ALONG_TURN + k] - along * rows[at, TURN + k])
        by_xx = -total * share * (rows[at, ALONG_TURN_X + k] - along * rows[at, TURN_X + k])
        behind = rows[at, BEHIND + k] - share * rows[at, ALONG + k]
        by_variance = real(-0.5) * by_xx * sharpness * sharpness
        least = real(2 * CELL_SPREAD * CELL_SPREAD) * (origin + rows[at, MEAN + k])
        by_mean = least * by_variance - by_x * sharpness
        over_total = real(1) / max(total, real(1e-30))
        rows[at, CLEAR + k], rows[at, BEHIND + k] = clear * fade, behind
        rows[at, SHARE + k], rows[at, MEAN_ALONG + k] = share, along
        rows[at, BY_TOTAL + k] = clear * fade * along - behind - front
        rows[at, BY_MEAN + k] = by_mean * over_total
        rows[at, BY_VARIANCE + k] = by_variance * over_total


@merge
def differentiate_row(rows, at, red, green, blue, z, with_depth):
    real = rows.dtype.type
    for k in range(LANES):
        alpha, away = rows[at, MET_ALPHA + k], z - rows[at, MEAN + k]
        along = _along(rows, at, k, red, green, blue, with_depth) - rows[at, MEAN_ALONG + k]
        sharpness, by_mean = rows[at, SHARPNESS + k], rows[at, BY_MEAN + k]
        x = away * sharpness
        shrink = real(1) / math.sqrt(real(1) + x * x)
        hides = rows[at, TOTAL + k] * (real(0.5) + real(0.5) * x * shrink)
        share = alpha * faded(hides) * rows[at, SHARE + k]
        rows[TILE, pixel.RED * LANES + k] += share * rows[at, G_RED + k]
        rows[TILE, pixel.GREEN * LANES + k] += share * rows[at, G_GREEN + k]
        rows[TILE, pixel.BLUE * LANES + k] += share * rows[at, G_BLUE + k]
        own = share * along
        by_x = real(-0.5) * rows[at, TOTAL + k] * own * shrink * shrink * shrink
        by_x = by_x if hides < real(MOST_HIDDEN) else real(0)
        by_variance = rows[at, BY_VARIANCE + k]
        by_tau = rows[at, BY_TOTAL + k] + by_mean * away
        by_tau += by_variance * (away * away - rows[at, VARIANCE + k])
        by_place = optical_depth(alpha) * (by_mean + real(2) * by_variance * away)
        rows[TILE, pixel.DEPTH * LANES + k] += by_x * sharpness + by_place
        e = own + alpha / (real(1) - alpha) * by_tau
        rows[AT_PIXELS, k] = e if alpha < real(ALPHA_MAX) else real(0)
        if with_depth is not None:
            rows[AT_PIXELS, BY_DEPTH + k] = share * rows[at, G_DEPTH + k]
        else:
            rows[AT_PIXELS, BY_DEPTH + k] = real(0)
