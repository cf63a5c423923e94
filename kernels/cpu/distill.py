"""From slopes by visible splats to those by the parameters of mode `learned`."""

from __future__ import annotations

import math

import numpy as np

from .grad.harmonics import MOST, sh_slopes
from .grad.pixel import DEPTH as DEPTH_SLOPE
from .grad.pixel import RED, WEIGHT, E
from .grad.project import _rotation, _unit
from .jit import kernel
from .project import DEPTH
from .project import RED as RED_AT

SMALLEST = float(np.finfo(np.float32).tiny)
"""A scale that is not 0 comes to no less; those of surfels stay 0."""


@kernel
def to_parameters(
    splats, footprints, totals, means, eye, beta, offset, radius, start, stop, log_weights,
    d_log_weights, d_opacities, d_colors, d_means,
):  # fmt: skip
    """Slopes by the parameters of visible splats start to stop.

    Args:
        splats: (M,) which splats of the scene.
        footprints: (M, 12).
        totals: (M, V) see `grad.pixel`; what the weight owes to depth is added to that of depth.
        means: (N, 3) centres.
        eye: (3,) float64 centre of projection.
        beta, offset, radius: depth z counts as u = max(0, z - offset) / radius, times beta.
        start, stop: range of visible splats.
        log_weights: (N, 4) or (N, 9) coefficients of l.
        d_log_weights: out, by them.
        d_opacities: (N,) out, of the logarithm of the opacity.
        d_colors: (N, 3) out; 0 where a colour is cut off at black.
        d_means: (N, 3) out, by the direction that l depends on alone; (0, 3) where not wanted.

    Returns:
        The gradient of beta.
    """
    d_beta, degree = 0.0, 2 if log_weights.shape[1] == 9 else 1
    legendre, basis, slopes = np.zeros((6, 7)), np.zeros(MOST), np.zeros((3, MOST))
    toward = np.zeros(3)
    for j in range(start, stop):
        i = splats[j]
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        x, y, z = dx * inv, dy * inv, dz * inv
        slope, row = totals[j, WEIGHT], d_log_weights[i]
        row[0], row[1], row[2], row[3] = slope, slope * x, slope * y, slope * z
        if degree == 2:
            sh_slopes(x, y, z, 2, legendre, basis, slopes)
            for k in range(4, 9):
                row[k] = slope * basis[k]
        if footprints[j, DEPTH] > offset:
            d_beta -= slope * (footprints[j, DEPTH] - offset) / radius
            totals[j, DEPTH_SLOPE] -= slope * beta / radius
        d_opacities[i] = totals[j, E]
        for channel in range(3):
            lit = footprints[j, RED_AT + channel] > 0
            d_colors[i, channel] = totals[j, RED + channel] if lit else 0
        if len(d_means):
            for axis in range(3):
                toward[axis] = log_weights[i, 1 + axis]
                for k in range(4, log_weights.shape[1]):
                    toward[axis] += log_weights[i, k] * slopes[axis, k]
            outward = toward[0] * x + toward[1] * y + toward[2] * z
            d_means[i, 0] = slope * inv * (toward[0] - outward * x)
            d_means[i, 1] = slope * inv * (toward[1] - outward * y)
            d_means[i, 2] = slope * inv * (toward[2] - outward * z)
    return d_beta


@kernel
def reshape(means, quats, scales, shapes, start, stop, new_means, new_quats, new_scales):
    """`scenes.relearn.reshaped` of splats start to stop, in float64."""
    axes, turned = np.empty((3, 3)), np.empty(4)
    for i in range(start, stop):
        w, x, y, z, _ = _unit(quats[i])
        _rotation(w, x, y, z, axes)
        for axis in range(3):
            moved = np.float64(means[i, axis])
            for k in range(3):
                moved += axes[axis, k] * scales[i, k] * shapes[i, k]
            new_means[i, axis] = moved
            scale = scales[i, axis] * math.exp(shapes[i, 6 + axis])
            new_scales[i, axis] = max(scale, SMALLEST) if scales[i, axis] > 0 else 0.0
        a, b, c = shapes[i, 3], shapes[i, 4], shapes[i, 5]
        turned[0] = w - a * x - b * y - c * z
        turned[1] = x + a * w - b * z + c * y
        turned[2] = y + a * z + b * w - c * x
        turned[3] = z - a * y + b * x + c * w
        length = math.sqrt(np.sum(turned * turned))
        for k in range(4):
            new_quats[i, k] = turned[k] / length


@kernel
def to_shapes(quats, scales, shapes, d_means, d_quats, d_scales, start, stop, d_shapes):
    """Slopes by shapes of splats start to stop.

    Args:
        quats, scales: (N, 4) of any length but 0, (N, 3) of the scene.
        shapes: (N, 9) what they were reshaped by.
        d_means, d_quats, d_scales: slopes by what came of it; d_quats have no part along the
            quaternion, which is of length 1.
        start, stop: range of splats.
        d_shapes: (N, 9) out.
    """
    axes = np.empty((3, 3))
    for i in range(start, stop):
        w, x, y, z, _ = _unit(quats[i])
        _rotation(w, x, y, z, axes)
        a, b, c = shapes[i, 3], shapes[i, 4], shapes[i, 5]
        inv = 1.0 / math.sqrt(1.0 + a * a + b * b + c * c)
        d = d_quats[i]
        d_shapes[i, 3] = inv * (-x * d[0] + w * d[1] + z * d[2] - y * d[3])
        d_shapes[i, 4] = inv * (-y * d[0] - z * d[1] + w * d[2] + x * d[3])
        d_shapes[i, 5] = inv * (-z * d[0] + y * d[1] - x * d[2] + w * d[3])
        for k in range(3):
            along = axes[0, k] * d_means[i, 0] + axes[1, k] * d_means[i, 1]
            along += axes[2, k] * d_means[i, 2]
            d_shapes[i, k] = along * scales[i, k]
            d_shapes[i, 6 + k] = d_scales[i, k] * scales[i, k] * math.exp(shapes[i, 6 + k])
