"""`ChartAxes`: where points of the frontier stand in a chart, for the window and for SVG alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..render.frontier import Point

MODE_COLORS = {
    "sorted": "#dfe3e8",
    "weighted": "#e0a45c",
    "binned": "#7fb4e6",
    "cells": "#b79be8",
    "stochastic": "#8fcf9f",
    "learned": "#e88fb4",
}
"""Of equal lightness, so that none shouts; a mode that is missing is grey."""

OTHER_COLOR = "#969da8"

_EXACT = 0.955  # where equal pictures stand, above the finite part of the axis
_TOP, _BOTTOM = 0.86, 0.03


class ChartAxes:
    """Milliseconds to the right, logarithmic; dB upwards; pictures equal to the exact one on top.

    Places are fractions of the chart, (0, 0) at its lower left.

    Args:
        points: what is shown; the axes reach a little beyond them.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        times = [max(p.milliseconds, 1e-3) for p in points] or [1.0]
        self._low = math.log10(min(times) / 1.25)
        self._high = max(math.log10(max(times) * 1.25), self._low + 0.5)
        finite = [p.decibels for p in points if math.isfinite(p.decibels)] or [30.0]
        self._step = 5 if max(finite) - min(finite) < 30 else 10
        self._least = self._step * math.floor((min(finite) - 1) / self._step)
        self._most = max(max(finite) + 1, self._least + 2 * self._step)

    def place(self, point: Point) -> tuple[float, float]:
        """Where a point stands."""
        return self.x(point.milliseconds), self.y(point.decibels)

    def x(self, milliseconds: float) -> float:
        """Where a time stands."""
        return (math.log10(max(milliseconds, 1e-3)) - self._low) / (self._high - self._low)

    def y(self, decibels: float) -> float:
        """Where an error stands; infinite dB have a line of their own."""
        if not math.isfinite(decibels):
            return _EXACT
        share = (decibels - self._least) / (self._most - self._least)
        return _BOTTOM + (_TOP - _BOTTOM) * share

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Places and texts of round times: 1, 2 and 5 times powers of ten."""
        decades = range(math.floor(self._low), math.ceil(self._high) + 1)
        digits = (1, 2, 5) if self._high - self._low < 2 else (1,)
        times = [digit * 10.0**decade for decade in decades for digit in digits]
        return [(self.x(t), f"{t:g}") for t in times if self._low <= math.log10(t) <= self._high]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Places and texts of round dB, and the line of equal pictures."""
        count = math.floor((self._most - self._least) / self._step)
        values = [self._least + k * self._step for k in range(count + 1)]
        return [(self.y(v), f"{v:g}") for v in values] + [(_EXACT, "exact")]


def decibel_text(decibels: float) -> str:
    """ "41.3 dB", or "exact"."""
    return f"{decibels:.1f} dB" if math.isfinite(decibels) else "exact"
