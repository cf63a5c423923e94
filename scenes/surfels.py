"""Ellipsoids made flat: surfels with the axes of the splats that they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .progress import Progress, silent
from .splats import Splats

_CHUNK = 1 << 16
_STAGE = "Flattening splats"

_TO_THIRD = np.array(
    [[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, -0.5, -0.5], [1.0, 0.0, 0.0, 0.0]], np.float32
)
"""wxyz by axis: turns of a third about (1, 1, 1), which bring that axis to the place of z."""


def to_surfels(splats: Splats, progress: Progress = silent) -> Splats:
    """Every splat without its shortest axis, which becomes the normal; surfels stay as they are.

    Weights that were fitted or learned are of the footprints before, and the mip filter is not for
    surfels: the result has neither.

    Raises:
        Cancelled: `progress` asked for it.
    """
    quats, scales = np.empty_like(splats.quats), np.empty_like(splats.scales)
    for start in range(0, len(splats), _CHUNK):
        progress(start / len(splats), _STAGE)
        rows = slice(start, start + _CHUNK)
        shortest = np.argmin(splats.scales[rows], axis=1)
        order = (shortest[:, None] + np.array([1, 2, 3])) % 3
        scales[rows] = np.take_along_axis(splats.scales[rows], order, axis=1)
        quats[rows] = _product(splats.quats[rows], _TO_THIRD[shortest])
    scales[:, 2] = 0.0
    return replace(splats, quats=quats, scales=scales, fitted=None, learned=None, antialiased=False)


def _product(p: NDArray[np.float32], q: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4) p q, quaternions wxyz."""
    w = p[:, :1] * q[:, :1] - np.sum(p[:, 1:] * q[:, 1:], axis=1, keepdims=True)
    xyz = p[:, :1] * q[:, 1:] + q[:, :1] * p[:, 1:] + np.cross(p[:, 1:], q[:, 1:])
    return np.concatenate([w, xyz], axis=1, dtype=np.float32)
