"""Debug views on the GPU, see `render.inspect`; their kernels are in kernels/cuda/views.

Those of `inspect.PROJECTED` have rasterizers of their own. Those of `FINISHED` are made of drawn
frames by one kernel more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...kernels.cuda.sources import SCALE_LIMITS
from ...scenes.content import Content
from ..frame import FrameRequest
from ..heat import FEW
from ..inspect import (
    DEPTH_ENDS,
    DEPTH_FARTHEST,
    DEPTH_RISE,
    ERROR_LIMIT,
    LEAST_LAYERS,
    PROJECTED,
    SHELL,
    blended,
    compared,
    projected,
    view_stage,
)
from ..settings import Settings
from .device import Address, Fetched
from .frame import Blending, Planned, Then, Visible
from .modes import Asked, binned
from .plan import Plan, Tensor, Zeros
from .work import Work

FINISHED = ("depth", "alpha", "normals", "overdraw", "bins", "error")
"""Views whose pictures are not those of their last frame."""


def frames(request: FrameRequest, content: Content | None) -> list[FrameRequest]:
    """What is drawn for a picture, one after the other; mostly one frame."""
    shown = request.settings.shown
    if shown == "colour" or content is None:
        return [request]
    if shown in PROJECTED:
        return [projected(request)]
    return [*compared(request)] if shown == "error" else [blended(request, content)]


# Views of inspect.PROJECTED


def blending(asked: Asked) -> Blending:
    """How a view of `inspect.PROJECTED` is drawn, in place of a mode."""
    return replace(_PROJECTED[asked.request.settings.shown](asked), flat=True)


def _centres(asked: Asked) -> Blending:
    camera = asked.request.camera

    def arguments(plan: Plan, visible: Visible) -> tuple[Zeros]:
        nearest = plan.zeros(2 * camera.width * camera.height)
        plan.each(
            "mark_centres", visible.room, visible.footprints, visible.counts, visible.room,
            camera.width, nearest,
        )  # fmt: skip
        return (nearest,)

    return Blending("scene", "rasterize_centres", arguments)


def _ellipsoids(asked: Asked) -> Blending:
    return Blending("depth", "rasterize_ellipsoids", lambda plan, visible: (SHELL,))


def _overdraw(asked: Asked) -> Blending:
    return Blending("scene", "rasterize_overdraw")


def _bins(asked: Asked) -> Blending:
    return replace(binned(asked), rasterize=f"rasterize_bins_{asked.request.settings.bins}")


_PROJECTED: dict[str, Callable[[Asked], Blending]] = {
    "centres": _centres,
    "ellipsoids": _ellipsoids,
    "overdraw": _overdraw,
    "bins": _bins,
}


# Views of FINISHED


class Scale:
    """Where the colours of a view end, on its way to the host.

    Args:
        names: of the stats that are told.
        fetched: their values.
    """

    def __init__(self, names: tuple[str, ...], fetched: Fetched) -> None:
        self._names, self._fetched = names, fetched

    def there(self) -> bool:
        """Whether the device has come to it; returns at once."""
        return self._fetched.there()

    def stats(self) -> dict[str, int]:
        """What is told of the frame; waits for it."""
        return {name: int(value) for name, value in zip(self._names, self._fetched.array())}


class Show:
    """Makes the picture of a view of `FINISHED`, while its frames are drawn; nobody waits.

    Args:
        settings: of the view; of any other nothing is made.
        work: where frames are drawn.

    Attributes:
        scale: where its colours end, once it is drawn; None where it has no such end.
    """

    def __init__(self, settings: Settings, work: Work) -> None:
        self._settings, self._work = settings, work
        self._stage = view_stage(settings.shown)
        self._other: Tensor = None
        self.scale: Scale | None = None

    def before(self) -> Then:
        """Keeps the first of two frames, which the next is drawn over."""

        def keep(planned: Planned) -> None:
            self._other = planned.colors[0].clone()

        return Then(self._stage, keep)

    def last(self, target: Address | None = None) -> Then | None:
        """Makes the picture of the last frame, in memory for it; None is the frame's own."""
        if self._settings.shown not in FINISHED:
            return None

        def show(planned: Planned) -> None:
            self.scale = _show(planned, self._settings, self._work, target, self._other)

        return Then(self._stage, show)


def _show(
    planned: Planned, settings: Settings, work: Work, target: Address | None, other: Tensor
) -> Scale | None:
    shown, frame = settings.shown, planned.colors[0]
    place = frame if target is None else target
    if shown in ("alpha", "normals"):
        work.each_pixel(f"show_{shown}", frame, place)
        return None
    if shown == "depth":
        assert planned.depth is not None
        ends = depth_ends(work.torch, planned.depth, frame[..., 3])
        numbers = DEPTH_FARTHEST, DEPTH_RISE
        work.each_pixel("show_depth", frame, planned.depth, ends, *work.ramp, *numbers, place)
        return None
    if shown == "error":
        limit, background = ERROR_LIMIT / 255, map(float, settings.background)
        work.each_pixel("show_error", frame, other, *background, limit, *work.ramp, place)
        return None
    names, scale = ("limit",), work.send(np.array([settings.bins], np.float32))
    if shown == "overdraw":
        names, scale = ("limit", "layers"), layers_scale(frame, work)
    work.each_pixel("show_counts", frame, scale, *work.ramp, place)
    return Scale(names, work.launcher.fetch(scale))


def layers_scale(frame: Tensor, work: Work) -> Tensor:
    """Where the colours of overdraw end, as `inspect.layers_limit`, and the largest count."""
    torch, device, start = work.torch, work.launcher.device, float(LEAST_LAYERS)
    survey = torch.zeros(SCALE_LIMITS + 1, dtype=torch.int32, device=device)
    work.each_pixel("survey_counts", frame, start, survey)
    scale = torch.empty(2, device=device)
    pixels = frame.shape[0] * frame.shape[1]
    work.launcher.launch("find_limit", 1, (1, 1), survey, pixels, FEW, start, scale)
    return scale


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
        low, high = ordered.take(below), ordered.take(above)  # the host need not know where
        ends.append(low + (place - below) * (high - low))
    least = ends[0].clamp(1e-9, 1e30)
    span = (ends[1].clamp(max=1e30).maximum(least) / least).log().clamp(min=1e-3)
    return torch.stack([least, 1.0 / span])
