"""What mode `learned` draws in place of a scene: its splats with all that was learned of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .oit import SHIFT, STRETCH, TURN, OitWeights
from .recolor import SH_C0
from .splats import Splats

Float32 = NDArray[np.float32]

_SMALLEST = np.finfo(np.float32).tiny  # no ellipsoid becomes a surfel
_CHUNK = 1 << 14  # splats at a time, so that temporaries stay in the cache


def relearned(splats: Splats, weights: OitWeights) -> Splats:
    """Another scene, with all that weights put in place of the scene's own.

    Raises:
        SplatsError: a splat comes out beyond what float32 holds.
    """
    changes = {}
    if weights.opacities is not None:
        changes["opacities"] = weights.opacities
    if weights.colors is not None:
        sh = splats.sh.copy()
        sh[:, 0] += weights.colors / np.float32(SH_C0)
        changes["sh"] = sh
    if weights.shapes is not None:
        names = "means", "quats", "scales"
        changes |= dict(zip(names, reshaped(splats, weights.shapes)))
    return replace(splats, **changes)


def reshaped(splats: Splats, shapes: Float32) -> tuple[Float32, Float32, Float32]:
    """Centres, rotations and scales of splats of other shapes.

    With R the rotation of a splat, s its scales and (h, t, l) its row of `shapes`,

        m' = m + R (s h),    q' ~ q (1, t),    s' = s exp(l).

    Args:
        splats: N of them.
        shapes: (N, 9), see `OitWeights`.
    """
    means, quats, scales = map(np.empty_like, (splats.means, splats.quats, splats.scales))
    for start in range(0, len(splats), _CHUNK):
        rows = slice(start, start + _CHUNK)
        q, s = splats.quats[rows].astype(np.float64), splats.scales[rows]
        q /= np.linalg.norm(q, axis=1, keepdims=True)
        w, x, y, z = q.T
        # The products of q with i, j and k, as columns.
        products = np.stack([-x, -y, -z, w, -z, y, z, w, -x, -y, x, w], 1).reshape(-1, 4, 3)
        turned = q + np.einsum("nij,nj->ni", products, shapes[rows, TURN])
        quats[rows] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        # R v = v + 2 u x (u x v + w v) with the vector part u of q.
        u, v = q[:, 1:], s * shapes[rows, SHIFT].astype(np.float64)
        means[rows] = splats.means[rows] + v + 2 * np.cross(u, np.cross(u, v) + w[:, None] * v)
        stretched = s * np.exp(shapes[rows, STRETCH].astype(np.float64))
        scales[rows] = np.where(s > 0, np.maximum(stretched, _SMALLEST), 0)
    return means, quats, scales
