"""Frames that the GPU has not drawn yet: what each has of its own, and what becomes known of it.

The host launches a frame and goes on; it never waits for the one that it has just launched. What
the GPU counted is copied to the host behind every frame, and is looked at when it is there. At most
`LANES` frames are under way: before another is launched the host waits for the one before the last,
so pictures do not lag behind, and the GPU still has work.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ..device_frame import Outcome
from ..renderer import RenderError
from .device import Fetched, Launcher
from .frame import Room
from .replay import Replayer
from .timing import StageTimes

LANES = 2

Told = Callable[[list[int]], dict[str, int]]
"""What a frame's stats are, from what was counted."""


class Pending:
    """A frame that was launched.

    Args:
        lane: which holds its marks until the outcome is known.
        stages: names of what the marks end.
        counts: on their way to the host, see `frame.Planned.counts`.
        room: that the frame had.
        told: makes its stats.
        grow: called with visible splats and instances where there was too little room.
    """

    def __init__(
        self, lane: Lane, stages: list[str], counts: Fetched, room: Room, told: Told,
        grow: Callable[[int, int], None],
    ) -> None:  # fmt: skip
        self._lane, self._stages, self._counts, self._room = lane, stages, counts, room
        self._told, self._grow = told, grow
        self._outcome: Outcome | None = None

    def outcome(self, wait: bool) -> Outcome | None:
        """What is known; None where the GPU is not there yet, unless the host is to wait.

        Raises:
            RenderError: more instances than kernels can count.
        """
        if self._outcome is None and (wait or self._counts.there()):
            counts = [int(count) for count in self._counts.array()]
            visible, _, instances = counts[:3]
            whole = self._room.holds(visible, instances)
            times = self._lane.times.read(self._stages)
            self._outcome = Outcome(whole, times, self._told(counts))
            if not whole:
                self._grow(visible, instances)
        return self._outcome


class Lane:
    """What a frame uses that must not be another's which is under way: its graph and its marks."""

    def __init__(self, launcher: Launcher) -> None:
        self.replayer, self.times = Replayer(launcher), StageTimes(launcher)
        self.pending: Pending | None = None

    def wait(self) -> None:
        """Until the GPU has drawn what was launched here last."""
        pending, self.pending = self.pending, None
        if pending is not None:
            with suppress(RenderError):  # whoever asks for that frame is told
                pending.outcome(True)


class Lanes:
    """Lanes in turns.

    Args:
        launcher: of the device.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._lanes = [Lane(launcher) for _ in range(LANES)]

    def next(self) -> Lane:
        """The one that has been under way for longest; waits for it."""
        lane = self._lanes.pop(0)
        self._lanes.append(lane)
        lane.wait()
        return lane

    @property
    def replays(self) -> int:
        """Frames that graphs have drawn."""
        return sum(lane.replayer.replays for lane in self._lanes)

    def forget(self, *, wait: bool = True) -> None:
        """Lets go of graphs and of the memory that they use, when the GPU is done with them."""
        for lane in self._lanes:
            if wait:
                lane.wait()
            lane.pending = None
        for lane in self._lanes:
            lane.replayer.forget()
