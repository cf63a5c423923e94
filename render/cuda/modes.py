"""What the CUDA rasterizers are given, mode by mode; the equations are in `render.modes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...kernels.constants import LOG2_HIGHEST, LOG2_LOWEST
from ...kernels.cuda.sources import WEIGHTS
from ...scenes.oit import OitWeights
from ..frame import FrameRequest
from ..modes.binned import depth_unit
from ..modes.stochastic import sample_key
from ..modes.weighted import (
    DEFAULT_BETA,
    depth_offset,
    fitted_weights,
    squares_alpha,
)
from ..scene_facts import SceneFacts
from .frame import Blending, Columns, Groups, Tensor, Visible, Work

LARGEST = 1e18
"""World units: larger lengths are cut to this, so that float32 kernels can square them."""


class Asked(NamedTuple):
    """A frame to be drawn.

    Attributes:
        work, request, facts: where, what and of which scene.
        columns: of the splats that are drawn.
        send: an array to the device for this frame.
        keep: the same for an array of the scene, copied only once.
    """

    work: Work
    request: FrameRequest
    facts: SceneFacts
    columns: Columns
    send: Callable[..., Tensor]
    keep: Callable[..., Tensor]


def _sorted(asked: Asked) -> Blending:
    return Blending("depth", "rasterize_sorted")


def _weighted(asked: Asked) -> Blending:
    settings = asked.request.settings
    weights = fitted_weights(asked.facts.splats, settings)
    return _weighted_by(asked, weights, squares_alpha(settings))


def _learned(asked: Asked) -> Blending:
    return _weighted_by(asked, asked.facts.splats.learned, False)


def _weighted_by(asked: Asked, weights: OitWeights | None, squares: bool) -> Blending:
    """The scene's weights, or those of the settings where there are none."""
    work, settings, facts = asked.work, asked.request.settings, asked.facts
    kind = "exponential" if weights is not None or settings.weight == "auto" else settings.weight
    rows = None if weights is None else asked.keep(weights.log_weights)

    def arguments(visible: Visible) -> tuple[Tensor, int]:
        count = len(visible.splats)
        found = work.empty(count)
        work.each(
            "weigh", count, visible.footprints, visible.splats, count, asked.columns.means,
            visible.view, rows, WEIGHTS.index(kind),
            settings.beta or (weights.beta if weights is not None else DEFAULT_BETA),
            min(depth_offset(facts, asked.request.camera), LARGEST), min(facts.radius, LARGEST),
            LOG2_LOWEST, LOG2_HIGHEST, found,
        )  # fmt: skip
        return found, int(squares)

    return Blending("scene", "rasterize_weighted", arguments)


def _binned(asked: Asked) -> Blending:
    work, camera, settings = asked.work, asked.request.camera, asked.request.settings
    unit = min(depth_unit(asked.facts, camera), LARGEST)

    def arguments(visible: Visible) -> tuple[Tensor, int]:
        count = len(visible.splats)
        found = work.empty(count, 2)
        work.each(
            "find_depths", count, visible.footprints, visible.splats, count, asked.columns.quats,
            asked.columns.scales, float(settings.splat_scale), visible.view, unit, found,
        )  # fmt: skip
        return found, settings.refine

    return Blending("scene", f"rasterize_binned_{settings.bins}", arguments)


def _cells(asked: Asked) -> Blending:
    """Cells front to back; they are culled and sorted on the CPU, as there are few."""
    cells, request = asked.facts.cells, asked.request
    sequence = asked.send(cells.visible(request.camera, request.settings.splat_scale))
    numbers = asked.keep(cells.numbers)
    return Blending(
        Groups(asked.keep(cells.starts), sequence),
        "rasterize_cells",
        lambda visible: (numbers[visible.splats],),
    )


def _stochastic(asked: Asked) -> Blending:
    samples = asked.request.settings.samples
    keys = [int(sample_key(asked.request.seed * samples + k)) for k in range(samples)]
    sent = asked.send(np.array(keys, np.uint32).view(np.int32))
    return Blending(
        "scene", "rasterize_stochastic", lambda visible: (visible.splats, sent, samples)
    )


_MODES: dict[str, Callable[[Asked], Blending]] = {
    "sorted": _sorted,
    "weighted": _weighted,
    "learned": _learned,
    "binned": _binned,
    "cells": _cells,
    "stochastic": _stochastic,
}

NAMES = frozenset(_MODES)
"""The modes that this backend draws."""


def blending(asked: Asked) -> Blending:
    """How the splats of a frame blend."""
    return _MODES[asked.request.settings.mode](asked)
