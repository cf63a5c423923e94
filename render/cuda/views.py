"""Debug views that the GPU makes of one frame, see `render.inspect`; kernels are in finish.cu."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..heat import RAMP
from ..inspect import DEPTH_ENDS, DEPTH_FARTHEST, DEPTH_RISE
from .device import Address
from .frame import Planned
from .plan import Tensor
from .work import Work

FINISHED = ("depth", "alpha", "normals")
"""Views of `inspect.BLENDED` whose pictures are not the frame's own."""


def show(shown: str, planned: Planned, work: Work, target: Address) -> None:
    """Makes the picture of a view of `FINISHED` of a frame; nobody waits."""
    frame = planned.colors[0]
    if shown != "depth":
        work.each_pixel(f"show_{shown}", frame, target)
        return
    assert planned.depth is not None
    ends, ramp = depth_ends(work.torch, planned.depth, frame[..., 3]), work.send(RAMP)
    numbers = len(RAMP), DEPTH_FARTHEST, DEPTH_RISE
    work.each_pixel("show_depth", frame, planned.depth, ends, ramp, *numbers, target)


def depth_ends(torch: Any, depth: Tensor, alpha: Tensor) -> Tensor:
    """The least depth that has a colour of its own, and 1 / log(largest / least).

    How many pixels count is known to the GPU alone, so the others come last in a sort.
    """
    seen = alpha > 0.5
    ordered = depth.masked_fill(~seen, np.inf).flatten().sort().values
    last = (seen.sum() - 1).clamp(min=0)
    ends = []
    for part in DEPTH_ENDS:
        place = part * last  # as numpy's quantiles
        below = place.floor().long()
        above = (below + 1).minimum(last)
        low, high = ordered[below], ordered[above]
        ends.append(low + (place - below) * (high - low))
    least = ends[0].clamp(1e-9, 1e30)
    span = (ends[1].clamp(max=1e30).maximum(least) / least).log().clamp(min=1e-3)
    return torch.stack([least, 1.0 / span])
