"""The reference's own picture in float64, from columns that are float64 too, for differences."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from voile import Camera, Settings
from voile.render.modes import MODES, Canvas, Layers
from voile.render.modes.layers import WeightedSum
from voile.render.projection import project
from voile.scenes.splats import SH_COEFFICIENTS


def draw(
    columns: dict[str, np.ndarray], camera: Camera, mode: str, antialias: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour, alpha and expected depth; mode weighted by `columns["log_weights"]`."""
    quats = columns["quats"]
    splats: Any = SimpleNamespace(
        **{**columns, "quats": quats / np.linalg.norm(quats, axis=1, keepdims=True)},
        antialiased=antialias,
        sh_degree=SH_COEFFICIENTS.index(columns["sh"].shape[1]),
        surfels=columns["scales"][:, 2] == 0,
    )
    settings = Settings(mode=mode)
    projected = project(splats, camera, settings)
    facts: Any = None
    layers = Layers(projected, camera, settings, 0, facts)
    size = camera.height, camera.width
    canvas = Canvas(np.zeros((*size, 3)), np.ones(size), np.zeros(size))
    if mode == "weighted":
        weights = np.exp(columns["log_weights"][projected.splats])
        sums = WeightedSum(size)
        for splat in layers:
            sums.add(splat, weights[splat.row])
        sums.composite(canvas)
    else:
        MODES[mode].composite(layers, canvas)
    alpha = 1.0 - canvas.transmittance
    depth = np.divide(canvas.depth, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    return canvas.color, alpha, depth
