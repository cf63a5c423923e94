"""Smoothed normals of splats: each splat's own, drawn towards what those around it agree on.

A splat's shortest axis is noisy, and its sign says nothing. Over the splats of a cell of space the
mean of n n^T does not depend on signs; its main direction is the normal that they agree on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..scenes.splats import Splats
from .projection import quats_to_matrices
from .scene_facts import facts_of

_CHUNK = 1 << 16
_ACROSS = 1e-5  # cosines up to here are rounding
_SOMEWHERE = np.array([0.36, -0.8, 0.48])  # along no axis and no diagonal
_BITS = 20  # of a cell's number along an axis, either side of the middle one


def smooth_normals(splats: Splats, smoothing: float, reach: float) -> NDArray[np.float32]:
    """(N, 3) unit normals in world axes, of either sign.

    A splat's own normal is its shortest axis, of a surfel the third; where a file has normals for
    all splats, that of the file. What was found last is kept with the scene.

    Args:
        splats: the scene.
        smoothing: from the own normal, 0, to the one of its cell, 1.
        reach: side of a cell, in median widths of a splat.
    """
    memo = facts_of(splats).memo
    if "own normals" not in memo:
        memo["own normals"] = _own(splats)
    own = memo["own normals"]
    if smoothing == 0.0 or len(own) == 0:
        return own
    if "agreed normals" not in memo or memo["agreed normals"][0] != reach:
        memo["agreed normals"] = reach, _agreed(splats, own, reach)
    key = smoothing, reach
    if "smooth normals" not in memo or memo["smooth normals"][0] != key:
        mean = (1.0 - smoothing) * own + smoothing * memo["agreed normals"][1]
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        memo["smooth normals"] = key, mean.astype(np.float32)
    return memo["smooth normals"][1]


def _agreed(splats: Splats, own: NDArray[np.float32], reach: float) -> NDArray[np.float64]:
    """(N, 3) the main direction of the mean of n n^T in a splat's cell, on the own one's side."""
    cell = _cells(splats, reach)
    count = int(cell.max()) + 1
    tensors = np.zeros((count, 3, 3))
    weights = splats.opacities.astype(np.float64)
    for i in range(3):
        for k in range(i, 3):
            sums = np.bincount(cell, weights * own[:, i] * own[:, k], count)
            tensors[:, i, k] = tensors[:, k, i] = sums
    main = np.linalg.eigh(tensors)[1][:, :, 2]
    # Across a splat's own normal there is no such side: then all of a cell have the same, which no
    # rounding decides.
    main *= np.where(main @ _SOMEWHERE < 0, -1.0, 1.0)[:, None]
    agreed = main[cell]
    agreed *= np.where(np.sum(agreed * own, axis=1, keepdims=True) < -_ACROSS, -1.0, 1.0)
    return agreed


def _cells(splats: Splats, reach: float) -> NDArray[np.int64]:
    """(N,) number of the cell that each splat is in, without gaps; all far outside share theirs."""
    width = float(np.median(np.sort(splats.scales, axis=1)[:, 1]))
    cells = np.floor(splats.means.astype(np.float64) / max(reach * width, 1e-12))
    cells = np.clip(cells - np.floor(np.median(cells, axis=0)), -(1 << _BITS), (1 << _BITS) - 1)
    x, y, z = cells.astype(np.int64).T + (1 << _BITS)
    packed = ((x << (_BITS + 1)) | y) << (_BITS + 1) | z
    return np.unique(packed, return_inverse=True)[1].ravel()


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
