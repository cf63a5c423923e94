"""One differentiable frame on the CPU: draw, and go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...constants import TRANSMITTANCE_STOP
from ..bins import make_tile_lists
from ..frame import BATCHES_PER_THREAD, Columns, Visible, schedule
from ..meet import gather_surfels
from ..project import FOOTPRINT, KEEP_ALL, View, gather, list_places
from ..project import project as project_columns
from ..scratch import Scratch
from ..sort import CHUNK, sort_slices
from ..surfels import SURFEL
from ..workers import Workers
from . import project, sorted, surfels, weighted
from .entries import add_up
from .pixel import ENTRY, SHAPELESS, SURFEL_ENTRY

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
        surfels: whether splats of no thickness are surfels; otherwise they are flat ellipsoids.
    """

    view: View
    size: tuple[int, int]
    degree: int
    antialias: bool
    with_depth: bool
    mode: str
    surfels: bool = False


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
        values: (M,) weights of mode weighted, else (0,).
        starts, members: lists of the tiles, see `cpu.bins`.
        discs: (M, 13) of a scene with surfels, see `cpu.surfels`, else (0, 13).
    """

    footprints: Real
    splats: NDArray[np.uint32]
    values: Real
    starts: NDArray[np.int64]
    members: NDArray[np.uint32]
    discs: Real

    @property
    def surfels(self) -> tuple[Real, ...]:
        """What the kernels are given of surfels; nothing, and they are compiled without."""
        return () if len(self.discs) == 0 else (self.discs,)


class Slopes(NamedTuple):
    """Slopes of a loss by columns of the scene and by log weights; of what is unwanted, 0 rows."""

    means: Real
    quats: Real
    scales: Real
    opacities: Real
    sh: Real
    log_weights: Real


def draw(
    columns: Columns,
    shot: Shot,
    weigh: Callable[[Visible, Workers], Real] | None,
    workers: Workers,
) -> tuple[Picture, Lists]:
    """Draws splats.

    Args:
        columns: N splats, all float32 or all float64. In float32 compositing stops where less than
            1e-4 is seen of what follows, and in float64 it goes on, as in the reference.
        shot: how.
        weigh: gives the (M,) weights of the visible splats, in mode weighted.
        workers: threads to use; they do not change the result.
    """
    width, height = shot.size
    dtype, mode = columns.means.dtype, MODES[shot.mode]
    lists = lists_of(columns, shot, weigh, workers)
    picture = Picture(
        np.zeros((height, width, 3), dtype),
        np.zeros((height, width), dtype),
        np.zeros((height, width) if shot.with_depth else (0, 0), dtype),
        np.zeros((height, width) if mode is weighted else (0, 0), dtype),
    )

    def composite(tiles: NDArray[np.int64], first: int, last: int) -> None:
        mode.composite(
            tiles, first, last, lists.starts, lists.members, lists.footprints, lists.values,
            shot.with_depth or None, _stop(dtype), *picture, *lists.surfels,
        )  # fmt: skip

    each_batch(lists, workers, composite)
    return picture, lists


def lists_of(
    columns: Columns,
    shot: Shot,
    weigh: Callable[[Visible, Workers], Real] | None,
    workers: Workers,
) -> Lists:
    """What `draw` draws from."""
    visible, discs = _project(columns, shot, workers)
    values = weigh(visible, workers) if weigh else np.empty(0, columns.means.dtype)
    starts, members = make_tile_lists(visible.footprints, *shot.size, workers, Scratch())
    return Lists(*visible, values, starts, members, discs)


def each_batch(
    lists: Lists, workers: Workers, visit: Callable[[NDArray[np.int64], int, int], None]
) -> None:
    """Calls visit(tiles, first, last) for batches of the tiles that have splats."""
    tiles, edges = schedule(lists.starts, BATCHES_PER_THREAD * workers.count)
    workers.map(lambda k: visit(tiles, edges[k], edges[k + 1]), len(edges) - 1)


def weights_of(log_weights: Real) -> Callable[[Visible, Workers], Real]:
    """`weigh` for (N,) logarithms of weights."""

    def weigh(visible: Visible, workers: Workers) -> Real:
        splats = visible.splats
        values = np.empty(len(splats), log_weights.dtype)

        def weigh_chunk(k: int) -> None:
            project.weigh(splats, log_weights, k * CHUNK, min((k + 1) * CHUNK, len(splats)), values)

        workers.map(weigh_chunk, -(-len(splats) // CHUNK))
        return values

    return weigh


def collect(
    shot: Shot,
    picture: Picture,
    lists: Lists,
    slopes: tuple[Real, Real, Real],
    with_shape: bool,
    workers: Workers,
) -> Real:
    """(M, V) what every visible splat gets of a loss, see `pixel`.

    Args:
        shot, picture, lists: of `draw`.
        slopes: of the loss by colour, coverage and, where it was drawn, depth.
        with_shape: also the moments, V = 11 and not 6, or 17 with surfels.
        workers: threads to use; they do not change the result.
    """
    dtype, mode = lists.footprints.dtype, MODES[shot.mode]
    pixels = _sorted_pixels(picture, *slopes) if mode is sorted else _sum_pixels(picture, *slopes)
    size = SHAPELESS if not with_shape else SURFEL_ENTRY if lists.surfels else ENTRY
    entries = np.zeros((len(lists.members), size), dtype)

    def visit(tiles: NDArray[np.int64], first: int, last: int) -> None:
        mode.differentiate(
            tiles, first, last, lists.starts, lists.members, lists.footprints, lists.values,
            shot.with_depth or None, _stop(dtype), pixels, entries, *lists.surfels,
        )  # fmt: skip

    each_batch(lists, workers, visit)
    return add_up(lists.members, entries, len(lists.footprints), workers)


def differentiate(
    columns: Columns,
    log_weights: Real,
    shot: Shot,
    lists: Lists,
    totals: Real,
    workers: Workers,
) -> Slopes:
    """Slopes of a loss by the columns.

    Args:
        columns, log_weights, shot: what was drawn; log weights may be (0,).
        lists: of `draw`.
        totals: of `collect`; where they lack the moments, slopes by the shape have no rows.
        workers: threads to use; they do not change the result.
    """
    n, dtype = len(columns.means), columns.means.dtype
    footprints = lists.footprints
    with_shape = totals.shape[1] > SHAPELESS
    found = Slopes(
        np.zeros((n if with_shape else 0, 3), dtype),
        np.zeros((n if with_shape else 0, 4), dtype),
        np.zeros((n if with_shape else 0, 3), dtype),
        np.zeros(n, dtype),
        np.zeros(columns.sh.shape, dtype),
        np.zeros(len(log_weights), dtype),
    )

    places = np.empty(n, np.int32)
    project.place_splats(lists.splats, places)

    def follow(k: int) -> None:
        span = k * CHUNK, min((k + 1) * CHUNK, n)
        if with_shape:
            project.shape_slopes(
                columns.means, columns.quats, columns.scales, shot.view, shot.antialias, places,
                footprints, totals, *span, found.means, found.quats, found.scales,
                lists.surfels or None,
            )  # fmt: skip
            if lists.surfels:
                surfels.surfel_slopes(
                    columns.means, columns.quats, columns.scales, shot.view, places, totals, *span,
                    found.means, found.quats, found.scales,
                )  # fmt: skip
        project.color_slopes(
            columns.means, columns.sh, shot.view.position, shot.degree, places, footprints, totals,
            *span, found.means, found.sh,
        )  # fmt: skip
        project.value_slopes(
            places, columns.opacities, log_weights, totals, *span, found.opacities,
            found.log_weights,
        )  # fmt: skip

    workers.map(follow, -(-n // CHUNK))
    return found


def _project(columns: Columns, shot: Shot, workers: Workers) -> tuple[Visible, Real]:
    """The visible splats, in the order in which they are drawn, and the discs of `Lists`."""
    n, dtype = len(columns.means), columns.means.dtype
    z, which = np.empty(n), np.empty(n, np.uint32)
    footprints = np.empty((n, FOOTPRINT), dtype)
    discs = (np.empty((n, SURFEL), dtype),) if shot.surfels else ()
    exact = dtype == np.float64  # what is projected has float32 colours

    def project_chunk(k: int) -> int:
        return project_columns(
            *columns, shot.view, 0 if exact else shot.degree, 1.0, shot.antialias, KEEP_ALL,
            k * CHUNK, min((k + 1) * CHUNK, n), z, which, footprints, *discs,
        )  # fmt: skip

    counts = np.array(workers.map(project_chunk, -(-n // CHUNK)), np.int64)
    if shot.mode == "sorted":
        places = sort_slices(z, counts, CHUNK, workers, Scratch())
    else:
        places = np.empty(int(counts.sum()), np.uint64)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        workers.map(lambda k: list_places(k * CHUNK, counts[k], offsets[k], places), len(counts))
    visible = len(places)
    ordered, splats = np.empty((visible, FOOTPRINT), dtype), np.empty(visible, np.uint32)
    met = np.empty((visible if shot.surfels else 0, SURFEL), dtype)

    def gather_chunk(k: int) -> None:
        span = k * CHUNK, min((k + 1) * CHUNK, visible)
        gather(places, *span, footprints, which, ordered, splats)
        for each in discs:
            gather_surfels(places, *span, each, met)
        if exact:
            project.light(
                columns.means, columns.sh, shot.view.position, shot.degree, splats, *span, ordered
            )

    workers.map(gather_chunk, -(-visible // CHUNK))
    return Visible(ordered, splats), met


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
