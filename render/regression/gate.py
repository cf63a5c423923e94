"""The gate of screenshot regression: whether a picture is its golden.

The gate has two parts, and both must hold:

- |difference| <= 3/255 in every channel, except at 0.04 % of the pixels (10 at least): another
  driver's rounding passes, a shifted edge or 50 fireflies do not;
- |mean signed difference| <= 0.25/255 in every channel: noise cancels, a change of brightness or
  gamma does not.

FLIP and SSIM rank a white box below harmless noise, so they never gate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

MAX_DIFFERENCE = 3
"""Per channel and pixel, of 255."""
FREE_PIXELS = 10
FREE_SHARE = 0.0004
MAX_MEAN = 0.25
"""Mean signed difference per channel, of 255."""


@dataclass(frozen=True)
class Verdict:
    """How a picture compares with its golden.

    Attributes:
        off_pixels: how many differ by more than `MAX_DIFFERENCE` in some channel.
        allowed_pixels: how many may.
        largest: difference, of 255.
        mean_signed: difference per channel, of 255.
        reason: why it fails; empty where it passes.
    """

    off_pixels: int
    allowed_pixels: int
    largest: int
    mean_signed: tuple[float, ...]
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the picture is the golden."""
        return not self.reason


def compare(actual: Picture, expected: Picture) -> Verdict:
    """The gate. Pictures are (H, W, C) uint8; another shape fails."""
    if actual.shape != expected.shape:
        reason = f"its shape is {actual.shape}, the golden's is {expected.shape}"
        return Verdict(0, 0, 255, (), reason)
    difference = actual.astype(np.int16) - expected
    apart = np.abs(difference).max(axis=2)
    off = int((apart > MAX_DIFFERENCE).sum())
    allowed = max(FREE_PIXELS, int(FREE_SHARE * apart.size))
    mean = tuple(float(m) for m in difference.reshape(-1, difference.shape[2]).mean(axis=0))
    reasons = []
    if off > allowed:
        reasons.append(f"{off} pixels differ by more than {MAX_DIFFERENCE}/255 ({allowed} may)")
    if max(map(abs, mean)) > MAX_MEAN:
        shown = ", ".join(f"{m:+.3f}" for m in mean)
        reasons.append(f"the mean difference is ({shown})/255 ({MAX_MEAN} may be)")
    return Verdict(off, allowed, int(apart.max()), mean, "; ".join(reasons))
