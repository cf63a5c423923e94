"""Differences drawn in colours: a ramp whose lightness rises evenly, so that it reads as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ANCHORS = (
    "000004 0d0829 280b54 480b6a 65156e 82206c 9f2a63 bb3754 d44842 e8602d f57d15 fc9f07 fac228"
    " f3e55d fcffa4"
)
"""Colours at equal steps of the ramp "inferno" (van der Walt and Smith 2015, public domain)."""

RAMP = np.array(
    [[int(word[k : k + 2], 16) / 255 for k in (0, 2, 4)] for word in _ANCHORS.split()], np.float32
)
"""(15, 3) display RGB from no difference to the largest; lightness grows evenly."""

FEW = 1000
"""One in how many pixels may be beyond the end of a scale."""

LIMITS = (4, 8, 16, 32, 64, 128, 255)
"""Where scales may end, in 1/255: a scale that changes with every frame says nothing."""


def heat(difference: ArrayLike, limit: float) -> NDArray[np.float32]:
    """(H, W, 3) float32 display RGB of differences (H, W) in [0, 1]; `limit`: in 1/255."""
    share = np.clip(np.asarray(difference, np.float32) * np.float32(255.0 / limit), 0.0, 1.0)
    place = share * (len(RAMP) - 1)
    low = np.minimum(place.astype(np.intp), len(RAMP) - 2)
    rest = (place - low)[..., None].astype(np.float32)
    return np.asarray(RAMP[low] * (1 - rest) + RAMP[low + 1] * rest, np.float32)


def limit_for(*differences: NDArray[np.float32]) -> int:
    """The end of a scale, in 1/255, that few pixels of each picture are beyond."""
    limits = [
        first_limit([int((np.float32(255) * d > end).sum()) for end in LIMITS], d.size)
        for d in differences
    ]
    return max(limits, default=LIMITS[0])


def first_limit(beyond: Sequence[int], pixels: int) -> int:
    """The first of `LIMITS` that few of the pixels are beyond, of which `beyond` are each."""
    return next((end for end, n in zip(LIMITS, beyond) if n * FEW <= pixels), LIMITS[-1])
