"""`Inertia`: a drag that is let go of in motion glides on and slows down. No Qt, no clock."""

from __future__ import annotations

import math
from collections import deque

WINDOW = 0.1
"""Seconds before the release whose motion counts."""

SHORTEST = 0.05
"""Seconds that a drag lasts at least to have a speed; what is shorter is a click that slipped."""

SLOWEST = 0.02
"""Speed at which gliding ends, in heights of the picture a second."""


class Inertia:
    """Measures a drag, and says how it goes on after it.

        inertia.press(t); inertia.move(dx, dy, t); ...
        if inertia.release(t, seconds): each tick: dx, dy = inertia.glide(dt)

    Distances are in fractions of the picture's height, times in seconds.
    """

    def __init__(self) -> None:
        self._moves: deque[tuple[float, float, float]] = deque()
        self._began = 0.0
        self._velocity = (0.0, 0.0)
        self._fade = 0.0

    @property
    def gliding(self) -> bool:
        """Whether there is motion left."""
        return math.hypot(*self._velocity) >= SLOWEST

    def press(self, time: float) -> None:
        """A drag begins; what glided stops."""
        self.stop()
        self._began = time

    def move(self, dx: float, dy: float, time: float) -> None:
        """The drag goes on."""
        self._moves.append((dx, dy, time))
        while time - self._moves[0][2] > WINDOW:
            self._moves.popleft()

    def release(self, time: float, fade: float) -> bool:
        """The drag ends; whether it glides on, slowing to 1/e in `fade` seconds."""
        moves = [move for move in self._moves if time - move[2] <= WINDOW]
        self._moves.clear()
        span = min(WINDOW, time - self._began)
        if fade <= 0 or time - self._began < SHORTEST or not moves:
            return False
        self._velocity = (sum(m[0] for m in moves) / span, sum(m[1] for m in moves) / span)
        self._fade = fade
        return self.gliding

    def glide(self, seconds: float) -> tuple[float, float]:
        """How far it glides in the next moment: the integral of v exp(-t / fade)."""
        if not self.gliding:
            return 0.0, 0.0
        left = math.exp(-seconds / self._fade)
        way = self._fade * (1 - left)
        dx, dy = self._velocity
        self._velocity = dx * left, dy * left
        return dx * way, dy * way

    def stop(self) -> None:
        """Nothing moves any more."""
        self._moves.clear()
        self._velocity = (0.0, 0.0)
