"""Alpha in either precision, and the sums that a splat collects over the pixels of a tile."""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from ...constants import ALPHA_MAX, ALPHA_MIN, LOG2_HIDDEN
from ..bins import TILE
from ..jit import inline, merge
from ..tile import LANES, F, I, alpha_at

RED, GREEN, BLUE, DEPTH, WEIGHT, E, EU, EV, EUU, EUV, EVV = range(11)
"""What a splat collects: slopes of the loss by its colour, depth and log weight (in mode binned by
the logarithm of its thickness), and, with
e = dL/d log alpha at a pixel, the moments of e in (u, v), see `cpu.project`. They hold all of
dL/d(centre, covariance, opacity), and are well scaled whatever the shape of the splat."""

ENTRY, SHAPELESS = 11, 6
"""Values of an entry: all of them, and those before the moments, which only the shape needs."""

G_U, G_V, G_W, GX_U, GX_V, GX_W, GY_U, GY_V, GY_W, BY_X, BY_Y = range(SHAPELESS, 17)
"""What a surfel collects in place of the moments: sums of g, of g x and of g y, and slopes by the
projected centre, pixels; see `surfels`."""

SURFEL_ENTRY = 17
"""Values of an entry of a scene with surfels; ellipsoids have zeros behind their own."""

ROWS, TOTALS, AT_PIXELS = TILE + 2, TILE, TILE + 1
"""Rows of a tile that is differentiated: its own, one with what a splat collects, and one with e,
and of surfels e_z, at the pixels of the row that is visited. One array holds them all, for LLVM
takes 16 pixels at once only where it can prove that nothing overlaps. A branch in such a loop keeps
it from that too: where depth is not asked for, `with_depth` is None, which Numba takes out."""

BY_DEPTH = LANES
"""Where e_z is on row AT_PIXELS."""

MET_ALPHA, MET_DEPTH, MET_U, MET_V, MET = range(6 * LANES, 11 * LANES, LANES)
"""Of a row, behind the columns of all modes: the surfel at hand, see `surfels.meet_row`."""

WIDTH = 11 * LANES
"""Of a row of a tile that is drawn, of a scene with surfels."""

OWN = SURFEL_ENTRY * LANES
"""Where further columns of a mode begin: behind all of the above."""

LN2, LOG2_E = math.log(2.0), 1.0 / math.log(2.0)


def splat_alpha(p, w):
    """min(0.99, o G) with log2 (o G) = p - w^2, nothing below 1/255: in the precision of p.

    Only for kernels. In float32 it is the polynomial that the renderer draws by.
    """
    raise NotImplementedError


@overload(splat_alpha)
def _(p, w):
    if p == types.float32:
        return lambda p, w: alpha_at(p, w)
    return lambda p, w: _exact_alpha(p, w)


@inline
def _exact_alpha(p, w):
    alpha = 2.0 ** (p - w * w)
    return 0.0 if alpha < ALPHA_MIN else min(alpha, ALPHA_MAX)


def optical_depth(alpha):
    """-log(1 - alpha), of alpha up to 0.99. Only for kernels."""
    raise NotImplementedError


@overload(optical_depth)
def _(alpha):
    if alpha == types.float32:
        return lambda alpha: _optical_depth32(alpha)
    return lambda alpha: -math.log1p(-alpha)


@inline
def _optical_depth32(alpha):
    """To 2e-7 of itself: what the renderer draws by is off by 3e-4 where alpha is small, and slopes
    of a sum that cancels by 2 %.

    1 - alpha is 2^n (1 + t) with t from -1/4 to 1/2, and exactly 1 - alpha where n is 0; the
    polynomial is log(1 + t) / t with the least greatest relative error.
    """
    clear = F(F(1) - alpha)
    bits = clear.view(np.int32)
    n = I((bits - I(0x3F400000)) >> I(23))
    scaled = I(bits - I(n << I(23))).view(np.float32)
    t = -alpha if n == I(0) else scaled - F(1)
    p = F(0.05411103522287447)
    p = p * t + F(-0.12076649090297792)
    p = p * t + F(0.14994486258302103)
    p = p * t + F(-0.16824319396875786)
    p = p * t + F(0.19975914551203097)
    p = p * t + F(-0.2499321814354282)
    p = p * t + F(0.33333592074203355)
    p = p * t + F(-0.5000006640117408)
    p = p * t + F(0.9999999941471033)
    return F(n) * F(-LN2) - t * p


def faded(hides):
    """exp(-hides) of what is >= 0, and no less than 2^-100. Only for kernels."""
    raise NotImplementedError


@overload(faded)
def _(hides):
    if hides == types.float32:
        return lambda hides: _faded32(hides)
    return lambda hides: 2.0 ** max(-LOG2_E * hides, LOG2_HIDDEN)


@inline
def _faded32(hides):
    """To 2e-7 of itself: 2^n times a polynomial of 2^f, f from -1/2 to 1/2."""
    q = max(-hides * F(LOG2_E), F(LOG2_HIDDEN))
    shifted = F(q + F(_MAGIC))
    f = q - (shifted - F(_MAGIC))
    n = I(shifted.view(np.int32) - I(_MAGIC_BITS))
    p = F(0.0013276466791647447)
    p = p * f + F(0.009675541292942135)
    p = p * f + F(0.05550713289587555)
    p = p * f + F(0.24022119724873175)
    p = p * f + F(0.6931469670549074)
    p = p * f + F(1.000000071654365)
    return p * I(I(n + I(127)) << I(23)).view(np.float32)


_MAGIC, _MAGIC_BITS = 1.5 * 2.0**23, 0x4B400000
"""A float32 whose last bit is 1: what is added to it is rounded to a whole number."""


@inline
def clear_lanes(rows, columns):
    """Nothing collected: zeros on the 16 lanes of every column."""
    for k in range(columns * LANES):
        rows[TILE, k] = 0


@inline
def sum_lanes(rows, entry):
    """Adds up the 16 lanes of every column, by halves: adjacent lanes are added at once."""
    for column in range(len(entry)):
        at = column * LANES
        for k in range(at, at + 8):
            rows[TILE, k] += rows[TILE, k + 8]
        for k in range(at, at + 4):
            rows[TILE, k] += rows[TILE, k + 4]
        left = rows[TILE, at] + rows[TILE, at + 2]
        entry[column] = left + (rows[TILE, at + 1] + rows[TILE, at + 3])


@merge
def add_moments(rows, u, a, v):
    """Adds the moments of the e on row `AT_PIXELS`."""
    real = rows.dtype.type
    for k in range(LANES):
        e, w = rows[AT_PIXELS, k], u + a * real(k)
        rows[TILE, EU * LANES + k] += e * w
        rows[TILE, EV * LANES + k] += e * v
        rows[TILE, EUU * LANES + k] += e * w * w
        rows[TILE, EUV * LANES + k] += e * w * v
        rows[TILE, EVV * LANES + k] += e * v * v


@inline
def load_pixels(images, x0, y0, at, rows):
    """Copies (H, W, P) pixels of a tile to columns of its rows, from column `at`; 0 outside."""
    height, width, count = images.shape
    for i in range(TILE):
        for column in range(count):
            for k in range(LANES):
                inside = y0 + i < height and x0 + k < width
                rows[i, at + column * LANES + k] = (
                    images[y0 + i, x0 + k, column] if inside else rows.dtype.type(0)
                )
