"""`DeviceFrames`: what the window knows of frames that stay on the device that draws them."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..render.device_frame import NotShared, Outcome, Share
from .differences import Pair
from .jobs import Drawing, Job

if TYPE_CHECKING:
    from ..render.gl.shared import SharedFrames

log = logging.getLogger(__name__)


class _Numbers(NamedTuple):
    """Of a `Drawing`."""

    milliseconds: float
    timings: dict[str, float]
    stats: dict[str, int]


class DeviceFrames:
    """Gives jobs their canvases, and drawings their numbers, which are known only later.

    Attributes:
        not_shared: why the window's OpenGL cannot have frames from the device that drew them; empty
            where it can, or has not been tried.
    """

    def __init__(self) -> None:
        self.not_shared = ""
        self._shares: dict[str, Share] = {}  # by backend
        self._latest: dict[tuple[str, int], _Numbers] = {}  # by backend and side
        self._open: set[Job] = set()  # drawn, as far as is known

    @property
    def unsure(self) -> bool:
        """Whether there are frames of which nobody knows yet whether they are whole; such as only
        make a picture better do not count."""
        return any(not job.refining for job in self._open)

    def take_share(self, job: Job, share: Share) -> None:
        """The job's backend draws on a device, and this makes it canvases."""
        self._shares[job.backend] = share

    def refuse(self, reason: str) -> None:
        """Frames come by way of the host from now on."""
        log.warning("frames come to the window by way of the host: %s", reason)
        self.not_shared = reason

    def placed(self, job: Job, places: SharedFrames) -> Job:
        """A job with a canvas where a device is to draw it; else one for arrays.

        The context of `places` is current.
        """
        share = self._shares.get(job.backend)
        if share is None or job.arrays or job.photo is not None:
            return replace(job, canvas=None)
        camera = job.request.camera
        try:
            return replace(job, canvas=places.lend((camera.width, camera.height), share))
        except NotShared as error:
            self.refuse(str(error))
            return replace(job, canvas=None, arrays=str(error))

    def placed_pair(self, pair: Pair, places: SharedFrames) -> Pair:
        """A pair with a canvas where a device is to draw how its sides differ.

        The context of `places` is current.
        """
        camera, share = pair.a.job.request.camera, self._shares.get(pair.a.job.backend)
        if share is None or not pair.heat or not pair.on_device:
            return pair
        try:
            return replace(pair, canvas=places.lend((camera.width, camera.height), share))
        except NotShared as error:
            self.refuse(str(error))
            return pair

    def begin(self, drawing: Drawing) -> Drawing:
        """A drawing of which nothing is known yet: the numbers of the one before stand for it."""
        job = drawing.job
        self._open.add(job)
        before = self._latest.get((job.backend, job.side))
        return drawing if before is None else replace(drawing, **before._asdict())

    def settle(self, drawing: Drawing, outcome: Outcome) -> Drawing:
        """A drawing with its own numbers."""
        job, timings = drawing.job, outcome.timings
        self._open.discard(job)
        numbers = _Numbers(sum(timings.values()), timings, outcome.stats)
        self._latest[job.backend, job.side] = numbers
        return replace(drawing, **numbers._asdict())

    def fail(self, job: Job) -> None:
        """Nothing will become known of a job."""
        self._open.discard(job)
