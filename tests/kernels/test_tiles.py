"""Tile lists and the rasterizer's exponential against direct evaluation."""

import numpy as np
import pytest

from voile.kernels.cpu import project as columns
from voile.kernels.cpu.bins import TILE, make_tile_lists
from voile.kernels.cpu.jit import inline
from voile.kernels.cpu.scratch import Scratch
from voile.kernels.cpu.tile import exp2_small, place_batch
from voile.kernels.cpu.workers import Workers

WIDTH, HEIGHT = 150, 90


def footprints(n: int, seed: int) -> np.ndarray:
    """Random ellipses, from dots to needles longer than the image, centres in and around it."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-60, WIDTH + 60, n), rng.uniform(-60, HEIGHT + 60, n)
    long, short = 10 ** rng.uniform(-0.25, 2.3, n), 10 ** rng.uniform(-0.25, 1.0, n)
    turn = rng.uniform(0, np.pi, n)
    yy = (long * np.sin(turn)) ** 2 + (short * np.cos(turn)) ** 2
    xy = (long**2 - short**2) * np.sin(turn) * np.cos(turn)
    a, c = np.sqrt(0.5 * np.log2(np.e) * yy) / (long * short), np.sqrt(0.5 * np.log2(np.e) / yy)
    b = -a * xy / yy
    rows = np.zeros((n, columns.FOOTPRINT), np.float32)
    anchor_x = np.floor(np.clip(x, 0, WIDTH - 1))
    anchor_y = np.floor(np.clip(y, 0, HEIGHT - 1))
    dx, dy = anchor_x + 0.5 - x, anchor_y + 0.5 - y
    rows[:, columns.ANCHOR_X], rows[:, columns.ANCHOR_Y] = anchor_x, anchor_y
    rows[:, columns.U], rows[:, columns.V] = a * dx + b * dy, c * dy
    rows[:, columns.A], rows[:, columns.B], rows[:, columns.C] = a, b, c
    rows[:, columns.LOG2_OPACITY] = np.log2(rng.uniform(1 / 254, 1, n))
    return rows


def reached(row: np.ndarray, steps: int = 1) -> np.ndarray:
    """Where alpha >= 1/255, on a grid of `steps` samples a pixel: bool."""
    y, x = np.mgrid[: steps * (HEIGHT - 1) + 1, : steps * (WIDTH - 1) + 1] / steps
    r = row.astype(np.float64)
    dx, dy = x - r[columns.ANCHOR_X], y - r[columns.ANCHOR_Y]
    u = r[columns.U] + r[columns.A] * dx + r[columns.B] * dy
    v = r[columns.V] + r[columns.C] * dy
    return u * u + v * v <= r[columns.LOG2_OPACITY] - columns.LOG2_ALPHA_MIN


def tiles_of(inside: np.ndarray, steps: int = 1) -> np.ndarray:
    """The tiles in which a grid has a sample; those between two tiles' pixel centres do not count.

    Returns (tile rows, tile columns) bool.
    """
    y, x = np.nonzero(inside)
    within = (y % (steps * TILE) <= steps * (TILE - 1)) & (x % (steps * TILE) <= steps * (TILE - 1))
    tiles = np.zeros((-(-HEIGHT // TILE), -(-WIDTH // TILE)), bool)
    tiles[y[within] // (steps * TILE), x[within] // (steps * TILE)] = True
    return tiles


@pytest.mark.parametrize("threads", [1, 3])
def test_lists_hold_every_splat_that_reaches_a_tile(threads):
    rows = footprints(200, 0)
    starts, members = make_tile_lists(rows, WIDTH, HEIGHT, Workers(threads), Scratch())
    across = -(-WIDTH // TILE)
    listed = np.zeros((len(rows), -(-HEIGHT // TILE), across), bool)
    for tile in range(len(starts) - 1):
        members_of_tile = members[starts[tile] : starts[tile + 1]]
        assert (np.diff(members_of_tile.astype(np.int64)) > 0).all()
        listed[members_of_tile, tile // across, tile % across] = True
    extra = 0
    for i, row in enumerate(rows):
        assert not (tiles_of(reached(row)) & ~listed[i]).any()
        extra += int((listed[i] & ~tiles_of(reached(row, 4), 4)).sum())
    assert extra <= 0.01 * listed.sum()  # the ellipse touches them between samples


def test_rows_of_a_tile_hold_every_pixel_that_is_reached():
    place = inline(lambda x0, y0, batch: place_batch(x0, y0, batch))
    rows = footprints(32, 5)
    extra = total = 0
    for x0 in range(0, WIDTH, TILE):
        for y0 in range(0, HEIGHT, TILE):
            batch = np.ascontiguousarray(rows.T)
            place(np.float32(x0), np.float32(y0), batch)
            for j, row in enumerate(rows):
                part = reached(row)[y0 : y0 + TILE, x0 : x0 + TILE]
                hit = np.flatnonzero(part.any(axis=1))
                first, last = batch[columns.ANCHOR_X, j], batch[columns.ANCHOR_Y, j]
                total += len(hit)
                if len(hit):
                    assert first <= hit[0]
                    assert last >= hit[-1]
                    extra += last - first + 1 - len(hit)
    assert total > 1000
    assert extra < 0.1 * total  # rows where a needle passes between two pixel centres


def test_exponential_of_two():
    p = np.linspace(-8, 0, 100_001).astype(np.float32)
    evaluate = inline(lambda p, out: _fill(p, out))
    out = np.empty_like(p)
    evaluate(p, out)
    np.testing.assert_allclose(out, np.exp2(p.astype(np.float64)), rtol=3e-6)


@inline
def _fill(p, out):
    for i in range(len(p)):
        out[i] = exp2_small(p[i])
