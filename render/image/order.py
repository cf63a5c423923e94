"""The order of a file: any number of its first Gaussians is the picture in less detail.

Those that were added first are first. Within a part any number of the first lie over the picture as
evenly as all of them: they are taken along a Z curve (Morton 1966) in the order of van der Corput's
sequence, which halves what is left of it again and again. In the order of size, which is the other
that suggests itself, small things had come last: at 10 % of 10,000 Gaussians that was 1.4 dB worse.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...scenes.image_splats import ImageSplats

Ints = NDArray[np.int64]


def by_detail(splats: ImageSplats, parts: list[int]) -> ImageSplats:
    """The Gaussians by part, and evenly within each.

    Args:
        splats: in the order in which they were added.
        parts: how many there were after each addition, rising; the last is all of them.
    """
    rows = [
        start + evenly(splats.means[start:stop], splats.size)
        for start, stop in pairwise([0, *parts])
    ]
    return splats.take(np.concatenate(rows))


def evenly(points: NDArray[np.floating], size: tuple[int, int]) -> Ints:
    """(P,) an order of points (P, 2) whose beginnings are spread as all of them are."""
    grid = np.clip(points / np.array(size) * 65536, 0, 65535).astype(np.int64)
    along = np.argsort(_apart(grid[:, 0]) | _apart(grid[:, 1]) << 1, kind="stable")
    bits = max(len(points) - 1, 0).bit_length()
    places = np.arange(1 << bits)
    turned = np.zeros_like(places)  # the same numbers, their bits in reverse
    for bit in range(bits):
        turned |= (places >> bit & 1) << (bits - 1 - bit)
    return along[turned[turned < len(points)]]


def _apart(values: Ints) -> Ints:
    """16 bits of each with a zero before every one of them."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | values << shift) & mask
    return values
