"""Blending modes: each file is one, its `composite` the equation that all backends draw by.

A backend draws a mode by a module of the same name: `voile.kernels.cpu.modes` for `cpu`,
`voile.render.gl.modes` for `gl`. A mode that a backend lacks a module for is missing from its
capabilities.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...scenes.progress import Progress
from ...scenes.splats import Splats
from ..scene_facts import facts_of
from . import binned, cells, learned, sorted, stochastic, weighted
from .layers import Canvas, Layers
from .mode import Mode

MODES: dict[str, Mode] = {
    module.MODE.name: module.MODE
    for module in (sorted, weighted, learned, binned, cells, stochastic)
}
"""Modes by name, in the order of menus."""

__all__ = ["MODES", "Canvas", "Layers", "Mode", "prepare"]


def prepare(splats: Splats, names: Iterable[str], progress: Progress) -> None:
    """Works out what modes need of a scene before a frame; drawing would, with no word of it.

    Args:
        splats: the scene.
        names: of modes; twice the same one is no more work.
        progress: told the stage, with fraction 0: how long the frames take that follow is unknown.

    Raises:
        Cancelled: `progress` asked for it.
    """
    facts = facts_of(splats)
    for name in dict.fromkeys(names):
        MODES[name].prepare(facts, lambda _, stage: progress(0.0, stage))
