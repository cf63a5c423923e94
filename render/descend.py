"""Weights of mode `weighted` moved down the slope of the error: the last step of their fit.

A splat's mean visibility (`fit`) is what it weighs alone. In a pixel it is divided by what the
others weigh, and errors of one splat can be made good by another: so all weights are moved together
to where the mean square error against the sorted image falls, by Adam (Kingma and Ba 2015). Nothing
but weights moves; opacities and colours stay the scene's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..scenes.errors import Cancelled
from ..scenes.oit import OitWeights
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .fit import mean_psnr, sorted_frame
from .student import Student

Float32 = NDArray[np.float32]

STEPS = 400
"""Frames that are drawn at the most, each with its slope."""

RATE_WEIGHTS, RATE_BETA = 0.1, 0.02
"""Adam's step sizes of logarithms at the start; they fall to a twentieth."""

_LAST_RATE = 0.05
_CHECK_EVERY = 40  # steps between two looks at how good it is
_CHECKED = 8  # views that this is judged by, at the most
_ENOUGH, _PATIENCE = 0.01, 2  # dB; so many looks in a row that find less end it


def descend(
    splats: Splats,
    start: OitWeights,
    views: Sequence[Camera],
    progress: Progress = silent,
    *,
    steps: int = STEPS,
    seed: int = 0,
    keep_best: bool = False,
) -> OitWeights:
    """Weights with less error over the views.

    Args:
        splats: the scene.
        start: weights and beta to begin with, from `fit`.
        views: cameras to be right from; an even choice of them also judges.
        progress: reports progress with the dB so far; may raise Cancelled.
        steps: how many, at the most; it ends earlier where the views that judge
            gain no more.
        seed: of the order of views.
        keep_best: where `progress` raises Cancelled, the best so far are taken.
    """
    student = Student(splats)
    targets: list[NDArray[np.float16]] = []  # half as large, and exact enough
    judged = range(0, len(views), max(1, len(views) // _CHECKED))

    def quality(weights: OitWeights) -> float:
        chosen = [views[k] for k in judged], [targets[k].astype(np.float32) for k in judged]
        return mean_psnr(student, weights, *chosen)

    best, best_quality, in_vain = start, -math.inf, 0
    log_weights = _Adam(start.log_weights, RATE_WEIGHTS)
    log_beta = _Adam(np.array([math.log(max(start.beta, 0.1))], np.float32), RATE_BETA)
    rng = np.random.default_rng(seed)
    try:
        for k, view in enumerate(views):
            progress(0.3 * k / len(views), f"Sorting picture {k + 1} of {len(views)}")
            targets.append(sorted_frame(splats, view)[0].astype(np.float16))
        best_quality = quality(best)
        for step in range(steps):
            progress(0.3 + 0.7 * step / steps, f"Descending, {best_quality:.2f} dB")
            k = int(rng.integers(len(views)))
            weights = _weights(log_weights, log_beta)
            color, alpha = student.draw(views[k], weights)
            slope = color - targets[k]
            found = student.gradients(slope, np.zeros_like(alpha))
            rate = _LAST_RATE ** (step / steps)
            log_weights.move(found.log_weights, rate)
            log_beta.move(np.array([found.beta * weights.beta], np.float32), rate)
            if (step + 1) % _CHECK_EVERY == 0 or step == steps - 1:
                weights = _weights(log_weights, log_beta)
                reached = quality(weights)
                in_vain = 0 if reached > best_quality + _ENOUGH else in_vain + 1
                if reached > best_quality:
                    best = replace(weights, log_weights=weights.log_weights.copy())
                    best_quality = reached
                if in_vain == _PATIENCE:
                    break
    except Cancelled:
        if not keep_best:
            raise
    return best


def _weights(log_weights: _Adam, log_beta: _Adam) -> OitWeights:
    """The current values; shares their memory."""
    return OitWeights(float(np.exp(log_beta.values[0])), log_weights.values)


class _Adam:
    """Values that go against their slopes, each by a step of about the same size."""

    _FIRST, _SECOND = 0.9, 0.99  # how much of the means is kept from step to step

    def __init__(self, values: Float32, rate: float) -> None:
        self.values, self._rate, self._steps = np.array(values), rate, 0
        self._mean, self._square = np.zeros_like(self.values), np.zeros_like(self.values)

    def move(self, slope: Float32, factor: float) -> None:
        """One step, of `factor` times the rate."""
        self._steps += 1
        self._mean += (1 - self._FIRST) * (slope - self._mean)
        self._square += (1 - self._SECOND) * (slope * slope - self._square)
        unbiased = math.sqrt(1 - self._SECOND**self._steps) / (1 - self._FIRST**self._steps)
        size = np.float32(self._rate * factor * unbiased)
        # Slopes of single splats are tiny, and those of splats never seen are 0.
        self.values -= size * self._mean / (np.sqrt(self._square) + np.float32(1e-15))
