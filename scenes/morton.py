"""Morton order: points near each other in space come near each other in a file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BITS = 21  # an axis: three fill 63 bits


def morton_order(points: NDArray[np.float32]) -> NDArray[np.intp]:
    """(N,) rows of finite points (N, 3) along the Z curve (Morton 1966) of their bounding box."""
    if len(points) == 0:
        return np.zeros(0, np.intp)
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    span = np.where(high > low, high - low, 1.0)
    cells = ((points - low) / span * (2**_BITS - 1)).astype(np.uint64)
    code = _spread(cells[:, 0]) | _spread(cells[:, 1]) << 1 | _spread(cells[:, 2]) << 2
    return np.argsort(code, kind="stable")


def _spread(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 21 low bits, two empty ones after each."""
    for shift, mask in (
        (32, 0x1F00000000FFFF),
        (16, 0x1F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        x = (x | x << np.uint64(shift)) & np.uint64(mask)
    return x
