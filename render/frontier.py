"""The quality-speed frontier: every way that a backend can draw, its time and its error."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .finish import draw
from .frame import FrameRequest
from .measuring import REPEATS, decibels, difference, timed
from .modes import MODES
from .renderer import Renderer
from .scene_facts import facts_of
from .settings import Settings
from .spec import own_settings, settings_label

EXACT = "sorted"
"""The mode that all others are compared with, on the same backend."""

GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "binned": {"bins": (4, 8, 16, 32), "refine": (0, 1, 2)},
    "stochastic": {"samples": (1, 4)},
}
"""Values that are tried of the settings of a mode; a mode that is missing is tried as it is set."""


@dataclass(frozen=True, eq=False)
class Point:
    """One way to draw, measured.

    Attributes:
        backend: its name.
        settings: the mode and the settings that only it reads, by name.
        label: the same in words.
        milliseconds: of a frame, mean over the views of the median over repeats.
        decibels: PSNR against `sorted` of the same backend, of the mean squared error over all
            views; infinite where the pictures are equal.
    """

    backend: str
    settings: dict[str, Any]
    label: str
    milliseconds: float
    decibels: float

    def matches(self, settings: Settings) -> bool:
        """Whether these settings draw by this point's mode and values."""
        return all(getattr(settings, name) == value for name, value in self.settings.items())

    def apply(self, settings: Settings) -> None:
        """Sets the mode and its values; everything else stays."""
        for name, value in self.settings.items():
            if getattr(settings, name) != value:
                setattr(settings, name, value)


def candidates(renderer: Renderer, splats: Splats, base: Settings) -> list[Settings]:
    """Every way that a renderer can draw a scene, the exact one first.

    Args:
        renderer: what draws.
        splats: the scene; modes that need what it has not are left out.
        base: values of all settings that are not varied.
    """
    found = []
    for name, mode in MODES.items():
        if name not in renderer.capabilities.modes or mode.lacks(facts_of(splats)):
            continue
        grid = GRIDS.get(name, {})
        for values in product(*grid.values()):
            found.append(replace(base, mode=name, **dict(zip(grid, values))))
    return sorted(found, key=lambda each: each.mode != EXACT)


def measure(
    renderer: Renderer,
    cameras: Sequence[Camera],
    ways: Sequence[Settings],
    progress: Progress = silent,
    repeats: int = REPEATS,
) -> Iterator[Point]:
    """Measures ways to draw, each yielded as soon as it is known.

    Args:
        renderer: with the scene uploaded; used in the calling thread.
        cameras: the views, at least one.
        ways: what to measure, as `candidates` gives it.
        progress: called before every frame.
        repeats: frames whose median counts, after one that warms up.

    Raises:
        Cancelled: `progress` asked for it; what was yielded before stands.
        RenderError: a frame cannot be drawn.
    """
    steps, done = max(1, len(ways) * len(cameras)), 0
    exact = []
    for way in ways:
        label = settings_label(way)
        times, errors = [], []
        for k, camera in enumerate(cameras):
            request = FrameRequest(camera, way)
            share, stage = done / steps, f"Measuring {renderer.name}, {label}"
            # Before every frame: one may take seconds, and a window that closes waits for it.
            drawn = timed(renderer, request, repeats, partial(progress, share, stage))
            done += 1
            picture = drawn.frame.over(way.background)
            if len(exact) == k:  # the first way, unless that is another mode
                truth = drawn.frame
                if way.mode != EXACT:
                    truth = draw(renderer, replace(request, settings=replace(way, mode=EXACT)))
                exact.append(truth.over(way.background))
            times.append(drawn.milliseconds)
            errors.append(difference(exact[k], picture, with_ssim=False).mse)
        settings = {"mode": way.mode, **own_settings(way)}
        mse = statistics.fmean(errors)
        yield Point(renderer.name, settings, label, statistics.fmean(times), decibels(mse))
    progress(1.0, "Measured")


def frontier(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats in both time and error, fastest first."""
    best, kept = -math.inf, []
    for point in sorted(points, key=lambda p: (p.milliseconds, -p.decibels)):
        if point.decibels > best:
            best = point.decibels
            kept.append(point)
    return kept
