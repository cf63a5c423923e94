"""The order of a file: the coarsest first, so that its first Gaussians are a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scenes.image_splats import ImageSplats


def coarsest_first(splats: ImageSplats, parts: list[int]) -> ImageSplats:
    """The Gaussians by part, and the larger ones first within each.

    Args:
        splats: in the order in which they were added.
        parts: how many there were after each addition, rising; the last is all of them.
    """
    area = 1 / np.prod(splats.inverse_scales.astype(np.float64), axis=1)
    part = np.searchsorted(parts, np.arange(len(splats)), side="right")
    return replace(splats.take(np.lexsort((-area, part))), size=splats.size)
