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
        stages: names, in order.
    """

    def __init__(self, ctx: moderngl.Context, stages: tuple[str, ...]) -> None:
        self._ctx = ctx
        self._clock: dict[str, float] = {}
        # moderngl cannot delete a query before its context: made once, reused every frame.
        self._queries: dict[str, moderngl.Query] = {}
        if not is_software(ctx):
            self._queries = {stage: ctx.query(time=True) for stage in stages}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the commands issued inside."""
        if name in self._queries:
            with self._queries[name]:
                yield
            return
        self._ctx.finish()
        start = time.perf_counter()
        yield
        self._ctx.finish()
        self._clock[name] = (time.perf_counter() - start) * 1e3

    def read(self) -> dict[str, float]:
        """Milliseconds by stage; waits for the GPU."""
        queried = {name: query.elapsed * 1e-6 for name, query in self._queries.items()}
        return queried or dict(self._clock)
