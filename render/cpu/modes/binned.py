"""`binned` on the CPU: every splat's thickness along the view, and the layout of the bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....kernels.cpu.frame import Blending, Visible
from ....kernels.cpu.modes import binned as kernels
from ....kernels.cpu.workers import Workers
from ...camera import Camera
from ...modes.binned import depth_unit
from ...scene_facts import SceneFacts
from ...settings import Settings

_CHUNK = 1 << 14


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """Bins, refinements, and the unit of depth."""
    splats, size = facts.splats, float(settings.splat_scale)
    quats, scales = (np.require(a, np.float32, ["C", "W"]) for a in (splats.quats, splats.scales))
    axis = camera.world_to_camera[2, :3].astype(np.float32)

    def values(visible: Visible, workers: Workers) -> NDArray[np.float32]:
        found = np.empty((len(visible.splats), 1), np.float32)

        def find(k: int) -> None:
            start, stop = k * _CHUNK, min((k + 1) * _CHUNK, len(found))
            kernels.find_thickness(quats, scales, size, axis, visible.splats, start, stop, found)

        workers.map(find, -(-len(found) // _CHUNK))
        return found

    params = np.array([settings.bins, settings.refine, depth_unit(facts, camera)], np.float32)
    return Blending("scene", kernels.rasterize, params, values)
