"""From slopes by visible splats to those by the parameters of mode `learned`."""

from __future__ import annotations

import math

from .grad.pixel import RED, WEIGHT, E
from .jit import kernel
from .project import DEPTH
from .project import RED as RED_AT


@kernel
def to_parameters(
    splats, footprints, totals, means, eye, offset, radius, start, stop, log_weights, opacities,
    colors,
):  # fmt: skip
    """Slopes by the parameters of visible splats start to stop.

    Args:
        splats: (M,) which splats of the scene.
        footprints: (M, 12).
        totals: (M, 6) see `grad.pixel`.
        means: (N, 3) centres.
        eye: (3,) float64 centre of projection.
        offset, radius: depth z counts as u = max(0, z - offset) / radius.
        start, stop: range of visible splats.
        log_weights: (N, 4) out, of l_0 and l.
        opacities: (N,) out, of the logarithm of the opacity.
        colors: (N, 3) out; 0 where a colour is cut off at black.

    Returns:
        The gradient of beta.
    """
    beta = 0.0
    for j in range(start, stop):
        i = splats[j]
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        slope = totals[j, WEIGHT]
        log_weights[i, 0] = slope
        log_weights[i, 1] = slope * dx * inv
        log_weights[i, 2] = slope * dy * inv
        log_weights[i, 3] = slope * dz * inv
        beta -= slope * max(0.0, footprints[j, DEPTH] - offset) / radius
        opacities[i] = totals[j, E]
        for channel in range(3):
            lit = footprints[j, RED_AT + channel] > 0
            colors[i, channel] = totals[j, RED + channel] if lit else 0
    return beta
