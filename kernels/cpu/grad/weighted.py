"""`weighted` and `learned`, and their gradient: a weighted sum (McGuire and Bavoil 2013).

Per pixel, with weights w, alphas a, colours c and depths z,

    C = (1 - P) m,    Z = sum w_i a_i z_i / W,
    P = prod (1 - a_i),    m = sum w_i a_i c_i / W,    W = sum w_i a_i.

For a loss with slopes g, g_a and g_z by C, 1 - P and Z, and s = (1 - P) / W,

    dL/dc_i      = w_i a_i s g,    dL/dz_i = w_i a_i g_z / W
    dL/d log w_i = w_i a_i (s g . (c_i - m) + g_z (z_i - Z) / W)
    dL/d log a_i = the same + a_i / (1 - a_i) P (g . m + g_a),    0 where alpha is capped.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...constants import ALPHA_MAX
from ..bins import TILE
from ..jit import inline, kernel, merge
from ..meet import load_surfels
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
from ..sums import VANISHED
from ..tile import BATCH, FIRST, LANES, LAST, load_batch, place_batch
from . import pixel
from .pixel import (
    AT_PIXELS,
    BY_DEPTH,
    ENTRY,
    MET_ALPHA,
    MET_DEPTH,
    ROWS,
    SHAPELESS,
    SURFEL_ENTRY,
    WIDTH,
    add_moments,
    clear_lanes,
    load_pixels,
    splat_alpha,
    sum_lanes,
)
from .shot import Picture, Real, Shot
from .surfels import add_moments as add_disc_moments
from .surfels import is_surfel, meet_row, new_discs

ORDER = "scene"

CLEAR, RED_SUM, GREEN_SUM, BLUE_SUM, DEPTH_SUM, WEIGHT_SUM = range(0, 6 * LANES, LANES)
"""Places in a row of a tile that is drawn."""

G_RED, G_GREEN, G_BLUE, G_DEPTH, G_MEAN, G_CLEAR = range(0, 6 * LANES, LANES)
"""Places in a row of a tile that is differentiated."""

PIXEL = 6
"""Values per pixel that `differentiate` reads: s g, g_z / W, s g . m + g_z Z / W and
P (g . m + g_a)."""


def params(shot: Shot, dtype: np.dtype[Any]) -> None:
    """Nothing."""


def pixels_of(picture: Picture, g: Real, g_alpha: Real, g_depth: Real) -> Real:
    """What `differentiate` reads, from slopes of the loss by the picture."""
    some = picture.total > 0
    cover, total = np.where(some, picture.alpha, 1), np.where(some, picture.total, 1)
    along = np.einsum("ijk,ijk->ij", g, picture.color) / cover
    scale = np.where(some, cover / total, 0)
    pixels = np.zeros((*picture.alpha.shape, PIXEL), g.dtype)
    pixels[..., :3] = g * scale[..., None]
    pixels[..., 4] = along * scale
    pixels[..., 5] = (1 - picture.alpha) * (along + g_alpha)
    if picture.depth.size:
        pixels[..., 3] = np.where(some, g_depth / total, 0)
        pixels[..., 4] += pixels[..., 3] * picture.depth
    return pixels


@kernel
def composite(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, params,
    color, alpha, depth, total, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile], and keeps W in `total` (H, W).

    The arguments are those of `cpu.modes`, in the precision of the footprints; `values` (M,) are
    the weights. `params` is not used.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    rows = np.empty((TILE, 6 * LANES if surfels is None else WIDTH), footprints.dtype)
    batch = np.ones((FOOTPRINT, BATCH), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        start_tile(rows)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, real(x0), real(y0), discs)
            place_batch(real(x0), real(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                weight = values[members[start + j]]
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    y = real(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    if surfels is not None and is_surfel(discs, j):
                        meet_row(discs, j, rows, i, z, power)
                        _add_row(
                            rows, i, u_row, a, p_row, red, green, blue, z, weight, with_depth, True
                        )
                        continue
                    _add_row(
                        rows, i, u_row, a, p_row, red, green, blue, z, weight, with_depth, None
                    )
        store_tile(rows, x0, y0, with_depth, color, alpha, depth)
        for i in range(bottom + 1):
            for k in range(min(TILE, width - x0)):
                total[y0 + i, x0 + k] = rows[i, WEIGHT_SUM + k]


@inline
def start_tile(rows):
    """Nothing drawn yet."""
    for i in range(TILE):
        for k in range(LANES):
            rows[i, CLEAR + k] = 1
        for k in range(LANES, 6 * LANES):
            rows[i, k] = 0


@inline
def store_tile(rows, x0, y0, with_depth, color, alpha, depth):
    """C, 1 - P and Z from the sums to the images."""
    height, width = alpha.shape
    real = rows.dtype.type
    for i in range(min(TILE, height - y0)):
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            sum_of_weights = rows[i, WEIGHT_SUM + k]
            if sum_of_weights > real(0):
                cover = real(1) - rows[i, CLEAR + k]
                share = cover / sum_of_weights
                alpha[y, x] = cover
                color[y, x, 0] = share * rows[i, RED_SUM + k]
                color[y, x, 1] = share * rows[i, GREEN_SUM + k]
                color[y, x, 2] = share * rows[i, BLUE_SUM + k]
                if with_depth is not None:
                    depth[y, x] = rows[i, DEPTH_SUM + k] / sum_of_weights


@merge
def _add_row(rows, at, u, a, p, red, green, blue, z, weight, with_depth, met):
    real = rows.dtype.type
    for k in range(LANES):
        alpha = splat_alpha(p, u + a * real(k)) if met is None else rows[at, MET_ALPHA + k]
        clear = rows[at, CLEAR + k] * (real(1) - alpha)
        rows[at, CLEAR + k] = clear if clear > real(VANISHED) else real(0)
        share = weight * alpha
        rows[at, RED_SUM + k] += share * red
        rows[at, GREEN_SUM + k] += share * green
        rows[at, BLUE_SUM + k] += share * blue
        rows[at, WEIGHT_SUM + k] += share
        if with_depth is not None:
            rows[at, DEPTH_SUM + k] += share * (z if met is None else rows[at, MET_DEPTH + k])


@kernel
def differentiate(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, params, pixels,
    entries, surfels=None,
):  # fmt: skip
    """Slopes of the entries of tiles[first_tile:last_tile]; see `sorted.differentiate`.

    `pixels` (H, W, 6) are those of `PIXEL`.
    """
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    with_shape = entries.shape[1] > SHAPELESS
    rows = np.empty((ROWS, (ENTRY if surfels is None else SURFEL_ENTRY) * LANES), footprints.dtype)
    batch = np.ones((FOOTPRINT, BATCH), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        bottom = min(TILE, height - y0) - 1
        load_pixels(pixels, x0, y0, G_RED, rows)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, real(x0), real(y0), discs)
            place_batch(real(x0), real(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                weight = values[members[start + j]]
                clear_lanes(rows, entries.shape[1])
                for i in range(int(batch[FIRST, j]), min(bottom, int(batch[LAST, j])) + 1):
                    y = real(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    if surfels is not None and is_surfel(discs, j):
                        meet_row(discs, j, rows, i, z, power)
                        _differentiate_row(
                            rows, i, u_row, a, p_row, red, green, blue, z, weight, with_depth, True
                        )
                        if with_shape:
                            add_disc_moments(discs, j, rows, i)
                        continue
                    _differentiate_row(
                        rows, i, u_row, a, p_row, red, green, blue, z, weight, with_depth, None
                    )
                    if with_shape:
                        add_moments(rows, u_row, a, v_row)
                sum_lanes(rows, entries[start + j])


@merge
def _differentiate_row(rows, at, u, a, p, red, green, blue, z, weight, with_depth, met):
    real = rows.dtype.type
    for k in range(LANES):
        alpha = splat_alpha(p, u + a * real(k)) if met is None else rows[at, MET_ALPHA + k]
        share = weight * alpha
        g_red, g_green, g_blue = rows[at, G_RED + k], rows[at, G_GREEN + k], rows[at, G_BLUE + k]
        along = g_red * red + g_green * green + g_blue * blue - rows[at, G_MEAN + k]
        rows[TILE, pixel.RED * LANES + k] += share * g_red
        rows[TILE, pixel.GREEN * LANES + k] += share * g_green
        rows[TILE, pixel.BLUE * LANES + k] += share * g_blue
        if with_depth is not None:
            g_depth = rows[at, G_DEPTH + k]
            along += g_depth * (z if met is None else rows[at, MET_DEPTH + k])
            if met is None:
                rows[TILE, pixel.DEPTH * LANES + k] += share * g_depth
            else:
                rows[AT_PIXELS, BY_DEPTH + k] = share * g_depth
        elif met is not None:
            rows[AT_PIXELS, BY_DEPTH + k] = real(0)
        of_weight = share * along
        rows[TILE, pixel.WEIGHT * LANES + k] += of_weight
        e = of_weight + alpha / (real(1) - alpha) * rows[at, G_CLEAR + k]
        e = e if alpha < real(ALPHA_MAX) else real(0)
        rows[TILE, pixel.E * LANES + k] += e
        rows[AT_PIXELS, k] = e
