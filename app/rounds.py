"""`Round`: the pictures of one view that are drawn together and shown together."""

from __future__ import annotations

from ..scenes.content import Content
from .hud import FrameFacts
from .jobs import Drawing, Job

Key = tuple[Content, tuple[str, ...]]
"""The scene, and the backend of each side."""


class Round:
    """Jobs of one view, of which each ends with a drawing or with none.

    Both sides of a comparison are drawn for the same view before either is shown, so that what is
    seen and measured is the difference of the two ways and not of two views.

    Attributes:
        key: what the jobs are made of but for view and settings; a round of another key is not
            worth waiting for.
        jobs: what is drawn.
        drawings: what has been drawn, by side.
    """

    def __init__(self, key: Key, jobs: list[Job]) -> None:
        self.key = key
        self.jobs = jobs
        self.drawings: dict[int, Drawing] = {}
        self._pending = {id(job) for job in jobs}
        self._failed: set[int] = set()

    @property
    def refining(self) -> bool:
        """Whether there are pictures of this view already, which only become better."""
        return all(job.refining for job in self.jobs)

    @property
    def done(self) -> bool:
        """Whether every job has ended."""
        return not self._pending

    @property
    def failed(self) -> set[int]:
        """Sides that could not be drawn."""
        return self._failed

    def take(self, drawing: Drawing) -> bool:
        """Notes a drawing; whether it is of this round."""
        if id(drawing.job) not in self._pending:
            return False
        self._pending.remove(id(drawing.job))
        self.drawings[drawing.job.side] = drawing
        return True

    def fail(self, job: Job) -> bool:
        """Notes that there will be no drawing; whether the job is of this round."""
        if id(job) not in self._pending:
            return False
        self._pending.remove(id(job))
        self._failed.add(job.side)
        return True


def same_key(a: Key | None, b: Key | None) -> bool:
    """Whether two rounds draw the same scene by the same backends."""
    if a is None or b is None:
        return a is b
    return a[0] is b[0] and a[1] == b[1]


def facts_of_drawing(drawing: Drawing) -> FrameFacts:
    """What the overlay says about a drawing."""
    request, photo = drawing.job.request, drawing.job.photo
    return FrameFacts(
        drawing.milliseconds,
        drawing.stats.get("splats", 0),
        drawing.stats.get("visible", 0),
        request.camera.width,
        request.camera.height,
        drawing.job.backend,
        drawing.device,
        request.settings,
        drawing.samples,
        "" if photo is None else photo.name,
        drawing.route,
    )
