"""`learned` on the CPU: the kernel of `weighted` with the learned weights."""

from __future__ import annotations

import numpy as np

from ....kernels.cpu.frame import Blending
from ....kernels.cpu.modes import weighted as kernels
from ...camera import Camera
from ...scene_facts import SceneFacts
from ...settings import Settings
from ..values import weights_of


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """The weights that came with the scene."""
    drawn = facts.relearned or facts.splats
    values = weights_of(drawn.means, facts, camera, settings, facts.splats.learned)
    return Blending("scene", kernels.rasterize, np.zeros(1, np.float32), values)
