"""Growing Gaussians into a hole from its rim.

A field of Gaussians goes on for a few standard deviations beyond what it was fitted to, which fills
scratches. Wider holes are filled ring by ring: each ring takes its colours from the field of the
ones before, each Gaussian seen three times as wide, and is coarser the farther it is from the rim.
What comes of it is smooth: nothing is invented.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...scenes.image_splats import ImageSplats
from .cpu import CPUImageRenderer
from .growth import inside

SEEN = 3.0
"""Times as wide as they are, Gaussians are looked up for the colours of the next ring."""

REACHED = 0.1
"""Sum of weights from which the field of the fit itself says what an unknown pixel shows."""

COARSER = 0.25
"""Width of a ring for its distance from the rim."""


def fill_hole(splats: ImageSplats, known: NDArray[np.bool_]) -> ImageSplats:
    """The Gaussians, and after them those that fill what is not known.

    Args:
        splats: fitted to the known pixels.
        known: (H, W) bool.
    """
    renderer = CPUImageRenderer()
    renderer.upload(splats)
    filled, distance = known | (renderer.coverage() > REACHED), 0.0
    # As fine as the fit at the rim.
    finest = float(np.sqrt(known.sum() / max(len(splats), 1)))
    while not filled.all():
        width = max(1, round(max(finest, COARSER * distance)))
        reached = filled
        for _ in range(width):
            reached = ~inside(~reached)
        ring = reached & ~filled
        points = _spread(ring, width)
        wide = replace(splats, inverse_scales=splats.inverse_scales / np.float32(SEEN))
        renderer = CPUImageRenderer()
        renderer.upload(_near(wide, ring, 4 * SEEN * width))
        colors = renderer.pixels(points)
        n = len(points)
        splats = ImageSplats(
            np.concatenate([splats.means, points.astype(np.float32)]),
            np.concatenate([splats.inverse_scales, np.full((n, 2), 1.4 / width, np.float32)]),
            np.concatenate([splats.rotations, np.zeros(n, np.float32)]),
            np.concatenate([splats.colors, colors]),
            splats.size,
        )
        filled, distance = reached, distance + width
    return splats


def _spread(ring: NDArray[np.bool_], width: int) -> NDArray[np.float64]:
    """(P, 2) one pixel's centre for each square of `width` that the ring passes through."""
    y, x = np.nonzero(ring)
    cells = (y // width).astype(np.int64) * (ring.shape[1] // width + 1) + x // width
    order = np.argsort(cells, kind="stable")
    starts = np.unique(cells[order], return_index=True)[1]
    counts = np.diff(np.append(starts, len(order)))
    middle = order[starts + counts // 2]
    return np.array([x[middle], y[middle]], np.float64).T + 0.5


def _near(splats: ImageSplats, ring: NDArray[np.bool_], margin: float) -> ImageSplats:
    """The Gaussians in the ring's neighbourhood: those farther away say nothing about it."""
    y, x = np.nonzero(ring)
    low = np.array([x.min(), y.min()]) - margin
    high = np.array([x.max(), y.max()]) + margin
    near = ((splats.means >= low) & (splats.means <= high)).all(axis=1)
    return splats.take(near) if near.any() else splats
