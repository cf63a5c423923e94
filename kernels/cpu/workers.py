"""Threads for kernels that release the GIL.

Numba's own `parallel=True` is not used: its default threading layer aborts the process when two
Python threads enter it at once, and a viewer draws from a thread of its own. Work is cut into
independent pieces whose results do not depend on who computes them, so a frame has the same bytes
for any number of threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from ...scenes.errors import VoileError

T = TypeVar("T")


class ThreadCountError(VoileError, ValueError):
    """The number of threads that was asked for is not a positive integer."""


class Workers:
    """A pool of `count` threads, the calling thread among them. May be shared by threads."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "voile-cpu") if count > 1 else None

    def map(self, task: Callable[[int], T], pieces: int) -> list[T]:
        """[task(0), ..., task(pieces - 1)]; pieces are begun in this order, each once.

        The first exception of a task is raised after all threads have stopped.
        """
        results: list[Any] = [None] * pieces
        queue = deque(range(pieces))

        def drain() -> None:
            while True:
                try:
                    piece = queue.popleft()
                except IndexError:
                    return
                results[piece] = task(piece)

        if self._pool is None or pieces < 2:
            drain()
            return results
        others = [self._pool.submit(drain) for _ in range(min(self.count, pieces) - 1)]
        try:
            drain()
        finally:
            queue.clear()
            failed = [error for other in others if (error := other.exception())]
        if failed:
            raise failed[0]
        return results


def thread_count(wanted: int | None = None) -> int:
    """`wanted`, else the environment's VOILE_THREADS, else the number of cores.

    Raises:
        ThreadCountError: not a positive integer.
    """
    text = str(wanted) if wanted is not None else os.environ.get("VOILE_THREADS", "")
    if not text:
        return os.cpu_count() or 1
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        where = "threads" if wanted is not None else "VOILE_THREADS"
        raise ThreadCountError(f"{where} is {text!r}; it must be a whole number from 1 to 1024")
    return int(text)


@cache
def shared_workers(count: int) -> Workers:
    """The process's pool of `count` threads, made once."""
    return Workers(count)
