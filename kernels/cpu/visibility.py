"""How much of every splat a view sees, and what follows for its weight in an unordered sum."""

from __future__ import annotations

import math

import numpy as np

from .bins import TILE
from .jit import inline, kernel
from .project import FOOTPRINT, LOG2_OPACITY, A, B, C, U, V
from .tile import BATCH, FIRST, LANES, LAST, F, alpha_at, load_batch, place_batch

EQUATIONS = 14
"""Values of a splat's normal equations: the upper triangle of a symmetric 4x4 matrix by rows, and
the right side."""


@kernel
def measure(tiles, first_tile, last_tile, starts, members, footprints, height, width, seen):
    """Sums over pixels, for every entry of the lists of tiles[first_tile:last_tile].

    Args:
        tiles, first_tile, last_tile, starts, members, footprints: see `modes`; front to back.
        height, width: of the image, pixels.
        seen: (instances, 2) out: sum T alpha and sum alpha over the entry's tile.
    """
    columns = (width + TILE - 1) // TILE
    # A row of 16 pixels for each of the tile's: T; the last one has the two sums.
    rows = np.empty((TILE + 2, LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        for i in range(TILE):
            for k in range(LANES):
                # What lies beyond the image's right edge is not seen.
                rows[i, k] = F(1) if x0 + k < width else F(0)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j]
                for k in range(LANES):
                    rows[TILE, k] = F(0)
                    rows[TILE + 1, k] = F(0)
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    _see_row(rows, i, u + b * F(i), a, power - v_row * v_row)
                visible = F(0)
                total = F(0)
                for k in range(LANES):
                    visible += rows[TILE, k]
                    total += rows[TILE + 1, k]
                seen[start + j, 0] = visible
                seen[start + j, 1] = total


@inline
def _see_row(rows, at, u, a, p):
    for k in range(LANES):
        alpha = alpha_at(p, u + a * F(k))
        visible = rows[at, k] * alpha
        # Far below what shows, and above the subnormal numbers, which are slow.
        rows[at, k] = max(rows[at, k] - visible, F(1e-20))
        rows[TILE, k] += visible
        rows[TILE + 1, k] += alpha


@kernel
def add_equations(splats, totals, means, eye, floor, start, stop, equations):
    """Adds a view to the normal equations of log v = l_0 + l . d, for visible splats start to stop.

    v = sum T alpha / sum alpha is the visibility of a splat from the view, d the unit direction to
    it; a view counts with the root of sum alpha.

    Args:
        splats: (M,) which splats of the scene are visible.
        totals: (M, 2) sum T alpha and sum alpha.
        means: (N, 3) centres.
        eye: (3,) float64 centre of projection.
        floor: is added to v.
        start, stop: range of visible splats.
        equations: (N, 14) float32, added to.
    """
    for j in range(start, stop):
        if not totals[j, 1] > F(0):
            continue
        i = splats[j]
        weight = math.sqrt(totals[j, 1])
        value = math.log(totals[j, 0] / totals[j, 1] + floor)
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        x, y, z = dx * inv, dy * inv, dz * inv
        equations[i, 0] += weight
        equations[i, 1] += weight * x
        equations[i, 2] += weight * y
        equations[i, 3] += weight * z
        equations[i, 4] += weight * x * x
        equations[i, 5] += weight * x * y
        equations[i, 6] += weight * x * z
        equations[i, 7] += weight * y * y
        equations[i, 8] += weight * y * z
        equations[i, 9] += weight * z * z
        equations[i, 10] += weight * value
        equations[i, 11] += weight * value * x
        equations[i, 12] += weight * value * y
        equations[i, 13] += weight * value * z
