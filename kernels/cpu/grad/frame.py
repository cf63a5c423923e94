"""One differentiable frame on the CPU: draw, and go back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..frame import Columns
from ..workers import Workers
from . import binned, cells, project, sorted, surfels, thickness, weighted
from .entries import add_up
from .lists import Weigh, each_batch, in_chunks, lists_of
from .pixel import ENTRY, SHAPELESS, SURFEL_ENTRY
from .shot import Lists, Picture, Real, Shot, Slopes

MODES = {"sorted": sorted, "weighted": weighted, "binned": binned, "cells": cells}
"""Modes with a gradient, by name. Each has

    ORDER                                            of the splats, see `lists.lists_of`,
    params(shot, dtype)                              what both kernels are given,
    composite(tiles, ..., params, *picture)          a kernel that draws,
    pixels_of(picture, g, g_alpha, g_depth)          what the other one reads at a pixel,
    differentiate(tiles, ..., params, pixels, entries)."""


def draw(
    columns: Columns, shot: Shot, weigh: Weigh | None, workers: Workers
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
    lists = lists_of(columns, shot, mode.ORDER, weigh, workers)
    picture = Picture(
        np.zeros((height, width, 3), dtype),
        np.zeros((height, width), dtype),
        np.zeros((height, width) if shot.with_depth else (0, 0), dtype),
        np.zeros((height, width) if mode is weighted else (0, 0), dtype),
    )
    params = mode.params(shot, dtype)

    def composite(tiles: NDArray[np.int64], first: int, last: int) -> None:
        mode.composite(
            tiles, first, last, lists.starts, lists.members, lists.footprints, lists.values,
            shot.with_depth or None, params, *picture, *lists.surfels,
        )  # fmt: skip

    each_batch(lists, workers, composite)
    return picture, lists


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
    pixels, params = mode.pixels_of(picture, *slopes), mode.params(shot, dtype)
    size = SHAPELESS if not with_shape else SURFEL_ENTRY if lists.surfels else ENTRY
    entries = np.zeros((len(lists.members), size), dtype)

    def visit(tiles: NDArray[np.int64], first: int, last: int) -> None:
        mode.differentiate(
            tiles, first, last, lists.starts, lists.members, lists.footprints, lists.values,
            shot.with_depth or None, params, pixels, entries, *lists.surfels,
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

    def follow(start: int, stop: int) -> None:
        span = start, stop
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
            if shot.mode == "binned":
                thickness.add_slopes(
                    columns.quats, columns.scales, shot.view.rotation[2], places, totals, *span,
                    found.quats, found.scales,
                )  # fmt: skip
        project.color_slopes(
            columns.means, columns.sh, shot.view.position, shot.degree, places, footprints, totals,
            *span, found.means, found.sh,
        )  # fmt: skip
        project.value_slopes(
            places, columns.opacities, log_weights, totals, *span, found.opacities,
            found.log_weights,
        )  # fmt: skip

    in_chunks(follow, n, workers)
    return found
