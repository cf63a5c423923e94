"""Tile lists: for every 16x16 tile, the footprints that reach it, front to back.

The tiles of a splat are exact: within a row of tiles, those between the leftmost and rightmost
point of the ellipse alpha >= 1/255 in that row (AccuTile of Speedy-Splat, Hanson 2025). They are
found once, as runs of tiles, counted, and then written to the lists; each piece of the depth order
has counters of its own, so that the lists do not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .jit import inline, kernel
from .project import ANCHOR_X, ANCHOR_Y, LOG2_ALPHA_MIN, LOG2_OPACITY, A, B, C, U, V
from .scratch import Scratch
from .workers import Workers

F = np.float32

TILE = 16
"""Side of a tile, pixels."""

PIECES_PER_THREAD = 4

LOG2_TILE = 4

SLACK = 1 / 64
"""Pixels by which extents are widened against rounding; the rasterizer tests every pixel."""


def make_tile_lists(
    footprints: NDArray[np.float32], width: int, height: int, workers: Workers, scratch: Scratch
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Lists of footprints by tile.

    Args:
        footprints: (M, 12) in depth order.
        width, height: of the image, pixels.
        workers: threads to use.
        scratch: holds `members` and the runs.

    Returns:
        starts: (tiles + 1,) where each tile's list begins; tiles row by row.
        members: (instances,) rows of `footprints`, in rising order within a tile.
    """
    columns, rows = -(-width // TILE), -(-height // TILE)
    pieces = PIECES_PER_THREAD * workers.count if workers.count > 1 else 1
    edges = np.linspace(0, len(footprints), pieces + 1).astype(np.int64)
    heads = np.zeros((pieces, columns * rows), np.int64)
    starts = np.empty(columns * rows + 1, np.int64)

    def count(p: int) -> NDArray[np.uint32]:
        most = count_rows(footprints, edges[p], edges[p + 1], height)
        runs = scratch.array(f"runs {p}", (int(most), 3), np.uint32)
        used = find_runs(footprints, edges[p], edges[p + 1], width, height, runs, heads[p])
        return runs[:used]

    runs = workers.map(count, pieces)
    members = scratch.array("members", place_lists(heads, starts), np.uint32)
    workers.map(lambda p: fill_lists(runs[p], heads[p], members), pieces)
    return starts, members


@inline
def row_span(anchor_y, v, c, log2_opacity, height):
    """First and last pixel row (inclusive) that a footprint reaches; empty where last < first.

    Takes the columns and not the array: each array passed on costs a count of references.
    """
    reach = math.sqrt(max(log2_opacity - F(LOG2_ALPHA_MIN), F(0)))
    inv_c = F(1) / c
    first = anchor_y + (-reach - v) * inv_c - F(SLACK)
    last = anchor_y + (reach - v) * inv_c + F(SLACK)
    return (
        np.int64(np.ceil(min(max(first, F(0)), height))),
        np.int64(np.floor(max(min(last, height - F(1)), F(-1)))),
    )


@kernel
def count_rows(footprints, start, stop, height):
    """Number of (footprint, row of tiles) pairs among footprints start to stop."""
    count = 0
    for i in range(start, stop):
        first, last = row_span(
            footprints[i, ANCHOR_Y],
            footprints[i, V],
            footprints[i, C],
            footprints[i, LOG2_OPACITY],
            F(height),
        )
        count += max((last >> LOG2_TILE) - (first >> LOG2_TILE) + 1, 0)
    return count


@kernel
def find_runs(footprints, start, stop, width, height, runs, counts):
    """Finds the tiles of footprints start to stop, as runs along rows of tiles.

    On the boundary u = +-sqrt(q - v^2), the ends in x are where v = -+ sqrt(q) b / |(b, c)|, or at
    the row nearest to that.

    Args:
        footprints: (M, 12) in depth order.
        start, stop: range of footprints.
        width, height: of the image, pixels.
        runs: (R, 3) uint32 out: footprint, first tile, number of tiles.
        counts: (tiles,) increased by one for every tile of every run.

    Returns:
        Number of runs.
    """
    columns = (width + TILE - 1) >> LOG2_TILE
    edge = F(width)
    used = 0
    for i in range(start, stop):
        a, b, c = footprints[i, A], footprints[i, B], footprints[i, C]
        u, v = footprints[i, U], footprints[i, V]
        anchor_x, anchor_y = footprints[i, ANCHOR_X], footprints[i, ANCHOR_Y]
        log2_opacity = footprints[i, LOG2_OPACITY]
        first, last = row_span(anchor_y, v, c, log2_opacity, F(height))
        if last < first:
            continue
        q = max(log2_opacity - F(LOG2_ALPHA_MIN), F(0))
        tip = math.sqrt(q) * b / math.sqrt(b * b + c * c)
        inv_a, inv_c = F(1) / a, F(1) / c
        tip_right, tip_left = (-tip - v) * inv_c, (tip - v) * inv_c
        for tile_row in range(first >> LOG2_TILE, (last >> LOG2_TILE) + 1):
            low = F(max(first, tile_row * TILE)) - anchor_y
            high = F(min(last, tile_row * TILE + TILE - 1)) - anchor_y
            y_right, y_left = min(max(tip_right, low), high), min(max(tip_left, low), high)
            v_right, v_left = v + c * y_right, v + c * y_left
            right = (math.sqrt(max(q - v_right * v_right, F(0))) - u - b * y_right) * inv_a
            left = (-math.sqrt(max(q - v_left * v_left, F(0))) - u - b * y_left) * inv_a
            left = min(max(anchor_x + left - F(SLACK), F(0)), edge)
            right = max(min(anchor_x + right + F(SLACK), edge - F(1)), F(-1))
            first_pixel, last_pixel = np.int64(np.ceil(left)), np.int64(np.floor(right))
            if last_pixel < first_pixel:
                continue
            first_tile = tile_row * columns + (first_pixel >> LOG2_TILE)
            last_tile = tile_row * columns + (last_pixel >> LOG2_TILE)
            runs[used, 0], runs[used, 1] = i, first_tile
            runs[used, 2] = last_tile - first_tile + 1
            used += 1
            for tile in range(first_tile, last_tile + 1):
                counts[tile] += 1
    return used


@kernel
def fill_lists(runs, heads, members):
    """Writes the footprints of runs to the lists of their tiles, at `heads`, in order."""
    for k in range(runs.shape[0]):
        first = np.int64(runs[k, 1])
        for tile in range(first, first + np.int64(runs[k, 2])):
            members[heads[tile]] = runs[k, 0]
            heads[tile] += 1


@kernel
def place_lists(heads, starts):
    """Turns the counts (P, tiles) of P pieces into where each piece writes, in place.

    Writes the start of every list to `starts` (tiles + 1,); returns the number of instances.
    """
    at = 0
    for tile in range(heads.shape[1]):
        starts[tile] = at
        for piece in range(heads.shape[0]):
            count = heads[piece, tile]
            heads[piece, tile] = at
            at += count
    starts[heads.shape[1]] = at
    return at
