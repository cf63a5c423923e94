"""`Adaptive`: how well to draw while the view moves, so that a frame keeps within its time.

Levels go from the settings as they are (0) to ever cheaper ones. What is known of their cost is a
ratio from level to level: guessed at first, from the measured frontier where there is one, and
learned from every change that was made. A level is left for a better one only where the better one
is expected to keep within `RAISE` of the time; it is left for a cheaper one beyond `LOWER`. The gap
between the two is wider than the noise of frame times, and a raise that was a mistake teaches the
ratio that prevents the next: so quality settles and does not swing.

No clock and no Qt: whoever draws tells what happens.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Any

from ..render.frontier import Point, frontier
from ..render.settings import Settings
from ..render.spec import own_settings

LOWER, RAISE = 1.1, 0.8
"""Shares of a frame's time: drawn slower than the first, expected faster than the second."""

SLOW_FRAMES, FAST_FRAMES = 2, 8
"""Frames that must agree before anything changes: one may be slow for reasons of its own."""

GOOD, FAIR = 40.0, 28.0
"""dB against the exact picture: hardly seen in motion, and seen but whole."""

SCALES = ((0.71, GOOD), (0.5, GOOD), (0.35, FAIR), (0.25, FAIR))
"""Render scales; those beside `FAIR` come after the modes that are as far off."""

FIXED = 0.3
"""Share of a frame's time that is guessed not to depend on the number of pixels."""


class State(Enum):
    """Whether the view moves."""

    RESTING = "resting"
    MOVING = "moving"


class Event(Enum):
    """What happens: the view changes, or has not for a while; frames are too slow, or easy."""

    MOVE = "move"
    REST = "rest"
    SLOW = "slow"
    FAST = "fast"


class Action(Enum):
    """What is done: nothing; to the first level that is expected to be fast enough; one better."""

    HOLD = "hold"
    LOWER = "lower"
    RAISE = "raise"


TRANSITIONS: dict[tuple[State, Event], tuple[State, Action]] = {
    (State.RESTING, Event.MOVE): (State.MOVING, Action.HOLD),  # at the level that held last
    (State.RESTING, Event.REST): (State.RESTING, Action.HOLD),
    (State.RESTING, Event.SLOW): (State.RESTING, Action.HOLD),  # at rest, time does not matter
    (State.RESTING, Event.FAST): (State.RESTING, Action.HOLD),
    (State.MOVING, Event.MOVE): (State.MOVING, Action.HOLD),
    (State.MOVING, Event.REST): (State.RESTING, Action.HOLD),  # where level 0 is drawn
    (State.MOVING, Event.SLOW): (State.MOVING, Action.LOWER),
    (State.MOVING, Event.FAST): (State.MOVING, Action.RAISE),
}
"""Every state and event: the next state, and what is done."""


