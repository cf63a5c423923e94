"""Blending modes: each file is one, its `composite` the equation that all backends draw by.

A backend draws a mode by a module of the same name: `voile.kernels.cpu.modes` for `cpu`,
`voile.render.gl.modes` for `gl`. A mode that a backend lacks a module for is missing from its
capabilities.
"""

from __future__ import annotations

from . import binned, cells, learned, sorted, stochastic, weighted
from .layers import Canvas, Layers
from .mode import Mode

MODES: dict[str, Mode] = {
    module.MODE.name: module.MODE
    for module in (sorted, weighted, learned, binned, cells, stochastic)
}
"""Modes by name, in the order of menus."""

__all__ = ["MODES", "Canvas", "Layers", "Mode"]
