"""`sorted` and its gradient: compositing front to back (Kerbl et al. 2023).

Per pixel, with L = g . C + g_z D + g_a (1 - T_end), s_i = g . c_i + g_z z_i, and what is behind
splat i, R_i = sum_{j > i} T_j alpha_j s_j - g_a T_end,

    dL/dc_i     = T_i alpha_i g,    dL/dz_i = T_i alpha_i g_z
    dL/dalpha_i = T_i s_i - R_i / (1 - alpha_i),    0 where alpha is capped.

R begins as all of L but for a constant and loses what each splat adds, so tiles are walked in the
order in which they were drawn, and nothing but the picture is kept of that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...constants import ALPHA_MAX, TRANSMITTANCE_STOP
from ..bins import TILE
from ..jit import inline, kernel, merge
from ..meet import load_surfels
from ..project import BLUE, DEPTH, FOOTPRINT, GREEN, LOG2_OPACITY, RED, A, B, C, U, V
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

ORDER = "depth"

CLEAR, RED_SUM, GREEN_SUM, BLUE_SUM, DEPTH_SUM = range(0, 5 * LANES, LANES)
"""Places in a row of a tile that is drawn: transmittance and what was composited."""

G_RED, G_GREEN, G_BLUE, G_DEPTH, BEHIND = range(LANES, 6 * LANES, LANES)
"""Places in a row of a tile that is differentiated, after the transmittance."""

PIXEL = 5
"""Values per pixel that `differentiate` reads: g, g_z, and R before the first splat."""


def params(shot: Shot, dtype: np.dtype[Any]) -> Any:
    """The transmittance at which compositing stops: as the renderer does in float32, else none."""
    return dtype.type(TRANSMITTANCE_STOP if dtype == np.float32 else 0)


def pixels_of(picture: Picture, g: Real, g_alpha: Real, g_depth: Real) -> Real:
    """What `differentiate` reads, from slopes of the loss by the picture.

    Depth is D / alpha, so its slope by D is g_depth / alpha, and by alpha -g_depth depth / alpha.
    """
    pixels = np.zeros((*picture.alpha.shape, PIXEL), g.dtype)
    pixels[..., :3] = g
    pixels[..., 4] = np.einsum("ijk,ijk->ij", g, picture.color)
    if picture.depth.size:
        alpha = np.where(picture.alpha > 0, picture.alpha, 1)
        pixels[..., 3] = np.where(picture.alpha > 0, g_depth / alpha, 0)
        g_alpha = g_alpha - pixels[..., 3] * picture.depth
        pixels[..., 4] += pixels[..., 3] * picture.depth * picture.alpha
    pixels[..., 4] -= g_alpha * (1 - picture.alpha)
    return pixels


@kernel
def composite(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, stop,
    color, alpha, depth, total, surfels=None,
):  # fmt: skip
    """Draws tiles[first_tile:last_tile], each row of one until all of it has T < `stop`.

    The arguments are those of `cpu.modes`, in the precision of the footprints. `total` is not used.
    """
    height, width = alpha.shape
    columns = (width + TILE - 1) // TILE
    real = footprints.dtype.type
    rows = np.empty((TILE, 5 * LANES if surfels is None else WIDTH), footprints.dtype)
    batch = np.ones((FOOTPRINT, BATCH), footprints.dtype)
    discs = None if surfels is None else new_discs(footprints)
    for t in range(first_tile, last_tile):
        tile = tiles[t]
        start, end = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        start_tile(rows)
        top, bottom = 0, min(TILE, height - y0) - 1
        while start < end and top <= bottom:
            count = min(BATCH, end - start)
            load_batch(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, real(x0), real(y0), discs)
            place_batch(real(x0), real(y0), batch)
            start += count
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                first, last = max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j]))
                for i in range(first, last + 1):
                    y = real(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    if surfels is not None and is_surfel(discs, j):
                        meet_row(discs, j, rows, i, z, power)
                        _shade_row(rows, i, u_row, a, p_row, red, green, blue, z, with_depth, True)
                        continue
                    _shade_row(rows, i, u_row, a, p_row, red, green, blue, z, with_depth, None)
            top, bottom = open_rows(rows, top, bottom, stop)
        store_tile(rows, x0, y0, with_depth, color, alpha, depth)


@inline
def start_tile(rows):
    """Nothing drawn yet."""
    for i in range(TILE):
        for k in range(LANES):
            rows[i, CLEAR + k] = 1
        for k in range(LANES, 5 * LANES):
            rows[i, k] = 0


@inline
def store_tile(rows, x0, y0, with_depth, color, alpha, depth):
    """What was composited to the images; expected depth is over coverage."""
    height, width = alpha.shape
    real = rows.dtype.type
    for i in range(min(TILE, height - y0)):
        y = y0 + i
        for k in range(min(TILE, width - x0)):
            x = x0 + k
            cover = real(1) - rows[i, CLEAR + k]
            alpha[y, x] = cover
            color[y, x, 0] = rows[i, RED_SUM + k]
            color[y, x, 1] = rows[i, GREEN_SUM + k]
            color[y, x, 2] = rows[i, BLUE_SUM + k]
            if with_depth is not None and cover > real(0):
                depth[y, x] = rows[i, DEPTH_SUM + k] / cover


@merge
def _shade_row(rows, at, u, a, p, red, green, blue, z, with_depth, met):
    real = rows.dtype.type
    for k in range(LANES):
        clear = rows[at, CLEAR + k]
        alpha = splat_alpha(p, u + a * real(k)) if met is None else rows[at, MET_ALPHA + k]
        weight = alpha * clear
        rows[at, CLEAR + k] = clear - weight
        rows[at, RED_SUM + k] += weight * red
        rows[at, GREEN_SUM + k] += weight * green
        rows[at, BLUE_SUM + k] += weight * blue
        if with_depth is not None:
            rows[at, DEPTH_SUM + k] += weight * (z if met is None else rows[at, MET_DEPTH + k])


@inline
def open_rows(rows, top, bottom, stop):
    """First and last row, of those from top to bottom, with a pixel of T >= `stop`."""
    while top <= bottom and _most_clear(rows, top) < stop:
        top += 1
    while top <= bottom and _most_clear(rows, bottom) < stop:
        bottom -= 1
    return top, bottom


@inline
def _most_clear(rows, at):
    most = rows[at, CLEAR]
    for k in range(1, LANES):
        most = max(most, rows[at, CLEAR + k])
    return most


@kernel
def differentiate(
    tiles, first_tile, last_tile, starts, members, footprints, values, with_depth, stop, pixels,
    entries, surfels=None,
):  # fmt: skip
    """Slopes of the entries of tiles[first_tile:last_tile].

    Args:
        tiles, first_tile, last_tile, starts, members, footprints, values, stop: as for `composite`.
        with_depth: true where the loss has to do with depth, else None.
        pixels: (H, W, 5) see `PIXEL`.
        entries: (instances, 11 or 6) zeros, out; see `pixel`.
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
        start, end = starts[tile], starts[tile + 1]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        for i in range(TILE):
            for k in range(LANES):
                rows[i, CLEAR + k] = 1
        load_pixels(pixels, x0, y0, G_RED, rows)
        top, bottom = 0, min(TILE, height - y0) - 1
        while start < end and top <= bottom:
            count = min(BATCH, end - start)
            load_batch(members, start, count, footprints, batch)
            if surfels is not None:
                load_surfels(members, start, count, footprints, surfels, real(x0), real(y0), discs)
            place_batch(real(x0), real(y0), batch)
            for j in range(count):
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                power, z = batch[LOG2_OPACITY, j], batch[DEPTH, j]
                red, green, blue = batch[RED, j], batch[GREEN, j], batch[BLUE, j]
                clear_lanes(rows, entries.shape[1])
                first, last = max(top, int(batch[FIRST, j])), min(bottom, int(batch[LAST, j]))
                for i in range(first, last + 1):
                    y = real(i)
                    v_row = v + c * y
                    u_row = u + b * y
                    p_row = power - v_row * v_row
                    if surfels is not None and is_surfel(discs, j):
                        meet_row(discs, j, rows, i, z, power)
                        _differentiate_row(
                            rows, i, u_row, a, p_row, red, green, blue, z, with_depth, True
                        )
                        if with_shape:
                            add_disc_moments(discs, j, rows, i)
                        continue
                    _differentiate_row(
                        rows, i, u_row, a, p_row, red, green, blue, z, with_depth, None
                    )
                    if with_shape:
                        add_moments(rows, u_row, a, v_row)
                sum_lanes(rows, entries[start + j])
            start += count
            top, bottom = open_rows(rows, top, bottom, stop)


@merge
def _differentiate_row(rows, at, u, a, p, red, green, blue, z, with_depth, met):
    real = rows.dtype.type
    for k in range(LANES):
        alpha = splat_alpha(p, u + a * real(k)) if met is None else rows[at, MET_ALPHA + k]
        clear = rows[at, CLEAR + k]
        share = alpha * clear
        rows[at, CLEAR + k] = clear - share
        g_red, g_green, g_blue = rows[at, G_RED + k], rows[at, G_GREEN + k], rows[at, G_BLUE + k]
        along = g_red * red + g_green * green + g_blue * blue
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
        behind = rows[at, BEHIND + k] - share * along
        rows[at, BEHIND + k] = behind
        slope = clear * along - behind / (real(1) - alpha)
        e = alpha * slope if alpha < real(ALPHA_MAX) else real(0)
        rows[TILE, pixel.E * LANES + k] += e
        rows[AT_PIXELS, k] = e
