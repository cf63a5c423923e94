"""Values that modes give to the kernels for every visible splat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.frame import Visible
from ...kernels.cpu.project import DEPTH
from ...kernels.cpu.workers import Workers
from ...scenes.oit import OitWeights
from ..camera import Camera
from ..modes.weighted import splat_weights
from ..scene_facts import SceneFacts
from ..settings import Settings

_CHUNK = 1 << 14


def no_values(visible: Visible, workers: Workers) -> NDArray[np.float32]:
    """(M, 0): the mode wants to know nothing more."""
    return np.empty((len(visible.splats), 0), np.float32)


def weights_of(
    means: NDArray[np.float32],
    facts: SceneFacts,
    camera: Camera,
    settings: Settings,
    weights: OitWeights | None,
) -> Callable[[Visible, Workers], NDArray[np.float32]]:
    """(M, 1): the weights of a weighted sum of splats at `means`, which may have been moved."""
    eye = camera.position

    def weigh(visible: Visible, workers: Workers) -> NDArray[np.float32]:
        values = np.empty((len(visible.splats), 1), np.float32)

        def weigh_chunk(k: int) -> None:
            chunk = slice(k * _CHUNK, (k + 1) * _CHUNK)
            rows = visible.splats[chunk]
            directions: NDArray[Any] = np.empty((0, 3))
            if weights is not None:
                directions = means[rows] - eye
                directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            depths = visible.footprints[chunk, DEPTH].astype(np.float64)
            values[chunk, 0] = splat_weights(
                depths, directions, rows, facts, camera, settings, weights
            )

        workers.map(weigh_chunk, -(-len(values) // _CHUNK))
        return values

    return weigh
