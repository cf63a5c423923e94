"""`weighted` on the CPU: one weight per splat."""

from __future__ import annotations

import numpy as np

from ....kernels.cpu.frame import Blending
from ....kernels.cpu.modes import weighted as kernels
from ...camera import Camera
from ...modes.weighted import fitted_weights, squares_alpha
from ...scene_facts import SceneFacts
from ...settings import Settings
from ..values import weights_of


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """The weights of `render.modes.weighted`."""
    weights = fitted_weights(facts.splats, settings)
    params = np.array([squares_alpha(settings)], np.float32)
    values = weights_of(facts.splats.means, facts, camera, settings, weights)
    return Blending("scene", kernels.rasterize, params, values)
