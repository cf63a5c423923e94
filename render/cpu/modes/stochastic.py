"""`stochastic` on the CPU: one random number per splat and sample, mixed with the pixel's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....kernels.cpu.frame import Blending, Visible
from ....kernels.cpu.modes import stochastic as kernels
from ....kernels.cpu.workers import Workers
from ...camera import Camera
from ...modes.stochastic import sample_key, splat_key
from ...scene_facts import SceneFacts
from ...settings import Settings


def blending(facts: SceneFacts, camera: Camera, settings: Settings, seed: int) -> Blending:
    """The samples of one frame."""
    samples = settings.samples

    def values(visible: Visible, workers: Workers) -> NDArray[np.uint32]:
        keys = [sample_key(seed * samples + k) for k in range(samples)]
        return np.stack([splat_key(visible.splats, key) for key in keys], axis=1)

    params = np.zeros(1, np.float32)
    return Blending("scene", kernels.rasterize, params, values)
