"""`selection_tint`: what is selected, as paint over the picture, by every backend and mode."""

from __future__ import annotations

import numpy as np

from ..render.paint import Paint
from ..scenes.scene import Scene

COLOR = (1.0, 0.72, 0.16)
"""Display RGB of what is selected."""

STRENGTH = 0.6
"""How much of a selected splat's colour is that."""


def selection_tint(scene: Scene) -> Paint | None:
    """Selected splats in `COLOR`, the others as they are; None where nothing is selected."""
    if not any(node.selected for node in scene.nodes):
        return None
    count = len(scene.splats)
    values, keep = np.zeros((count, 3), np.float32), np.ones(count, np.float32)
    for node, span in zip(scene.nodes, scene.flat.spans):
        if node.selected is not None:
            mask = node.selected.mask
            values[span][mask] = np.float32(STRENGTH) * np.array(COLOR, np.float32)
            keep[span][mask] = 1.0 - STRENGTH
    return Paint(values, keep)
