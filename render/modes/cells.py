"""`cells`: only groups of splats are sorted; inside a group there is no order.

Duplex-GS (Liu et al. 2025): a cell's splats are summed without an order, and cells are composited
front to back by the depth of their centres. With S = sum tau_i over the cell's splats at a pixel,

    C += T (1 - exp(-S)) sum w_i alpha_i c_i / sum w_i alpha_i,    T *= exp(-S),
    w_i = exp(-S F(z_i)),    F = (1 + x / sqrt(1 + x^2)) / 2,    x = (z_i - mean) / spread

where mean and spread are those of depth at the pixel, weighted by tau = -log(1 - alpha): the cell's
optical depth is taken to be spread around its mean.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...kernels.constants import CELL_SPREAD, LOG2_HIDDEN
from ...scenes.splats import Splats
from ..projection import Footprint
from ..scene_facts import SceneFacts
from .binned import optical_depth
from .layers import Canvas, Layers, WeightedSum
from .mode import Mode


def composite(layers: Layers, canvas: Canvas) -> None:
    """Cells front to back, each as above."""
    cells = layers.facts.cells
    members: dict[int, list[Footprint]] = {}
    for splat in layers:
        number = int(cells.numbers[layers.projected.splats[splat.row]])
        members.setdefault(number, []).append(splat)
    for cell in cells.visible(layers.camera, layers.settings.splat_scale):
        if int(cell) in members:
            _composite_cell(members[int(cell)], canvas)


def _composite_cell(members: list[Footprint], canvas: Canvas) -> None:
    rows = [splat.window[0] for splat in members]
    columns = [splat.window[1] for splat in members]
    top, left = min(r.start for r in rows), min(c.start for c in columns)
    bottom, right = max(r.stop for r in rows), max(c.stop for c in columns)
    size = bottom - top, right - left
    origin = members[0].depth
    moments = np.zeros((*size, 3))
    for splat in members:
        z = splat.depth - origin
        moments[_within(splat, top, left)] += optical_depth(splat.alpha)[..., None] * [1, z, z * z]
    total = np.where(moments[..., 0] > 0, moments[..., 0], 1.0)
    mean = moments[..., 1] / total
    variance = np.maximum(moments[..., 2] / total - mean**2, 0.0)
    spread = np.sqrt(variance + (CELL_SPREAD * (origin + mean)) ** 2)
    sums = WeightedSum(size)
    for splat in members:
        window = _within(splat, top, left)
        x = (splat.depth - origin - mean[window]) / spread[window]
        in_front = 0.5 + 0.5 * x / np.sqrt(1.0 + x * x)
        local = replace(splat, window=window)
        hidden = -moments[window][..., 0] * in_front / np.log(2.0)
        sums.add(local, np.exp2(np.maximum(hidden, LOG2_HIDDEN)))
    where = slice(top, bottom), slice(left, right)
    sums.composite(canvas.part(where))


def _within(splat: Footprint, top: int, left: int) -> tuple[slice, slice]:
    """The footprint's window in an image that begins at (top, left)."""
    rows, columns = splat.window
    return slice(rows.start - top, rows.stop - top), slice(
        columns.start - left, columns.stop - left
    )


def _grouped(facts: SceneFacts) -> Splats:
    return facts.cells.splats


MODE = Mode(
    "cells",
    "Sorts groups of about 24 splats instead of splats; sums inside a group.",
    composite,
    scene=_grouped,
    rows=lambda facts: facts.cells.order,
    prepared=lambda facts: facts.has_cells,
    prepare=lambda facts, progress: facts.make_cells(progress),
)
