"""Depth and thickness of splats in the bins of mode binned, and the slopes by that thickness.

With z_0 the unit of depth, y = 1/2 - z_0 / (z + z_0), and a thickness t in depth is
t dy/dz = t z_0 / (z + z_0)^2 in y. A splat's is its standard deviation along the view n,

    t^2 = sum_k s_k^2 a_k^2,    a = R^T n,
    d log t / ds_k = s_k a_k^2 / t^2,    d log t / dR_jk = s_k^2 a_k n_j / t^2.
"""

from __future__ import annotations

import math

import numpy as np

from ..jit import kernel
from ..project import DEPTH
from .pixel import WEIGHT
from .project import _quaternion_slopes, _rotation, _unit


@kernel
def place_in_depth(quats, scales, axis, unit, splats, footprints, start, stop, values):
    """y and thickness in y of visible splats start to stop.

    Args:
        quats: (N, 4) of any length but 0.
        scales: (N, 3).
        axis: (3,) float64 unit, of the view, world axes.
        unit: z_0, world units.
        splats: (M,) which they are.
        footprints: (M, 12).
        start, stop: range of visible splats.
        values: (M, 2) out.
    """
    q = np.empty((3, 3))
    for j in range(start, stop):
        i, z = splats[j], footprints[j, DEPTH]
        w, x, y, z_q, _ = _unit(quats[i])
        _rotation(w, x, y, z_q, q)
        square = 0.0
        for k in range(3):
            along = scales[i, k] * (q[0, k] * axis[0] + q[1, k] * axis[1] + q[2, k] * axis[2])
            square += along * along
        share = unit / (z + unit)
        values[j, 0] = 0.5 - share
        values[j, 1] = share * (math.sqrt(square) / (z + unit))


@kernel
def add_slopes(quats, scales, axis, places, totals, start, stop, d_quats, d_scales):
    """Adds slopes by rotation and scales of splats start to stop, of those by log t.

    The arguments are those of `place_in_depth` and of `project.shape_slopes`.
    """
    q, d_q, out = np.empty((3, 3)), np.empty((3, 3)), np.empty(4)
    for i in range(start, stop):
        j = places[i]
        if j < 0:
            continue
        w, x, y, z, inv_length = _unit(quats[i])
        _rotation(w, x, y, z, q)
        square = 0.0
        for k in range(3):
            along = scales[i, k] * (q[0, k] * axis[0] + q[1, k] * axis[1] + q[2, k] * axis[2])
            square += along * along
        if not square > 1e-300:
            continue
        slope = totals[j, WEIGHT] / square
        for k in range(3):
            along = q[0, k] * axis[0] + q[1, k] * axis[1] + q[2, k] * axis[2]
            d_scales[i, k] += slope * scales[i, k] * along * along
            for axis_of in range(3):
                d_q[axis_of, k] = slope * scales[i, k] * scales[i, k] * along * axis[axis_of]
        _quaternion_slopes(w, x, y, z, inv_length, d_q, out)
        for k in range(4):
            d_quats[i, k] += out[k]
