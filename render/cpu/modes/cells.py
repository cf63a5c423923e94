"""`cells` on the CPU: splats lie in the order of cells, so only cells are sorted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....kernels.cpu.frame import Blending, Groups, Visible
from ....kernels.cpu.modes import cells as kernels
from ....kernels.cpu.workers import Workers
from ...camera import Camera
from ...scene_facts import SceneFacts
from ...settings import Settings


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """Cells front to back, with the cell of every splat."""
    cells = facts.cells
    groups = Groups(cells.starts, cells.visible(camera, settings.splat_scale))

    def values(visible: Visible, workers: Workers) -> NDArray[np.int32]:
        return cells.numbers[visible.splats][:, None]

    return Blending(groups, kernels.rasterize, np.zeros(1, np.float32), values)
