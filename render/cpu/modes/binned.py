"""`binned` on the CPU."""

from __future__ import annotations

import numpy as np

from ....kernels.cpu.frame import Blending
from ....kernels.cpu.modes import binned as kernels
from ...camera import Camera
from ...modes.binned import depth_unit
from ...scene_facts import SceneFacts
from ...settings import Settings
from ..values import no_values


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """Bins, refinements, and the unit of depth."""
    unit = depth_unit(facts, camera)
    params = np.array([settings.bins, settings.refine, unit], np.float32)
    return Blending("scene", kernels.rasterize, params, no_values)
