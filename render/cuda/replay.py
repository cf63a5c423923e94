"""`Replayer`: repeats a frame's launches as one CUDA graph while they rest the same.

Launching takes the CPU longer than short kernels take the GPU. A plan that comes a second time in a
row is captured, and from then on its graph is launched in its place, which is one call; a plan that
differs in anything but the contents of memory ends that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ...kernels.cuda.compile import CUDAError
from .device import Launcher
from .plan import Plan

log = logging.getLogger(__name__)


class Replayer:
    """Runs plans, by a graph where that pays.

    Args:
        launcher: of the device; one whose `capture` is None runs every plan launch by launch.

    Attributes:
        replays: frames that a graph has drawn.
        trouble: why no graph is made any more; empty while all is well.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._plan: Plan | None = None  # also keeps the memory that a graph writes to
        self._key: tuple[Any, ...] = ()
        self._graph: Callable[[], None] | None = None
        self.replays = 0
        self.trouble = ""

    def run(self, plan: Plan, on_stage: Callable[[str], None]) -> None:
        """Does what a finished plan says; `on_stage` must do the same each time. Of a plan with a
        tail that is launched, whatever was captured."""
        self._run_head(plan, on_stage)
        plan.run_tail(self._launcher, on_stage)

    def _run_head(self, plan: Plan, on_stage: Callable[[str], None]) -> None:
        key = plan.key
        known = self._plan is not None and key == self._key
        if not known:
            self.forget()
            plan.run_head(self._launcher, on_stage)
            self._plan, self._key = plan, key
            return
        if self._graph is None and not self._capture(on_stage):
            plan.run_head(self._launcher, on_stage)
            return
        assert self._graph is not None
        self._graph()
        self.replays += 1

    def forget(self) -> None:
        """Lets go of the graph and of the memory that it uses."""
        self._plan, self._key, self._graph = None, (), None

    def _capture(self, on_stage: Callable[[str], None]) -> bool:
        """Whether there is a graph of the plan now. Kernels are loaded: it has run once."""
        capture, plan = self._launcher.capture, self._plan
        if capture is None or self.trouble or plan is None:
            return False
        try:
            self._graph = capture(lambda: plan.run_head(self._launcher, on_stage))
        except (RuntimeError, CUDAError) as error:  # torch's, of the driver, and our own
            self.trouble = f"frames are not captured as a CUDA graph: {error}"
            log.warning("%s", self.trouble)
            return False
        return True
