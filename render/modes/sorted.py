"""`sorted`: front to back by the depth of the centres, what scenes are trained with.

Kerbl et al. 2023, equation 3.
"""

from __future__ import annotations

from .layers import Canvas, Layers
from .mode import Mode


def composite(layers: Layers, canvas: Canvas) -> None:
    """C = sum_i T_i alpha_i c_i with T_i = prod_{j<i} (1 - alpha_j), front to back."""
    for splat in layers:
        before = canvas.transmittance[splat.window]
        weight = before * splat.alpha
        if canvas.median is not None:
            crossed = (before > 0.5) & (before * (1.0 - splat.alpha) <= 0.5)
            canvas.median[splat.window] += crossed * splat.seen_depth
        canvas.color[splat.window] += weight[..., None] * splat.color
        canvas.depth[splat.window] += weight * splat.seen_depth
        canvas.transmittance[splat.window] *= 1.0 - splat.alpha


MODE = Mode(
    "sorted",
    "Exact by the depth of the centres; sorts every splat of every frame, and pops.",
    composite,
)
