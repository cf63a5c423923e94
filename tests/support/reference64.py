"""The reference's own picture in float64, from columns that are float64 too, for differences."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from voile import Camera, Settings
from voile.render.modes import MODES, Canvas, Layers
from voile.render.modes.layers import WeightedSum
from voile.render.projection import project
from voile.scenes.splats import SH_COEFFICIENTS


class _Cells(NamedTuple):
    """What mode cells asks of `voile.render.cells.Cells`."""

    numbers: np.ndarray
    centers: np.ndarray

    def visible(self, camera: Camera, splat_scale: float) -> np.ndarray:
        row = camera.world_to_camera[2]
        return np.argsort(self.centers @ row[:3] + row[3], kind="stable")


DEPTH_UNIT = 8.0
"""Of mode binned, world units."""


def draw(
    columns: dict[str, np.ndarray],
    camera: Camera,
    mode: str,
    antialias: bool,
    settings: Settings | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour, alpha and expected depth; mode weighted by `columns["log_weights"]`, mode cells by
    `columns["cells"]` and `columns["centers"]`. Of the settings those of mode binned count."""
    quats = columns["quats"]
    splats: Any = SimpleNamespace(
        **{**columns, "quats": quats / np.linalg.norm(quats, axis=1, keepdims=True)},
        antialiased=antialias,
        sh_degree=SH_COEFFICIENTS.index(columns["sh"].shape[1]),
        surfels=columns["scales"][:, 2] == 0,
    )
    settings = settings or Settings(mode=mode)
    projected = project(splats, camera, settings)
    facts: Any = SimpleNamespace(
        center=camera.position,
        radius=DEPTH_UNIT,
        cells=_Cells(columns["cells"], columns["centers"]),
    )
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