@dataclass(frozen=True)
class Level:
    """A way to draw.

    Attributes:
        changes: values of settings in place of those that are set.
        cost: guessed time of a frame over that of level 0.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    cost: float = 1.0


class Adaptive:
    """Chooses a level.

    Args:
        levels: from best to cheapest; the first changes nothing.
    """

    def __init__(self, levels: Sequence[Level]) -> None:
        self.levels = list(levels)
        self.state = State.RESTING
        self._level = 0  # while moving
        self._ratios = [a.cost / b.cost for a, b in pairwise(levels)]
        self._times: deque[float] = deque(maxlen=FAST_FRAMES)
        self._before: tuple[int, float] | None = None  # the level left last, and its time

    @property
    def level(self) -> int:
        """The level to draw by now."""
        return self._level if self.state is State.MOVING else 0

    def handle(self, event: Event, budget: float = math.inf) -> None:
        """Does what the table says; `budget` is the time of a frame, any unit."""
        self.state, action = TRANSITIONS[self.state, event]
        if event is Event.REST:
            self._times.clear()
            self._before = None
        if action is Action.LOWER:
            self._go(self._affordable(budget))
        elif action is Action.RAISE:
            self._go(self._level - 1)

    def frame(self, time: float, budget: float) -> None:
        """Takes in what a frame took that was drawn by `level` while the view moves."""
        if self.state is not State.MOVING:
            return
        self._times.append(time)
        self._learn()
        recent = list(self._times)[-SLOW_FRAMES:]
        if len(recent) == SLOW_FRAMES and min(recent) > LOWER * budget:
            if self._level + 1 < len(self.levels):
                self.handle(Event.SLOW, budget)
        elif len(self._times) == FAST_FRAMES and self._level > 0:
            expected = statistics.median(self._times) * self._ratios[self._level - 1]
            if expected < RAISE * budget:
                self.handle(Event.FAST, budget)

    def _affordable(self, budget: float) -> int:
        """The first level below that is expected to keep within the time, or the last."""
        time = min(list(self._times)[-SLOW_FRAMES:])
        for level in range(self._level, len(self.levels) - 1):
            time /= self._ratios[level]
            if time <= budget:
                return level + 1
        return len(self.levels) - 1

    def _go(self, level: int) -> None:
        self._before = self._level, statistics.median(list(self._times)[-SLOW_FRAMES:])
        self._level = level
        self._times.clear()

    def _learn(self) -> None:
        """Once a level has shown what it costs: corrects the ratios to the level before."""
        if self._before is None or len(self._times) < SLOW_FRAMES:
            return
        (other, before), now = self._before, statistics.median(self._times)
        self._before = None
        low, high = sorted((other, self._level))
        found = before / now if other == low else now / before
        guessed = math.prod(self._ratios[low:high])
        part = (found / guessed) ** (1.0 / (high - low)) if found > 0 else 1.0
        for k in range(low, high):
            # A cheaper level is never expected to cost more, or raising would seem free.
            self._ratios[k] = max(1.02, self._ratios[k] * part)


def ladder(settings: Settings, points: Sequence[Point], usable: Sequence[str]) -> list[Level]:
    """The levels for settings, best first.

    Blending modes and their settings come from the measured frontier. In order: what is faster and
    hardly seen; no gloss of high degree; fewer pixels; then what is seen.

    Args:
        settings: what a person has set, level 0.
        points: measured on the backend that draws, may be empty.
        usable: modes that can be drawn at once.
    """
    levels = [Level()]

    def add(changes: dict[str, Any], factor: float) -> None:
        last = levels[-1]
        levels.append(Level({**last.changes, **changes}, last.cost * factor))

    here = next((p for p in points if p.matches(settings)), None)
    faster = []
    if here is not None:
        best = reversed(frontier([p for p in points if p.settings["mode"] in usable]))
        faster = [p for p in best if p.milliseconds < 0.85 * here.milliseconds]
    elif settings.mode == "binned" and settings.bins > 4:
        add({"bins": 4, "refine": min(settings.refine, 1)}, 0.8)
    before = 1.0

    def add_points(least: float, most: float) -> None:
        nonlocal before
        for point in faster:
            share = point.milliseconds / here.milliseconds if here is not None else 1.0
            if least <= point.decibels < most and share < 0.85 * before:
                own = own_settings(settings)
                changed = {k: v for k, v in point.settings.items() if own.get(k) != v}
                add(changed, share / before)
                before = share

    def add_scales(quality: float) -> None:
        scale = 1.0
        for step, needs in SCALES:
            if needs == quality:
                area = (step / scale) ** 2
                size = max(0.1, round(settings.render_scale * step, 3))
                add({"render_scale": size}, FIXED + (1 - FIXED) * area)
            scale = step

    add_points(GOOD, math.inf)
    if settings.max_sh_degree > 1:
        add({"max_sh_degree": 1}, 0.95)
    add_scales(GOOD)
    add_points(FAIR, GOOD)
    add_scales(FAIR)
    return levels
