"""Tile lists: for every 16x16 tile, the footprints that reach it, front to back.

The tiles of a splat are exact: within a row of tiles, those between the leftmost and rightmost
point of the ellipse alpha >= 1/255 in that row (AccuTile of Speedy-Splat, Hanson 2025). Lists are
made by counting and filling; each thread has its own range of the depth order and its own counters,
so that the lists do not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .jit import inline, kernel
from .project import ANCHOR_X, ANCHOR_Y, LOG2_ALPHA_MIN, LOG2_OPACITY, A, B, C, U, V
from .workers import Workers

TILE = 16
"""Side of a tile, pixels."""

PIECES_PER_THREAD = 4

_SLACK = 1 / 64
"""Pixels by which extents are widened against rounding; the rasterizer tests every pixel."""


def make_tile_lists(
    footprints: NDArray[np.float32], width: int, height: int, workers: Workers
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Lists of footprints by tile.

    Args:
        footprints: (M, 12) in depth order.
        width, height: of the image, pixels.
        workers: threads to use.

    Returns:
        starts: (tiles + 1,) where each tile's list begins; tiles row by row.
        members: (instances,) rows of `footprints`, in rising order within a tile.
    """
    columns, rows = -(-width // TILE), -(-height // TILE)
    pieces = PIECES_PER_THREAD * workers.count if workers.count > 1 else 1
    edges = np.linspace(0, len(footprints), pieces + 1).astype(np.int64)
    heads = np.zeros((pieces, columns * rows), np.uint32)
    starts = np.empty(columns * rows + 1, np.int64)

    def count(p: int) -> None:
        count_tiles(footprints, edges[p], edges[p + 1], width, height, heads[p])

    workers.map(count, pieces)
    members = np.empty(place_lists(heads, starts), np.uint32)

    def fill(p: int) -> None:
        fill_tiles(footprints, edges[p], edges[p + 1], width, height, heads[p], members)

    workers.map(fill, pieces)
    return starts, members


@inline
def row_span(footprint, height):
    """First and last pixel row (inclusive) that a footprint reaches; empty where last < first."""
    reach = math.sqrt(max(footprint[LOG2_OPACITY] - LOG2_ALPHA_MIN, 0.0))
    inv_c = 1.0 / footprint[C]
    first = footprint[ANCHOR_Y] + (-reach - footprint[V]) * inv_c - _SLACK
    last = footprint[ANCHOR_Y] + (reach - footprint[V]) * inv_c + _SLACK
    return (
        int(math.ceil(max(first, 0.0))),
        int(math.floor(max(min(last, height - 1.0), -1.0))),
    )


@inline
def column_span(footprint, first_row, last_row, width):
    """First and last pixel column that a footprint reaches between two rows (inclusive).

    On the boundary u = +-sqrt(q - v^2), the ends in x are where v = -+ sqrt(q) b / |(b, c)|, or at
    the row nearest to that.
    """
    a, b, c = footprint[A], footprint[B], footprint[C]
    u, v = footprint[U], footprint[V]
    q = max(footprint[LOG2_OPACITY] - LOG2_ALPHA_MIN, 0.0)
    tip = math.sqrt(q) * b / math.sqrt(b * b + c * c)
    low, high = first_row - footprint[ANCHOR_Y], last_row - footprint[ANCHOR_Y]
    y_right = min(max((-tip - v) / c, low), high)
    y_left = min(max((tip - v) / c, low), high)
    v_right, v_left = v + c * y_right, v + c * y_left
    right = (math.sqrt(max(q - v_right * v_right, 0.0)) - u - b * y_right) / a
    left = (-math.sqrt(max(q - v_left * v_left, 0.0)) - u - b * y_left) / a
    first = footprint[ANCHOR_X] + left - _SLACK
    last = footprint[ANCHOR_X] + right + _SLACK
    return (
        int(math.ceil(min(max(first, 0.0), width))),
        int(math.floor(max(min(last, width - 1.0), -1.0))),
    )


@kernel
def count_tiles(footprints, start, stop, width, height, counts):
    """counts[tile] += 1 for every tile that footprints start to stop reach."""
    columns = (width + TILE - 1) // TILE
    for i in range(start, stop):
        footprint = footprints[i]
        first, last = row_span(footprint, height)
        for tile_row in range(first // TILE, last // TILE + 1):
            top, bottom = max(first, tile_row * TILE), min(last, tile_row * TILE + TILE - 1)
            left, right = column_span(footprint, top, bottom, width)
            for tile_column in range(left // TILE, right // TILE + 1):
                counts[tile_row * columns + tile_column] += 1


@kernel
def fill_tiles(footprints, start, stop, width, height, heads, members):
    """Writes footprints start to stop to the lists of their tiles, at `heads`, in order."""
    columns = (width + TILE - 1) // TILE
    for i in range(start, stop):
        footprint = footprints[i]
        first, last = row_span(footprint, height)
        for tile_row in range(first // TILE, last // TILE + 1):
            top, bottom = max(first, tile_row * TILE), min(last, tile_row * TILE + TILE - 1)
            left, right = column_span(footprint, top, bottom, width)
            for tile_column in range(left // TILE, right // TILE + 1):
                tile = tile_row * columns + tile_column
                members[heads[tile]] = i
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
