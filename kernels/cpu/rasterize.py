"""Composites tiles front to back: Kerbl et al. 2023, MATH.md section 2.

The inner loop is one row of a tile, 16 pixels with no branch and no call, which LLVM turns into
full-width SIMD (one AVX-512 register, or two of AVX2, or four of SSE or NEON). A tile's splats are
taken in batches: a first loop works out, for each, its values at the tile's corner and the rows it
reaches; the second composites those rows.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import ALPHA_MAX, TRANSMITTANCE_STOP
from .bins import TILE
from .jit import inline, kernel
from .project import (
    ANCHOR_X,
    ANCHOR_Y,
    BLUE,
    DEPTH,
    FOOTPRINT,
    GREEN,
    LOG2_ALPHA_MIN,
    LOG2_OPACITY,
    RED,
    A,
    B,
    C,
    U,
    V,
)

F = np.float32

BATCH = 32
"""Splats between two looks at whether a tile is opaque."""

LANES = 16
ROW = 5 * LANES
"""A row of a tile in scratch memory: transmittance, red, green, blue, depth of 16 pixels each."""

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


@kernel
def rasterize(
    tiles, first_tile, last_tile, starts, members, footprints, with_depth, color, alpha, depth
):
    """Composites tiles[first_tile:last_tile] into the images.

    Args:
        tiles: (T,) tile numbers, row by row over the image.
        starts, members: tile lists, see `bins`.
        footprints: (M, 12) in depth order.
        with_depth: also write expected depth.
        color, alpha, depth: (H, W, 3), (H, W) and (H, W) float32, zero; depth may be (0, 0)
            when it is not wanted.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, ROW), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, stop = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        for i in range(TILE):
            for k in range(LANES):
                rows[i, k] = F(1)
            for k in range(LANES, ROW):
                rows[i, k] = F(0)
        first_open, last_open = 0, min(TILE, height - y0) - 1
        while start < stop and first_open <= last_open:
            count = min(BATCH, stop - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            start += count
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                z = batch[DEPTH, j]
                first = max(first_open, int(batch[FIRST, j]))
                last = min(last_open, int(batch[LAST, j]))
                for i in range(first, last + 1):
                    y = F(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    shade_row(rows, i, u_row, a, p_row, red, green, blue, z, with_depth)
            while first_open <= last_open and row_is_opaque(rows, first_open):
                first_open += 1
            while first_open <= last_open and row_is_opaque(rows, last_open):
                last_open -= 1
        store_tile(rows, x0, y0, with_depth, color, alpha, depth)


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
    for j in range(BATCH):
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


@inline
def shade_row(rows, at, u, a, p, red, green, blue, z, with_depth):
    """Composites one splat over the 16 pixels of a row; `p` is log2 o - v^2 there.

    LLVM takes the test of `with_depth` out of the loop.
    """
    for k in range(LANES):
        w = u + a * F(k)
        q = p - w * w
        alpha = min(exp2_small(q), F(ALPHA_MAX))
        alpha = alpha if q >= F(LOG2_ALPHA_MIN) else F(0)
        transmittance = rows[at, k]
        weight = alpha * transmittance
        rows[at, k] = transmittance - weight
        rows[at, LANES + k] += weight * red
        rows[at, 2 * LANES + k] += weight * green
        rows[at, 3 * LANES + k] += weight * blue
        if with_depth:
            rows[at, 4 * LANES + k] += weight * z


@inline
def row_is_opaque(rows, at):
    """Whether every pixel of a row has less transmittance than the smallest that counts."""
    most = F(0)
    for k in range(LANES):
        most = max(most, rows[at, k])
    return most < F(TRANSMITTANCE_STOP)


@inline
def store_tile(rows, x0, y0, with_depth, color, alpha, depth):
    """Copies a tile to the images; alpha = 1 - T, depth = sum / alpha where anything was drawn."""
    height, width = alpha.shape
    for i in range(min(TILE, height - y0)):
        at = i
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            coverage = F(1) - rows[at, k]
            alpha[y, x] = coverage
            color[y, x, 0] = rows[at, LANES + k]
            color[y, x, 1] = rows[at, 2 * LANES + k]
            color[y, x, 2] = rows[at, 3 * LANES + k]
            if with_depth:
                depth[y, x] = rows[at, 4 * LANES + k] / coverage if coverage > F(0) else F(0)
