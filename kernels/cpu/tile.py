"""What all blending modes do with a tile: take its splats in batches and place them on its pixels.

The inner loop of a mode is one row of a tile, 16 pixels with no branch and no call, which LLVM
turns into full-width SIMD (one AVX-512 register, or two of AVX2, or four of SSE or NEON). A tile's
splats are taken in batches: a first loop works out, for each, its values at the tile's corner and
the rows it reaches; the second blends those rows.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import ALPHA_MAX, LOG2_HIDDEN
from .bins import TILE
from .jit import inline
from .project import (
    ANCHOR_X,
    ANCHOR_Y,
    FOOTPRINT,
    LOG2_ALPHA_MIN,
    LOG2_OPACITY,
    A,
    B,
    C,
    U,
    V,
)

F = np.float32
I = np.int32  # noqa: E741

BATCH = 32
"""Splats between two looks at whether a tile is opaque."""

LANES = 16
"""Pixels of a row."""

LIMIT, MET_ALPHA, MET_DEPTH = range(0, 3 * LANES, LANES)
"""First columns of a row of a tile in scratch memory: depths beyond which nothing is seen; and in
scenes with surfels alpha of the splat at hand, and the depth at which rays meet it, see `meet`."""

OWN = 3 * LANES
"""Where the columns of a mode begin. All are in one array: of two, LLVM would have to find out at
every row whether they overlap, which made scenes of ellipsoids alone 1.7 times as slow."""

FIRST, LAST = ANCHOR_X, ANCHOR_Y
"""Columns of a batch: those of a footprint, but u and v are at the tile's first pixel, and the
anchor has given way to the first and last row that is reached."""


@inline
def exp2_small(p):
    """2^p for -8 <= p <= 0, relative error below 3e-6.

    A polynomial of 2^(p/8), squared three times: fewer operations than splitting off the exponent,
    and no integers. The coefficients minimise the greatest relative error (Lawson's algorithm).
    """
    t = F(2.864954651294873e-08)
    t = t * p + F(2.243313438081261e-06)
    t = t * p + F(0.00010796820860098035)
    t = t * p + F(0.003752690459379284)
    t = t * p + F(0.08664278157896474)
    t = t * p + F(0.9999999250661727)
    t = t * t
    t = t * t
    return t * t


@inline
def exp2_deep(p):
    """2^p for p <= 0, relative error below 6e-5, and no less than 2^-100."""
    t = exp2_small(max(p, F(LOG2_HIDDEN)) * F(1 / 16))
    t = t * t
    t = t * t
    t = t * t
    return t * t


@inline
def log2_unit(y):
    """log2 y for 0 < y <= 1, absolute error below 2e-6.

    The bits of y give exponent and mantissa; the polynomial is (log2 m) / (m - 1) on [1, 2].
    """
    bits = F(y).view(np.int32)
    exponent = F(I(bits >> I(23))) - F(127)
    m = I(I(bits & I(0x7FFFFF)) | I(0x3F800000)).view(np.float32)
    t = m - F(1.5)
    p = F(0.020490346090498886)
    p = p * t + F(-0.03459521115394203)
    p = p * t + F(0.05226170701031315)
    p = p * t + F(-0.09701046612120968)
    p = p * t + F(0.19134395773941357)
    p = p * t + F(-0.4162771299857055)
    p = p * t + F(1.16992477561573)
    return exponent + (m - F(1)) * p


@inline
def alpha_at(p, w):
    """alpha = min(0.99, o G) with log2 (o G) = p - w^2, nothing below 1/255."""
    q = p - w * w
    alpha = min(exp2_small(q), F(ALPHA_MAX))
    return alpha if q >= F(LOG2_ALPHA_MIN) else F(0)


@inline
def load_limits(limits, x0, y0, rows):
    """Depths beyond which nothing is seen at a tile's pixels, into columns LIMIT of its rows.

    Args:
        limits: (H, W) float32, infinite where nothing is in the way; (0, 0) where there is nothing.
        x0, y0: the tile's first pixel.

    Returns:
        The farthest of them.
    """
    height, width = limits.shape
    for i in range(TILE):
        for k in range(LANES):
            rows[i, LIMIT + k] = F(np.inf)
    farthest = F(np.inf) if limits.size == 0 else F(0)
    for i in range(min(TILE, height - y0)):
        for k in range(min(TILE, width - x0)):
            z = limits[y0 + i, x0 + k]
            rows[i, LIMIT + k] = z
            farthest = max(farthest, z)
    return farthest


@inline
def seen_alpha(p, w, z, limit):
    """`alpha_at`, and nothing where the splat's depth z is beyond the pixel's limit."""
    q = p - w * w
    alpha = min(exp2_small(q), F(ALPHA_MAX))
    return alpha if (q >= F(LOG2_ALPHA_MIN)) & (z <= limit) else F(0)


@inline
def load_batch(members, start, count, footprints, batch):
    """Copies footprints to the columns of a batch. Nothing else, so that cache misses overlap."""
    for j in range(count):
        member = members[start + j]
        for k in range(FOOTPRINT):
            batch[k, j] = footprints[member, k]


@inline
def place_batch(x0, y0, batch):
    """Moves a batch to a tile: u and v at its first pixel, and the rows of it that are reached.

    The same quadratic form factored the other way round, u' = U' + b' X + c' Y and v' = V' + a' X,
    is a rotation of (u, v); in it the ends of the ellipse in y are found as `bins` finds those
    in x.
    """
    for j in range(batch.shape[1]):
        a, b, c = batch[A, j], batch[B, j], batch[C, j]
        dx, dy = x0 - batch[ANCHOR_X, j], y0 - batch[ANCHOR_Y, j]
        u, v = batch[U, j] + a * dx + b * dy, batch[V, j] + c * dy
        q = max(batch[LOG2_OPACITY, j] - F(LOG2_ALPHA_MIN), F(0))
        inv = F(1) / math.sqrt(b * b + c * c)
        turned_u, turned_v = (b * u + c * v) * inv, (c * u - b * v) * inv
        slope, step = a * b * inv, a * c * inv
        tip, inv_step = math.sqrt(q) * b * inv, F(1) / step
        x_low = min(max((-tip - turned_v) * inv_step, F(0)), F(TILE - 1))
        x_high = min(max((tip - turned_v) * inv_step, F(0)), F(TILE - 1))
        v_low, v_high = turned_v + step * x_low, turned_v + step * x_high
        high = math.sqrt(max(q - v_low * v_low, F(0))) - turned_u - slope * x_low
        low = -math.sqrt(max(q - v_high * v_high, F(0))) - turned_u - slope * x_high
        batch[U, j], batch[V, j] = u, v
        batch[FIRST, j] = np.ceil(min(max(low * inv - F(1 / 64), F(0)), F(TILE)))
        batch[LAST, j] = np.floor(min(max(high * inv + F(1 / 64), F(-1)), F(TILE - 1)))
