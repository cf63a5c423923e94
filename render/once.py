"""`Once`: a value that takes long to make and is made by whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ..scenes.progress import Progress, silent

T = TypeVar("T")

_LOOK_EVERY = 0.05  # seconds between two reports of a thread that waits for another


class Once(Generic[T]):
    """Holds a value; threads that ask for it while it is being made wait for it.

    What is made is not held until it is whole: where making it is cancelled or fails, the next to
    ask makes it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: list[T] = []

    @property
    def made(self) -> bool:
        """Whether asking for the value returns at once."""
        return bool(self._made)

    def get(self, make: Callable[[Progress], T], progress: Progress = silent) -> T:
        """The value, from `make(progress)` where it is not there yet. Raises what these raise."""
        if self._made:
            return self._made[0]
        while not self._lock.acquire(timeout=_LOOK_EVERY):
            progress(0.0, "Waiting for another thread")  # so that waiting can be cancelled
        try:
            if not self._made:
                self._made.append(make(progress))
            return self._made[0]
        finally:
            self._lock.release()

    def put(self, value: T) -> None:
        """Gives the value, where it is known already."""
        with self._lock:
            if not self._made:
                self._made.append(value)
