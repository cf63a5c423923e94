"""What the reader and the writer of compressed PLY share: columns, ranges and codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

C0 = 0.28209479177387814
"""Value of the SH basis function of degree 0."""

SPLATS_PER_CHUNK = 256
MAX_SH_DEGREE = 3
"""Of files that other programs read."""

PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
BOUNDS = tuple(
    f"{end}_{axis}"
    for axes in (("x", "y", "z"), ("scale_x", "scale_y", "scale_z"), ("r", "g", "b"))
    for end in ("min", "max")
    for axis in axes
)
"""Columns of a chunk: bounds of position, log-scale and, in newer files, display colour."""

LARGEST = 1e30
"""Of a position or a colour."""
LARGEST_LOG = 80.0
"""Of a scale; exp leaves float32 at 88.7."""
LOG_OF_ZERO = -110.0
"""Of a surfel's third scale: exp of it is 0 in float32."""


def unpack_smallest_three(packed: NDArray[np.uint32]) -> NDArray[np.float32]:
    """(N, 4) wxyz: the two high bits name the largest component, which the norm gives.

    The other three are 10 bits each over +-sqrt(1/2), in the order wxyz with the largest left out.
    """
    others = np.stack([packed >> 20 & 1023, packed >> 10 & 1023, packed & 1023], axis=1)
    others = (others / 1023.0 - 0.5) * np.sqrt(2.0)
    largest = packed >> 30
    quats = np.empty((len(packed), 4), np.float32)
    rows = np.arange(len(packed))
    for i in range(3):
        quats[rows, i + (i >= largest)] = others[:, i]
    quats[rows, largest] = np.sqrt(np.maximum(0.0, 1.0 - (others**2).sum(axis=1)))
    return quats


def unpack_sh(byte: NDArray[Any]) -> NDArray[np.float32]:
    """Coefficients in [-4, 4]; the ends of the byte's range are exact, the rest bin centres."""
    b = byte.astype(np.float32)
    n = np.where(b <= 0.0, 0.0, np.where(b >= 255.0, 1.0, (b + 0.5) / 256.0))
    return ((n - 0.5) * 8.0).astype(np.float32)
