"""Alpha in either precision, and the sums that a splat collects over the pixels of a tile."""

from __future__ import annotations

from numba import types
from numba.extending import overload

from ...constants import ALPHA_MAX, ALPHA_MIN
from ..bins import TILE
from ..jit import inline, merge
from ..tile import LANES, alpha_at

RED, GREEN, BLUE, DEPTH, WEIGHT, E, EU, EV, EUU, EUV, EVV = range(11)
"""What a splat collects: slopes of the loss by its colour, depth and log weight, and, with
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
