"""Alpha in either precision, and the sums that a splat collects over the pixels of a tile."""

from __future__ import annotations

from numba import types
from numba.extending import overload

from ...constants import ALPHA_MAX, ALPHA_MIN
from ..jit import inline
from ..tile import LANES, alpha_at

RED, GREEN, BLUE, DEPTH, WEIGHT, E, EU, EV, EUU, EUV, EVV = range(11)
"""What a splat collects: slopes of the loss by its colour, depth and log weight, and, with
e = dL/d log alpha at a pixel, the moments of e in (u, v), see `cpu.project`. They hold all of
dL/d(centre, covariance, opacity), and are well scaled whatever the shape of the splat."""

ENTRY = 11


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
def clear_lanes(lanes):
    """Nothing collected: (ENTRY, 16) zeros."""
    for column in range(ENTRY):
        for k in range(LANES):
            lanes[column, k] = 0


@inline
def sum_lanes(lanes, entry):
    """Adds up the 16 lanes of every column, in order."""
    for column in range(ENTRY):
        total = lanes[column, 0]
        for k in range(1, LANES):
            total += lanes[column, k]
        entry[column] = total


@inline
def add_moments(lanes, k, e, u, v):
    """The moments of e at (u, v), on lane k."""
    lanes[EU, k] += e * u
    lanes[EV, k] += e * v
    lanes[EUU, k] += e * u * u
    lanes[EUV, k] += e * u * v
    lanes[EVV, k] += e * v * v


@inline
def load_pixels(images, x0, y0, at, rows):
    """Copies (H, W, P) pixels of a tile to columns of its rows, from column `at`; 0 outside."""
    height, width, count = images.shape
    for i in range(rows.shape[0]):
        for column in range(count):
            for k in range(LANES):
                inside = y0 + i < height and x0 + k < width
                rows[i, at + column * LANES + k] = (
                    images[y0 + i, x0 + k, column] if inside else rows.dtype.type(0)
                )
