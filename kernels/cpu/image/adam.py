"""Adam (Kingma and Ba 2015) on the parameters of Gaussians, and rounding to the file's lattice."""

from __future__ import annotations

import math

import numpy as np

from ..jit import kernel

DECAY_FIRST, DECAY_SECOND, TINY = 0.9, 0.99, 1e-12


@kernel
def adam(values, gradients, first, second, ages, rates, low, high, start, stop):
    """One step of Gaussians start to stop.

    Args:
        values: (N, 9) float64 in and out.
        gradients: (N, 9) float64.
        first, second: (N, 9) float64 in and out, moments.
        ages: (N,) int64 in and out, steps that each Gaussian has made.
        rates: (9,) float64.
        low, high: (9,) float64, range of the values.
    """
    for n in range(start, stop):
        ages[n] += 1
        correct_first = 1.0 / (1.0 - DECAY_FIRST ** ages[n])
        correct_second = 1.0 / (1.0 - DECAY_SECOND ** ages[n])
        for p in range(values.shape[1]):
            g = gradients[n, p]
            first[n, p] += (1.0 - DECAY_FIRST) * (g - first[n, p])
            second[n, p] += (1.0 - DECAY_SECOND) * (g * g - second[n, p])
            move = first[n, p] * correct_first
            move /= math.sqrt(second[n, p] * correct_second) + TINY
            values[n, p] = min(max(values[n, p] - rates[p] * move, low[p]), high[p])


@kernel
def round_to(values, low, step, start, stop, rounded):
    """rounded = the nearest of low + k step, by column; values as they are where step is 0."""
    for n in range(start, stop):
        for p in range(values.shape[1]):
            if step[p] > 0.0:
                rounded[n, p] = low[p] + step[p] * np.floor((values[n, p] - low[p]) / step[p] + 0.5)
            else:
                rounded[n, p] = values[n, p]
