"""`StageTimes`: what the stages of a frame cost, by marks on the GPU's own timeline."""

from __future__ import annotations

from .device import Launcher, Mark


class StageTimes:
    """Marks the ends of stages, without waiting for any; they are read when the frame is done.

    Marks are made once and used again every frame: a captured graph has them in it.

    Args:
        launcher: of the device.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._begun = launcher.mark()
        self._ends: dict[str, Mark] = {}

    def begin(self) -> None:
        """A frame begins now."""
        self._begun.record()

    def end(self, stage: str) -> None:
        """A stage ends here."""
        if stage not in self._ends:
            self._ends[stage] = self._launcher.mark()
        self._ends[stage].record()

    def read(self, stages: list[str]) -> dict[str, float]:
        """Milliseconds by stage, in their order; the device has come to the last mark."""
        before, times = self._begun, {}
        for stage in stages:
            times[stage] = before.milliseconds_to(self._ends[stage])
            before = self._ends[stage]
        return times
