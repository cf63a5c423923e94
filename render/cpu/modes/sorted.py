"""`sorted` on the CPU: nothing but the order."""

from __future__ import annotations

import numpy as np

from ....kernels.cpu.frame import Blending
from ....kernels.cpu.modes import sorted as kernels
from ...camera import Camera
from ...scene_facts import SceneFacts
from ...settings import Settings
from ..values import no_values

_MEAN, _MEDIAN = np.zeros(1, np.float32), np.ones(1, np.float32)


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """Front to back."""
    return Blending("depth", kernels.rasterize, _MEAN, no_values)


def median_blending() -> Blending:
    """Front to back, with the depth at which the transmittance comes to 0.5."""
    return Blending("depth", kernels.rasterize, _MEDIAN, no_values)
