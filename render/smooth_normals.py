"""Smoothed normals of splats: each splat's own, drawn towards those around it.

A splat's shortest axis is noisy, and its sign says nothing. Over the splats of a cell of space the
mean of n n^T does not depend on signs; its main direction is the normal that they agree on.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..scenes.splats import Splats
from .projection import quats_to_matrices

CELL = 6.0
"""Side of a cell, in median widths of a splat."""

_CHUNK = 1 << 16


def smooth_normals(splats: Splats) -> NDArray[np.float32]:
    """(N, 3) unit normals in world axes, of either sign; those of the file, where it has any.

    Found once per scene.
    """
    known = _KNOWN.get(splats)
    if known is None:
        known = _KNOWN[splats] = _smoothed(splats)
    return known


def _smoothed(splats: Splats) -> NDArray[np.float32]:
    own = _own(splats)
    if len(own) == 0:
        return own
    width = float(np.median(np.sort(splats.scales, axis=1)[:, 1]))
    cells = np.floor(splats.means.astype(np.float64) / max(CELL * width, 1e-12)).astype(np.int64)
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    cell = cell.ravel()
    count = int(cell.max()) + 1
    tensors = np.zeros((count, 3, 3))
    weights = splats.opacities.astype(np.float64)
    for i in range(3):
        for k in range(3):
            tensors[:, i, k] = np.bincount(cell, weights * own[:, i] * own[:, k], count)
    agreed = np.linalg.eigh(tensors)[1][:, :, 2][cell]
    agreed *= np.where(np.sum(agreed * own, axis=1, keepdims=True) < 0, -1.0, 1.0)
    mean = own + agreed
    return (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)


def _own(splats: Splats) -> NDArray[np.float32]:
    """(N, 3) shortest axes, or the file's normals."""
    if splats.normals is not None:
        length = np.linalg.norm(splats.normals, axis=1, keepdims=True)
        if (length > 1e-6).all():
            return splats.normals / length
    own = np.empty((len(splats), 3), np.float32)
    for start in range(0, len(splats), _CHUNK):
        rows = slice(start, start + _CHUNK)
        axes = quats_to_matrices(splats.quats[rows].astype(np.float64))
        shortest = np.argmin(splats.scales[rows], axis=1)
        own[rows] = np.take_along_axis(axes, shortest[:, None, None], axis=2)[:, :, 0]
    return own / np.linalg.norm(own, axis=1, keepdims=True)


_KNOWN: WeakKeyDictionary[Splats, NDArray[np.float32]] = WeakKeyDictionary()
