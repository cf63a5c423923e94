"""One differentiable frame on the CPU: draw, and go back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...constants import TRANSMITTANCE_STOP
from ..bins import make_tile_lists
from ..frame import BATCHES_PER_THREAD, Columns, schedule
from ..project import FOOTPRINT, KEEP_ALL, View, gather, list_places
from ..project import project as project_columns
from ..scratch import Scratch
from ..sort import CHUNK, sort_slices
from ..workers import Workers
from . import project, sorted, weighted
from .entries import add_up
from .pixel import ENTRY

Real = NDArray[Any]  # float32 or float64, the type of the scene's columns

MODES = {"sorted": sorted, "weighted": weighted}
"""Modes with a gradient, by name."""


class Shot(NamedTuple):
    """How a scene is drawn.

    Attributes:
        view: the camera.
        size: width and height, pixels.
        degree: of the spherical harmonics, at most that of the columns.
        antialias: see `cpu.project.project`.
        with_depth: also draw expected depth.
        mode: of `MODES`.
    """

    view: View
    size: tuple[int, int]
    degree: int
    antialias: bool
    with_depth: bool
    mode: str


class Picture(NamedTuple):
    """Colour (H, W, 3) premultiplied, coverage (H, W), expected depth (H, W) or (0, 0), and the sum
    of the weights (H, W) of mode weighted, else (0, 0)."""

    color: Real
    alpha: Real
    depth: Real
    total: Real


class Lists(NamedTuple):
    """What a picture was drawn from: M visible splats, front to back in mode sorted.

    Attributes:
        footprints: (M, 12), see `cpu.project`.
        splats: (M,) uint32, which of the scene's.
        starts, members: lists of the tiles, see `cpu.bins`.
    """

    footprints: Real
    splats: NDArray[np.uint32]
    starts: NDArray[np.int64]
    members: NDArray[np.uint32]


class Slopes(NamedTuple):
    """Slopes of a loss by columns of the scene and by log weights; of what is unwanted, 0 rows."""

    means: Real
    quats: Real
    scales: Real
    opacities: Real
    sh: Real
    log_weights: Real


def draw(
    columns: Columns, log_weights: Real, shot: Shot, workers: Workers
) -> tuple[Picture, Lists]:
    """Draws splats.

    Args:
        columns: N splats, all float32 or all float64. In float32 compositing stops where less than
            1e-4 is seen of what follows, and in float64 it goes on, as in the reference.
        log_weights: (N,) logarithms of the weights of mode weighted; else (0,).
        shot: how.
        workers: threads to use; they do not change the result.
    """
    width, height = shot.size
    dtype, mode = columns.means.dtype, MODES[shot.mode]
    footprints, splats = _project(columns, shot, workers)
    starts, members = make_tile_lists(footprints, width, height, workers, Scratch())
    values = _weigh(splats, log_weights, workers)
    picture = Picture(
        np.zeros((height, width, 3), dtype),
        np.zeros((height, width), dtype),
        np.zeros((height, width) if shot.with_depth else (0, 0), dtype),
        np.zeros((height, width) if mode is weighted else (0, 0), dtype),
    )
    tiles, edges = schedule(starts, BATCHES_PER_THREAD * workers.count)

    def composite(k: int) -> None:
        mode.composite(
            tiles, edges[k], edges[k + 1], starts, members, footprints, values, shot.with_depth,
            _stop(dtype), *picture,
        )  # fmt: skip

    workers.map(composite, len(edges) - 1)
    return picture, Lists(footprints, splats, starts, members)


def differentiate(
    columns: Columns,
    log_weights: Real,
    shot: Shot,
    picture: Picture,
    lists: Lists,
    slopes: tuple[Real, Real, Real],
    with_shape: bool,
    workers: Workers,
) -> Slopes:
    """Slopes of a loss by what was drawn.

    Args:
        columns, log_weights, shot: as given to `draw`.
        picture, lists: what `draw` gave.
        slopes: of the loss by colour, coverage and, where it was drawn, depth.
        with_shape: also by means, quaternions and scales.
        workers: threads to use; they do not change the result.
    """
    footprints, splats, starts, members = lists
    dtype, mode = columns.means.dtype, MODES[shot.mode]
    pixels = _sorted_pixels(picture, *slopes) if mode is sorted else _sum_pixels(picture, *slopes)
    values = _weigh(splats, log_weights, workers)
    entries = np.zeros((len(members), ENTRY), dtype)
    tiles, edges = schedule(starts, BATCHES_PER_THREAD * workers.count)

    def visit(k: int) -> None:
        mode.differentiate(
            tiles, edges[k], edges[k + 1], starts, members, footprints, values, shot.with_depth,
            with_shape, _stop(dtype), pixels, entries,
        )  # fmt: skip

    workers.map(visit, len(edges) - 1)
    totals = add_up(members, entries, len(splats), workers)
    n = len(columns.means)
    found = Slopes(
        np.zeros((n if with_shape else 0, 3), dtype),
        np.zeros((n if with_shape else 0, 4), dtype),
        np.zeros((n if with_shape else 0, 3), dtype),
        np.zeros(n, dtype),
        np.zeros(columns.sh.shape, dtype),
        np.zeros(len(log_weights), dtype),
    )
    eye = shot.view.position

    def follow(k: int) -> None:
        span = k * CHUNK, min((k + 1) * CHUNK, len(splats))
        if with_shape:
            project.shape_slopes(
                columns.means, columns.quats, columns.scales, shot.view, shot.antialias, splats,
                footprints, totals, *span, found.means, found.quats, found.scales,
            )  # fmt: skip
        project.color_slopes(
            columns.means, columns.sh, eye, shot.degree, splats, footprints, totals, *span,
            found.means, found.sh,
        )  # fmt: skip
        project.value_slopes(
            splats, columns.opacities, log_weights, totals, *span, found.opacities,
            found.log_weights,
        )  # fmt: skip

    workers.map(follow, -(-len(splats) // CHUNK))
    return found


def _project(columns: Columns, shot: Shot, workers: Workers) -> tuple[Real, NDArray[np.uint32]]:
    """Footprints and numbers of the visible splats, in the order in which they are drawn."""
    n, dtype = len(columns.means), columns.means.dtype
    z, which = np.empty(n), np.empty(n, np.uint32)
    footprints = np.empty((n, FOOTPRINT), dtype)

    def project_chunk(k: int) -> int:
        # Of colours only the first degree, as `light` follows, in the precision of the columns.
        return project_columns(
            *columns, shot.view, 0, 1.0, shot.antialias, KEEP_ALL, k * CHUNK,
            min((k + 1) * CHUNK, n), z, which, footprints,
        )  # fmt: skip

    counts = np.array(workers.map(project_chunk, -(-n // CHUNK)), np.int64)
    if shot.mode == "sorted":
        places = sort_slices(z, counts, CHUNK, workers, Scratch())
    else:
        places = np.empty(int(counts.sum()), np.uint64)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        for k, count in enumerate(counts):
            list_places(k * CHUNK, count, offsets[k], places)
    visible = len(places)
    ordered, splats = np.empty((visible, FOOTPRINT), dtype), np.empty(visible, np.uint32)

    def gather_chunk(k: int) -> None:
        span = k * CHUNK, min((k + 1) * CHUNK, visible)
        gather(places, *span, footprints, which, ordered, splats)
        project.light(
            columns.means, columns.sh, shot.view.position, shot.degree, splats, *span, ordered
        )

    workers.map(gather_chunk, -(-visible // CHUNK))
    return ordered, splats


def _weigh(splats: NDArray[np.uint32], log_weights: Real, workers: Workers) -> Real:
    values = np.empty(len(splats) if len(log_weights) else 0, log_weights.dtype)

    def weigh_chunk(k: int) -> None:
        project.weigh(splats, log_weights, k * CHUNK, min((k + 1) * CHUNK, len(values)), values)

    workers.map(weigh_chunk, -(-len(values) // CHUNK))
    return values


def _stop(dtype: np.dtype[Any]) -> Any:
    return dtype.type(TRANSMITTANCE_STOP if dtype == np.float32 else 0)


def _sorted_pixels(picture: Picture, g: Real, g_alpha: Real, g_depth: Real) -> Real:
    """What `sorted.differentiate` reads: g, g_z, and what is behind nothing.

    Depth is D / alpha, so its slope by D is g_depth / alpha, and by alpha -g_depth depth / alpha.
    """
    pixels = np.zeros((*picture.alpha.shape, sorted.PIXEL), g.dtype)
    pixels[..., :3] = g
    pixels[..., 4] = np.einsum("ijk,ijk->ij", g, picture.color)
    if picture.depth.size:
        alpha = np.where(picture.alpha > 0, picture.alpha, 1)
        pixels[..., 3] = np.where(picture.alpha > 0, g_depth / alpha, 0)
        g_alpha = g_alpha - pixels[..., 3] * picture.depth
        pixels[..., 4] += pixels[..., 3] * picture.depth * picture.alpha
    pixels[..., 4] -= g_alpha * (1 - picture.alpha)
    return pixels


def _sum_pixels(picture: Picture, g: Real, g_alpha: Real, g_depth: Real) -> Real:
    """What `weighted.differentiate` reads."""
    some = picture.total > 0
    cover, total = np.where(some, picture.alpha, 1), np.where(some, picture.total, 1)
    along = np.einsum("ijk,ijk->ij", g, picture.color) / cover
    scale = np.where(some, cover / total, 0)
    pixels = np.zeros((*picture.alpha.shape, weighted.PIXEL), g.dtype)
    pixels[..., :3] = g * scale[..., None]
    pixels[..., 4] = along * scale
    pixels[..., 5] = (1 - picture.alpha) * (along + g_alpha)
    if picture.depth.size:
        pixels[..., 3] = np.where(some, g_depth / total, 0)
        pixels[..., 4] += pixels[..., 3] * picture.depth
    return pixels
