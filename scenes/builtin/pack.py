"""From work coordinates to the scene's, which are INRIA's: y down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..splats import Splats
from ..viewpoint import Viewpoint
from .light import turn
from .shapes import Float, Part


def eye(x: float, y: float, z: float, *, at: tuple[float, float, float], fov: float) -> Viewpoint:
    """A viewpoint from work coordinates (y up)."""
    return Viewpoint((x, -y, -z), (at[0], -at[1], -at[2]), (0.0, -1.0, 0.0), fov)


def packed(
    part: Part, sh: NDArray[np.float32], material: NDArray[np.int32] | None = None
) -> Splats:
    """A part with its colours as splats, and with the materials that they number."""
    return Splats(
        means=_pack(turn(part.points)),
        quats=_quats(part),
        scales=_pack(part.scales),
        opacities=_pack(part.opacities),
        sh=sh,
        material=material,
        up=(0.0, -1.0, 0.0),
    )


def _quats(part: Part) -> NDArray[np.float32]:
    """(N, 4) wxyz of the frames (tangent, bitangent, normal), turned to INRIA's axes."""
    tangent, normal = turn(part.tangents), turn(part.normals)
    m = np.stack([tangent, np.cross(normal, tangent), normal], axis=2)
    # Shepperd's method: the largest of the four is computed from the diagonal.
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    squares = 0.25 * np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz,
                               1 - xx - yy + zz], 1)  # fmt: skip
    a, b, c = m[:, 2, 1], m[:, 0, 2], m[:, 1, 0]
    d, e, f = m[:, 1, 2], m[:, 2, 0], m[:, 0, 1]
    products = 0.25 * np.stack([
        np.stack([4 * squares[:, 0], a - d, b - e, c - f], 1),
        np.stack([a - d, 4 * squares[:, 1], c + f, b + e], 1),
        np.stack([b - e, c + f, 4 * squares[:, 2], a + d], 1),
        np.stack([c - f, b + e, a + d, 4 * squares[:, 3]], 1),
    ], 1)  # fmt: skip
    rows = np.arange(len(m))
    quats = products[rows, squares.argmax(axis=1)]
    return _pack(quats / np.linalg.norm(quats, axis=1, keepdims=True))


def _pack(values: Float) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
