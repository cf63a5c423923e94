"""From slopes by visible splats to those by the parameters of mode `learned`."""

from __future__ import annotations

import math

import numpy as np

from .grad.pixel import RED, WEIGHT, E
from .harmonics import sh_basis
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
        log_weights: (N, 4) or (N, 9) out, of the coefficients of l.
        opacities: (N,) out, of the logarithm of the opacity.
        colors: (N, 3) out; 0 where a colour is cut off at black.

    Returns:
        The gradient of beta.
    """
    beta, curved, basis = 0.0, log_weights.shape[1] == 9, np.empty(9)
    for j in range(start, stop):
        i = splats[j]
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        x, y, z = dx * inv, dy * inv, dz * inv
        slope, row = totals[j, WEIGHT], log_weights[i]
        row[0], row[1], row[2], row[3] = slope, slope * x, slope * y, slope * z
        if curved:
            sh_basis(x, y, z, 2, basis)
            for k in range(4, 9):
                row[k] = slope * basis[k]
        beta -= slope * max(0.0, footprints[j, DEPTH] - offset) / radius
        opacities[i] = totals[j, E]
        for channel in range(3):
            lit = footprints[j, RED_AT + channel] > 0
            colors[i, channel] = totals[j, RED + channel] if lit else 0
    return beta
