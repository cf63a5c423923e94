"""What the CUDA rasterizers are given, mode by mode; the equations are in `render.modes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...kernels.constants import LOG2_HIGHEST, LOG2_LOWEST
from ...kernels.cuda.sources import WEIGHTS
from ...scenes.oit import OitWeights
from ..frame import FrameRequest
from ..modes.stochastic import sample_key
from ..modes.weighted import (
    DEFAULT_BETA,
    fitted_weights,
    squares_alpha,
)
from ..scene_facts import SceneFacts
from .frame import Blending, Visible
from .groups import Groups, blur_of, proxies_of
from .plan import Buffers, Plan, Tensor
from .view import LARGEST


class Asked(NamedTuple):
    """A frame to be drawn.

    Attributes:
        request, facts: what, and of which scene.
        buffers: memory for what is sent with every frame.
        keep: an array of the scene on the device, copied only once.
    """

    request: FrameRequest
    facts: SceneFacts
    buffers: Buffers
    keep: Callable[..., Tensor]


def _sorted(asked: Asked) -> Blending:
    median = int(asked.request.median)
    return Blending("depth", "rasterize_sorted", lambda plan, visible: (median,))


def _weighted(asked: Asked) -> Blending:
    settings = asked.request.settings
    weights = fitted_weights(asked.facts.splats, settings)
    return _weighted_by(asked, weights, squares_alpha(settings))


def _learned(asked: Asked) -> Blending:
    return _weighted_by(asked, asked.facts.splats.learned, False)


def _weighted_by(asked: Asked, weights: OitWeights | None, squares: bool) -> Blending:
    """The scene's weights, or those of the settings where there are none."""
    settings, facts = asked.request.settings, asked.facts
    kind = "exponential" if weights is not None or settings.weight == "auto" else settings.weight
    rows = None if weights is None else asked.keep(weights.log_weights)
    numbers = 0 if weights is None else weights.log_weights.shape[1]
    beta = settings.beta or (weights.beta if weights is not None else DEFAULT_BETA)

    def arguments(plan: Plan, visible: Visible) -> tuple[Tensor, int]:
        found = plan.buffers.get("weights", visible.room)
        plan.each(
            "weigh", visible.room, visible.footprints, visible.splats, visible.counts,
            visible.room, visible.scene.means, visible.view, rows, numbers, WEIGHTS.index(kind),
            beta, min(facts.radius, LARGEST), LOG2_LOWEST, LOG2_HIGHEST, found,
        )  # fmt: skip
        return found, int(squares)

    return Blending("scene", "rasterize_weighted", arguments)


def binned(asked: Asked) -> Blending:
    """By bins of optical depth."""
    settings = asked.request.settings

    def arguments(plan: Plan, visible: Visible) -> tuple[Tensor, int]:
        found, scene = plan.buffers.get("depths", visible.room, 2), visible.scene
        plan.each(
            "find_depths", visible.room, visible.footprints, visible.splats, visible.counts,
            visible.room, scene.shapes, scene.storage, scene.scale_low, scene.scale_step,
            visible.view, found,
        )  # fmt: skip
        return found, settings.refine

    return Blending("scene", f"rasterize_binned_{settings.bins}", arguments)


def _cells(asked: Asked) -> Blending:
    """Cells front to back."""
    cells = asked.facts.cells
    centers, axes = map(asked.keep, proxies_of(cells))
    groups = Groups(asked.keep(cells.starts, np.int32), centers, axes, blur_of(cells))
    numbers = asked.keep(cells.numbers)
    return Blending(groups, "rasterize_cells", lambda plan, visible: (visible.splats, numbers))


def _stochastic(asked: Asked) -> Blending:
    samples = asked.request.settings.samples
    keys = [int(sample_key(asked.request.seed * samples + k)) for k in range(samples)]
    sent = asked.buffers.send("samples", np.array(keys, np.uint32).view(np.int32))
    return Blending(
        "scene", "rasterize_stochastic", lambda plan, visible: (visible.splats, sent, samples)
    )


_MODES: dict[str, Callable[[Asked], Blending]] = {
    "sorted": _sorted,
    "weighted": _weighted,
    "learned": _learned,
    "binned": binned,
    "cells": _cells,
    "stochastic": _stochastic,
}

NAMES = frozenset(_MODES)
"""The modes that this backend draws."""

MEDIANS = frozenset({"sorted"})
"""Those of them that draw median depth."""


def blending(asked: Asked) -> Blending:
    """How the splats of a frame blend."""
    return _MODES[asked.request.settings.mode](asked)


def keys(blending: Blending, drawn: int, groups: int) -> int:
    """How many keys were sorted for a frame of so many splats, and of so many groups of them."""
    if isinstance(blending.order, Groups):
        return groups
    return drawn if blending.order == "depth" else 0
