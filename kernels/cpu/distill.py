"""The weighted sum and its gradient, tile by tile: what learned weights are found with.

Per pixel, with weights w, alphas a and colours c,

    C = (1 - P) m,    P = prod (1 - a_i),    m = sum w_i a_i c_i / W,    W = sum w_i a_i.

For a loss with dL/dC = g and dL/d(1 - P) = h, and s = (1 - P) / W,

    dL/dc_i     = w_i a_i s g
    dL/d log w_i = w_i a_i s g . (c_i - m)
    dL/d log a_i = the same + a_i / (1 - a_i) P (g . m + h),    0 where alpha is capped.

Each entry of a tile's list gets sums of its own, which are added up afterwards in the order of the
lists: the result does not depend on threads.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import ALPHA_MAX
from .bins import TILE
from .jit import inline, kernel
from .project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from .sums import SUMS, WEIGHT_SUM, add_row, clear_sums, store_sums
from .tile import BATCH, FIRST, LANES, LAST, F, alpha_at, load_batch, place_batch

G_RED, G_GREEN, G_BLUE, G_MEAN, G_CLEAR = range(0, 5 * LANES, LANES)
"""Places in a row of a tile: s g, s g . m, and P (g . m + h)."""

PIXEL = 5
"""Values per pixel that `differentiate` reads, in the order above."""

GRADIENTS = 5
"""Values per entry that it writes: d log w, d log a, and dc."""


@kernel
def composite(
    tiles, first_tile, last_tile, starts, members, footprints, values, color, alpha, weights
):
    """Draws as `modes.weighted`, and keeps W in `weights` (H, W)."""
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    rows = np.empty((TILE, SUMS * LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    depth = np.empty((0, 0), np.float32)
    limit = np.empty((TILE, LANES), np.float32)  # of nothing: there are only splats
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        clear_sums(rows)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                z, weight = batch[DEPTH, j], values[members[start + j], 0]
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    u_row = u + b * F(i)
                    p_row = power - v_row * v_row
                    add_row(
                        rows, i, u_row, a, p_row, red, green, blue, z, weight, False, limit[i],
                        False,
                    )  # fmt: skip
        store_sums(rows, x0, y0, False, color, alpha, depth)
        for i in range(min(TILE, height - y0)):
            for k in range(min(TILE, width - x0)):
                weights[y0 + i, x0 + k] = rows[i, WEIGHT_SUM + k]


@kernel
def differentiate(
    tiles, first_tile, last_tile, starts, members, footprints, values, pixels, gradients
):
    """Gradients of the entries of tiles[first_tile:last_tile].

    Args:
        tiles, first_tile, last_tile, starts, members, footprints: see `modes`.
        values: (M, 1) weights.
        pixels: (H, W, 5) float32 s g, s g . m and P (g . m + h).
        gradients: (instances, 5) float32 out: of log w, log a and the colour.
    """
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + TILE - 1) // TILE
    # The tile's pixels, and below them the sums of a splat.
    rows = np.empty((TILE + 1, PIXEL * LANES), np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        rows[:] = F(0)
        for i in range(bottom + 1):
            for k in range(min(TILE, width - x0)):
                for column in range(PIXEL):
                    rows[i, column * LANES + k] = pixels[y0 + i, x0 + k, column]
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power = batch[LOG2_OPACITY, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                weight = values[members[start + j], 0]
                for k in range(GRADIENTS * LANES):
                    rows[TILE, k] = F(0)
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    v_row = v + c * F(i)
                    u_row = u + b * F(i)
                    _differentiate_row(
                        rows, i, u_row, a, power - v_row * v_row, red, green, blue, weight
                    )
                for column in range(GRADIENTS):
                    total = F(0)
                    for k in range(LANES):
                        total += rows[TILE, column * LANES + k]
                    gradients[start + j, column] = total


@inline
def _differentiate_row(rows, at, u, a, p, red, green, blue, weight):
    for k in range(LANES):
        alpha = alpha_at(p, u + a * F(k))
        share = weight * alpha
        g_red, g_green, g_blue = rows[at, G_RED + k], rows[at, G_GREEN + k], rows[at, G_BLUE + k]
        along = g_red * red + g_green * green + g_blue * blue - rows[at, G_MEAN + k]
        of_weight = share * along
        of_alpha = of_weight + alpha / (F(1) - alpha) * rows[at, G_CLEAR + k]
        rows[TILE, k] += of_weight
        rows[TILE, LANES + k] += of_alpha if alpha < F(ALPHA_MAX) else F(0)
        rows[TILE, 2 * LANES + k] += share * g_red
        rows[TILE, 3 * LANES + k] += share * g_green
        rows[TILE, 4 * LANES + k] += share * g_blue


@kernel
def to_parameters(
    splats, footprints, totals, means, eye, offset, radius, start, stop, log_weights, opacities,
    colors,
):  # fmt: skip
    """From gradients of visible splats start to stop to those of the scene's parameters.

    Args:
        splats: (M,) which splats of the scene.
        footprints: (M, 12).
        totals: (M, 5) see `differentiate`.
        means: (N, 3) centres.
        eye: (3,) float64 centre of projection.
        offset, radius: depth z counts as u = max(0, z - offset) / radius.
        start, stop: range of visible splats.
        log_weights: (N, 4) out, of l_0 and l.
        opacities: (N,) out, of the logarithm of the opacity.
        colors: (N, 3) out; 0 where a colour is cut off at black.

    Returns:
        The gradient of beta.
    """
    beta = 0.0
    for j in range(start, stop):
        i = splats[j]
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        slope = totals[j, 0]
        log_weights[i, 0] = slope
        log_weights[i, 1] = slope * dx * inv
        log_weights[i, 2] = slope * dy * inv
        log_weights[i, 3] = slope * dz * inv
        beta -= slope * max(0.0, footprints[j, DEPTH] - offset) / radius
        opacities[i] = totals[j, 1]
        for channel in range(3):
            lit = footprints[j, RED + channel] > F(0)
            colors[i, channel] = totals[j, 2 + channel] if lit else F(0)
    return beta
