"""Normals of splats: what lights and G-buffers take for the direction of a surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..scenes.splats import Splats
from .camera import Camera
from .projection import quats_to_matrices

_CHUNK = 1 << 16


def splat_normals(splats: Splats, camera: Camera) -> NDArray[np.float32]:
    """(N, 3) unit normals in world axes, each turned to the camera.

    The shortest axis of an ellipsoid, the third axis t_u x t_v of a surfel (Huang et al. 2024),
    whose third scale is 0. Turned to the camera as seen along the ray to the splat's centre, so
    that n . (eye - mean) >= 0. A ball has no shortest axis: its normal is one of its axes.
    """
    normals = np.empty((len(splats), 3), np.float32)
    for start in range(0, len(splats), _CHUNK):
        rows = slice(start, start + _CHUNK)
        axes = quats_to_matrices(splats.quats[rows].astype(np.float64))
        shortest = np.argmin(splats.scales[rows], axis=1)
        normal = np.take_along_axis(axes, shortest[:, None, None], axis=2)[:, :, 0]
        away = np.einsum("ij,ij->i", normal, splats.means[rows] - camera.position) > 0.0
        normal = np.where(away[:, None], -normal, normal)
        normals[rows] = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return normals
