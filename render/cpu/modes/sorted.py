"""`sorted` on the CPU: nothing but the order."""

from __future__ import annotations

import numpy as np

from ....kernels.cpu.frame import Blending
from ....kernels.cpu.modes import sorted as kernels
from ...camera import Camera
from ...scene_facts import SceneFacts
from ...settings import Settings
from ..values import no_values

_NO_PARAMS = np.zeros(1, np.float32)


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """Front to back."""
    return Blending("depth", kernels.rasterize, _NO_PARAMS, no_values)
