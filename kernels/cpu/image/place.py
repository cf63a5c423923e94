"""Gaussians of an image as footprints on the pixels of a view; see `kernels.cpu.project`."""

from __future__ import annotations

import math

import numpy as np

from ..jit import kernel
from ..project import (
    ANCHOR_X,
    ANCHOR_Y,
    DEPTH,
    HALF_LOG2_E,
    LOG2_OPACITY,
    SMALLEST,
    A,
    B,
    C,
    U,
    V,
)

AMPLITUDE = DEPTH
"""Column of a footprint that has no depth: what its weight is multiplied by."""

DECODED = [ANCHOR_X, ANCHOR_Y, U, V, A, B, C, AMPLITUDE]
"""Columns that are read once there are tile lists; the opacity is 1, and colours are elsewhere."""


@kernel
def place(
    means, inverse_scales, rotations, scale, left, top, widen, width, height, start, stop,
    footprints,
):  # fmt: skip
    """Footprints of Gaussians start to stop on a view of an image.

    Pixel (X, Y) of the view shows the point ((X + 0.5) / scale + left, (Y + 0.5) / scale + top).

    Args:
        means, inverse_scales, rotations: of `ImageSplats`.
        scale: pixels of the view for one of the image.
        left, top: the image's point at the corner of the view, its pixels.
        widen: added to the variances, pixels of the image squared; the integral is kept.
        width, height: of the view, pixels.
        footprints: (N, 12) float32 out; colours are not set.
    """
    for n in range(start, stop):
        # Differences in float64: an image may be looked at from as near as one likes.
        x = (np.float64(means[n, 0]) - left) * scale
        y = (np.float64(means[n, 1]) - top) * scale
        cos, sin = math.cos(np.float64(rotations[n])), math.sin(np.float64(rotations[n]))
        first = 1.0 / np.float64(inverse_scales[n, 0]) ** 2
        second = 1.0 / np.float64(inverse_scales[n, 1]) ** 2
        yy = sin * sin * first + cos * cos * second + widen
        xy = cos * sin * (first - second)
        det = first * second + widen * (first + second + widen)
        a = math.sqrt(HALF_LOG2_E * yy / det) / scale
        c = math.sqrt(HALF_LOG2_E / yy) / scale
        b = -a * xy / yy
        a, c = max(a, SMALLEST), max(c, SMALLEST)
        pixel_x = np.floor(min(max(x, 0.0), width - 1.0))
        pixel_y = np.floor(min(max(y, 0.0), height - 1.0))
        dx, dy = pixel_x + 0.5 - x, pixel_y + 0.5 - y
        footprints[n, ANCHOR_X], footprints[n, ANCHOR_Y] = pixel_x, pixel_y
        footprints[n, U], footprints[n, V] = a * dx + b * dy, c * dy
        footprints[n, A], footprints[n, B], footprints[n, C] = a, b, c
        footprints[n, LOG2_OPACITY] = 0.0
        footprints[n, AMPLITUDE] = math.sqrt(first * second / det)
