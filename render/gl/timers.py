"""What the stages of a frame cost, in time of the work and not of queueing it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import moderngl

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "swrast")
"""Parts of GL_RENDERER that name a driver that draws on the CPU."""


def is_software(ctx: moderngl.Context) -> bool:
    """Whether a context is drawn by the CPU."""
    name = str(ctx.info["GL_RENDERER"]).lower()
    return any(part in name for part in SOFTWARE)


class StageTimers:
    """Times of the stages of the last frame.

    A GPU is asked for its own elapsed time, which costs no waiting until it is read. Mesa's
    software driver charges a compute stage for the drawing after it, and its first query holds
    nonsense: there the stages are fenced and timed by the clock, which costs nothing since the same
    CPU does the work.

    Args:
        ctx: current context.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._software = is_software(ctx)
        self._clock: dict[str, float] = {}
        self._stages: list[str] = []
        # moderngl cannot delete a query before its context: made once a name, reused every frame.
        self._queries: dict[str, moderngl.Query] = {}

    def begin(self) -> None:
        """A new frame: forgets the stages of the last."""
        self._clock.clear()
        self._stages.clear()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the commands issued inside; once a frame for each name, not nested."""
        self._stages.append(name)
        if not self._software:
            if name not in self._queries:
                self._queries[name] = self._ctx.query(time=True)
            with self._queries[name]:
                yield
            return
        self._ctx.finish()
        start = time.perf_counter()
        yield
        self._ctx.finish()
        self._clock[name] = (time.perf_counter() - start) * 1e3

    @contextmanager
    def clock(self, name: str) -> Iterator[None]:
        """Times what the CPU does inside."""
        start = time.perf_counter()
        yield
        self._clock[name] = (time.perf_counter() - start) * 1e3

    def read(self) -> dict[str, float]:
        """Milliseconds by stage, in order; waits for the GPU."""
        if self._software:
            return dict(self._clock)
        measured = {name: self._queries[name].elapsed * 1e-6 for name in self._stages}
        return self._clock | measured
