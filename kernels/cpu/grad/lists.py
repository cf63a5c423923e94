"""What a differentiable frame is drawn from: visible splats in order, and lists of the tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bins import make_tile_lists
from ..frame import BATCHES_PER_THREAD, Columns, Visible, schedule
from ..meet import gather_surfels
from ..project import FOOTPRINT, KEEP_ALL, gather, list_places
from ..project import project as project_columns
from ..scratch import Scratch
from ..sort import CHUNK, sort_slices
from ..surfels import SURFEL
from ..workers import Workers
from . import project, thickness
from .shot import Lists, Real, Shot

Weigh = Callable[[Visible, Workers], Real]
"""Gives the (M,) weights of the visible splats, in mode weighted."""


def lists_of(
    columns: Columns, shot: Shot, order: str, weigh: Weigh | None, workers: Workers
) -> Lists:
    """What a picture is drawn from.

    Args:
        columns: N splats, all float32 or all float64.
        shot: how it is drawn.
        order: of the splats: "depth", "groups" of the shot, or "scene".
        weigh: in mode weighted.
        workers: threads to use; they do not change the result.
    """
    visible, discs = _project(columns, shot, order, workers)
    values = np.empty(0, columns.means.dtype)
    if shot.groups is not None:
        values = shot.groups[visible.splats]
    elif weigh is not None:
        values = weigh(visible, workers)
    elif shot.mode == "binned":
        values = np.empty((len(visible.splats), 2), columns.means.dtype)

        def place(start: int, stop: int) -> None:
            thickness.place_in_depth(
                columns.quats, columns.scales, shot.view.rotation[2], shot.depth_unit,
                visible.splats, visible.footprints, start, stop, values,
            )  # fmt: skip

        in_chunks(place, len(values), workers)
    starts, members = make_tile_lists(visible.footprints, *shot.size, workers, Scratch())
    return Lists(*visible, values, starts, members, discs)


def each_batch(
    lists: Lists, workers: Workers, visit: Callable[[NDArray[np.int64], int, int], None]
) -> None:
    """Calls visit(tiles, first, last) for batches of the tiles that have splats."""
    tiles, edges = schedule(lists.starts, BATCHES_PER_THREAD * workers.count)
    workers.map(lambda k: visit(tiles, edges[k], edges[k + 1]), len(edges) - 1)


def in_chunks(visit: Callable[[int, int], Any], count: int, workers: Workers) -> list[Any]:
    """What visit(start, stop) returns for ranges of so many things."""
    return workers.map(lambda k: visit(k * CHUNK, min((k + 1) * CHUNK, count)), -(-count // CHUNK))


def weights_of(log_weights: Real) -> Weigh:
    """For (N,) logarithms of weights."""

    def weigh(visible: Visible, workers: Workers) -> Real:
        values = np.empty(len(visible.splats), log_weights.dtype)

        def weigh_chunk(start: int, stop: int) -> None:
            project.weigh(visible.splats, log_weights, start, stop, values)

        in_chunks(weigh_chunk, len(values), workers)
        return values

    return weigh


def _project(columns: Columns, shot: Shot, order: str, workers: Workers) -> tuple[Visible, Real]:
    """The visible splats, in the order in which they are drawn, and the discs of `Lists`."""
    n, dtype = len(columns.means), columns.means.dtype
    z, which = np.empty(n), np.empty(n, np.uint32)
    footprints = np.empty((n, FOOTPRINT), dtype)
    discs = (np.empty((n, SURFEL), dtype),) if shot.surfels else ()
    exact = dtype == np.float64  # what is projected has float32 colours

    def project_chunk(start: int, stop: int) -> int:
        found = project_columns(
            *columns, shot.view, 0 if exact else shot.degree, 1.0, shot.antialias, KEEP_ALL,
            start, stop, z, which, footprints, *discs,
        )  # fmt: skip
        if shot.groups is not None:  # what is sorted by is > 0
            z[start : start + found] = shot.groups[which[start : start + found]] + 1
        return found

    counts = np.array(in_chunks(project_chunk, n, workers), np.int64)
    if order == "scene":
        places = np.empty(int(counts.sum()), np.uint64)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        workers.map(lambda k: list_places(k * CHUNK, counts[k], offsets[k], places), len(counts))
    else:
        places = sort_slices(z, counts, CHUNK, workers, Scratch())
    visible = len(places)
    ordered, splats = np.empty((visible, FOOTPRINT), dtype), np.empty(visible, np.uint32)
    met = np.empty((visible if shot.surfels else 0, SURFEL), dtype)

    def gather_chunk(start: int, stop: int) -> None:
        span = start, stop
        gather(places, *span, footprints, which, ordered, splats)
        for each in discs:
            gather_surfels(places, *span, each, met)
        if exact:
            project.light(
                columns.means, columns.sh, shot.view.position, shot.degree, splats, *span, ordered
            )

    in_chunks(gather_chunk, visible, workers)
    return Visible(ordered, splats), met
