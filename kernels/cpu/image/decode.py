"""Pixels of an image made of splats: the normalised sum of the K strongest (Image-GS 2024).

A tile is gone through twice. First each pixel keeps its strongest weights, sorted; the last of them
is the threshold. Then those that reach it are summed. Both loops are rows of 16 pixels without a
branch, and no index is ever kept.
"""

from __future__ import annotations

import numpy as np

from ...constants import STRONGEST_SLACK
from ..bins import TILE
from ..jit import inline, kernel
from ..project import ANCHOR_X, ANCHOR_Y, FOOTPRINT, LOG2_ALPHA_MIN, A, B, C, U, V
from ..tile import BATCH, FIRST, LANES, LAST, F, exp2_small, load_batch, place_batch
from .place import AMPLITUDE

MOST = 10
"""Largest K."""

NEARLY = F(1 - STRONGEST_SLACK)
"""A weight that is equal to the threshold but for rounding reaches it."""

THRESHOLD = (MOST - 1) * LANES
"""Place of the weakest of the K in a row."""

SUMS = 5
"""Sums of a pixel: of the weights, and of weights times four channels."""


@inline
def weight_at(v_squared, u, amplitude):
    """Amplitude times G, nothing where G is below 1/255."""
    q = -v_squared - u * u
    w = amplitude * exp2_small(q)
    return w if q >= F(LOG2_ALPHA_MIN) else F(0)


@inline
def clear_strongest(rows, k):
    """No weights yet. Of the MOST places all but `k` are filled by what nothing displaces."""
    for i in range(TILE):
        for m in range(MOST):
            for x in range(LANES):
                rows[i, m * LANES + x] = F(np.inf) if m < MOST - k else F(0)


@inline
def keep_strongest(rows, at, v_squared, u, a, amplitude):
    """Inserts the weights of one Gaussian into the sorted ones of the 16 pixels of a row."""
    for x in range(LANES):
        w = weight_at(v_squared, u + a * F(x), amplitude)
        for m in range(MOST):
            kept = rows[at, m * LANES + x]
            rows[at, m * LANES + x] = max(kept, w)
            w = min(kept, w)


@inline
def add_reaching(rows, sums, at, v_squared, u, a, amplitude, c0, c1, c2, c3):
    """Adds one Gaussian to the 16 pixels of a row where it is one of the strongest."""
    for x in range(LANES):
        w = weight_at(v_squared, u + a * F(x), amplitude)
        w = w if w >= rows[at, THRESHOLD + x] * NEARLY else F(0)
        sums[at, x] += w
        sums[at, LANES + x] += w * c0
        sums[at, 2 * LANES + x] += w * c1
        sums[at, 3 * LANES + x] += w * c2
        sums[at, 4 * LANES + x] += w * c3


@inline
def sum_tile(starts, members, footprints, colors, k, tile, x0, y0, rows, sums, batch):
    """Thresholds and sums of one tile whose first pixel is (x0, y0), both loops."""
    clear_strongest(rows, k)
    for start in range(starts[tile], starts[tile + 1], BATCH):
        count = min(BATCH, starts[tile + 1] - start)
        load_batch(members, start, count, footprints, batch)
        place_batch(F(x0), F(y0), batch)
        for j in range(count):
            u, v, amplitude = batch[U, j], batch[V, j], batch[AMPLITUDE, j]
            a, b, c = batch[A, j], batch[B, j], batch[C, j]
            for i in range(int(batch[FIRST, j]), int(batch[LAST, j]) + 1):
                v_row = v + c * F(i)
                keep_strongest(rows, i, v_row * v_row, u + b * F(i), a, amplitude)
    for i in range(TILE):
        for x in range(SUMS * LANES):
            sums[i, x] = F(0)
    for start in range(starts[tile], starts[tile + 1], BATCH):
        count = min(BATCH, starts[tile + 1] - start)
        load_batch(members, start, count, footprints, batch)
        place_batch(F(x0), F(y0), batch)
        for j in range(count):
            u, v, amplitude = batch[U, j], batch[V, j], batch[AMPLITUDE, j]
            a, b, c = batch[A, j], batch[B, j], batch[C, j]
            member = members[start + j]
            c0, c1 = colors[member, 0], colors[member, 1]
            c2, c3 = colors[member, 2], colors[member, 3]
            for i in range(int(batch[FIRST, j]), int(batch[LAST, j]) + 1):
                v_row = v + c * F(i)
                add_reaching(
                    rows, sums, i, v_row * v_row, u + b * F(i), a, amplitude, c0, c1, c2, c3
                )


@kernel
def decode(
    tiles, first, last, starts, members, footprints, colors, k, skipped, image, weights, thresholds
):
    """Draws tiles[first:last].

    Args:
        tiles: (T,) tile numbers, row by row.
        first, last: range of them.
        starts, members: tile lists, see `bins`.
        footprints: (M, 12) see `place`.
        colors: (M, 4) float32.
        k: how many of the strongest Gaussians count, 1 to MOST.
        skipped: row of the view, a multiple of a tile's, that the first row of the images is.
        image: (H, W, 4) float32 out, zero where no Gaussian reaches.
        weights, thresholds: (H, W) float32 out: sum of the weights, and the weakest that counts;
            either may be (0, 0) where it is not wanted.
    """
    height, width = image.shape[:2]
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, MOST * LANES), np.float32)
    sums = np.empty((TILE, SUMS * LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for t in range(first, last):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        sum_tile(starts, members, footprints, colors, k, tile, x0, y0 + skipped, rows, sums, batch)
        for i in range(min(TILE, height - y0)):
            for x in range(min(TILE, width - x0)):
                total = sums[i, x]
                share = F(1) / total if total > F(0) else F(0)
                for channel in range(4):
                    image[y0 + i, x0 + x, channel] = share * sums[i, (1 + channel) * LANES + x]
                if len(weights):
                    weights[y0 + i, x0 + x] = total
                if len(thresholds):
                    thresholds[y0 + i, x0 + x] = rows[i, THRESHOLD + x]


@kernel
def decode_points(points, width, height, starts, members, footprints, colors, k, out):
    """What single points of the image show.

    Args:
        points: (P, 2) float64, pixels of the image.
        width, height: of the image; points outside of it are left as they are.
        starts, members, footprints, colors, k: see `decode`; the view is the whole image at scale
            1, so that a point's tile is where it lies.
        out: (P, 4) float32 out, zero.
    """
    columns = (width + TILE - 1) // TILE
    kept = np.empty(MOST, np.float32)
    which = np.empty(MOST, np.int64)
    for p in range(len(points)):
        x, y = points[p, 0] - 0.5, points[p, 1] - 0.5
        column, row = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
        if not (0 <= column < width and 0 <= row < height):
            continue
        tile = (row // TILE) * columns + column // TILE
        kept[:] = F(0)
        for i in range(starts[tile], starts[tile + 1]):
            n = np.int64(members[i])
            dx, dy = F(x - footprints[n, ANCHOR_X]), F(y - footprints[n, ANCHOR_Y])
            u = footprints[n, U] + footprints[n, A] * dx + footprints[n, B] * dy
            v = footprints[n, V] + footprints[n, C] * dy
            w = weight_at(v * v, u, footprints[n, AMPLITUDE])
            for m in range(k):
                if w > kept[m]:
                    w, kept[m] = kept[m], w
                    n, which[m] = which[m], n
        total = F(0)
        for m in range(k):
            if kept[m] > F(0):
                total += kept[m]
                for channel in range(4):
                    out[p, channel] += kept[m] * colors[which[m], channel]
        if total > F(0):
            for channel in range(4):
                out[p, channel] /= total
