"""A measure of popping: how much of a picture jumps from one frame to the next.

For frames I_t of a camera that moves slowly and evenly, the excess of a step over its neighbours in
time,

    J_t = mean over pixels of max(0, |I_{t+1} - I_t| - max(|I_t - I_{t-1}|, |I_{t+2} - I_{t+1}|)),

is small where colours change steadily and large where much of the picture changes in one step and
rests before and after it. The popping of a sequence is its largest J_t. Sorting by centres changes
the whole overlap of two splats in the frame in which their order flips; sorting pixel by pixel
moves a line through it (Radl et al. 2024, "StopThePop").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def popping(frames: Sequence[NDArray[np.float32]]) -> float:
    """The largest J_t of a sequence of at least four images (H, W, 3), in 1/255 of the range.

    Raises:
        ValueError: fewer than four frames.
    """
    if len(frames) < 4:
        raise ValueError(f"popping is seen in four frames or more, not in {len(frames)}")
    steps = [np.abs(b - a).max(axis=-1) for a, b in pairwise(frames)]
    around = zip(steps, steps[1:], steps[2:])
    return 255.0 * max(
        float(np.mean(np.maximum(step - np.maximum(before, after), 0.0)))
        for before, step, after in around
    )
