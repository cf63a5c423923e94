"""Slope of the loss |x - y| + strength (1 - SSIM(x, y)) by the picture x, and squared errors.

SSIM as in Wang et al. 2004: a Gaussian window of 11 x 11 pixels, standard deviation 1.5, zero
beyond the image. With the windowed means m = g * x and n = g * y, e = g * x^2, f = g * (x y),

    S = (2 m n + C1) (2 (f - m n) + C2) / ((m^2 + n^2 + C1) (e - m^2 + g * y^2 - n^2 + C2)),
    dS/dx(p) = (g * dS/dm)(p) + 2 x(p) (g * dS/de)(p) + y(p) (g * dS/df)(p).

Rows are flat, four channels a pixel, so that every loop runs over neighbours in memory.
"""

from __future__ import annotations

import numpy as np

from ..jit import inline, kernel
from ..tile import F

REACH = 5
"""Pixels from the middle of the window to its edge."""

TAPS = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / 1.5) ** 2)
TAPS = (TAPS / TAPS.sum()).astype(np.float32)

C1, C2 = F(0.01**2), F(0.03**2)

_PAD = 4 * REACH


@inline
def _across(row, length, out):
    """Blurs a padded flat row along x."""
    for i in range(length):
        out[i] = TAPS[0] * row[i]
    for k in range(1, 2 * REACH + 1):
        for i in range(length):
            out[i] += TAPS[k] * row[i + 4 * k]


@inline
def _slopes(m, n, e, h, f, length, out):
    """dS/dm, dS/de and dS/df of one row, from the windowed means."""
    for i in range(length):
        mean, other = m[i], n[i]
        a1, b1 = F(2) * mean * other + C1, mean * mean + other * other + C1
        a2 = F(2) * (f[i] - mean * other) + C2
        b2 = max(e[i] - mean * mean, F(0)) + max(h[i] - other * other, F(0)) + C2
        inverse = F(1) / (b1 * b2)
        s = a1 * a2 * inverse
        out[0, _PAD + i] = F(2) * (other * (a2 - a1) * inverse - mean * s / b1 + mean * s / b2)
        out[1, _PAD + i] = -s / b2
        out[2, _PAD + i] = F(2) * a1 * inverse


@kernel
def loss_slope(image, target, strength, top, bottom, slope):
    """Slope of the loss in rows top to bottom.

    Args:
        image, target: (H, W, 4) float32; a channel that is not used is zero in both.
        strength: of the SSIM term.
        top, bottom: rows.
        slope: (H, W, 4) float32 out.

    Returns:
        Sum of the squared errors of those rows, of values cut to [0, 1].
    """
    height, length = image.shape[0], image.shape[1] * 4
    x, y = image.reshape(height, length), target.reshape(height, length)
    out = slope.reshape(height, length)
    squared = 0.0
    for row in range(top, bottom):
        total = F(0)
        for i in range(length):
            difference = x[row, i] - y[row, i]
            out[row, i] = F(1) if difference > F(0) else (F(-1) if difference < F(0) else F(0))
            seen = min(max(x[row, i], F(0)), F(1)) - y[row, i]
            total += seen * seen
        squared += total
    if strength == F(0):
        return squared
    first, last = max(top - REACH, 0), min(bottom + REACH, height)
    down = np.zeros((5, length + 2 * _PAD), np.float32)
    means = np.empty((5, length), np.float32)
    maps = np.zeros((last - first, 3, length + 2 * _PAD), np.float32)
    for row in range(first, last):
        down[:] = F(0)
        for k in range(2 * REACH + 1):
            at = row + k - REACH
            if 0 <= at < height:
                tap = TAPS[k]
                for i in range(length):
                    p, q = x[at, i], y[at, i]
                    down[0, _PAD + i] += tap * p
                    down[1, _PAD + i] += tap * q
                    down[2, _PAD + i] += tap * p * p
                    down[3, _PAD + i] += tap * q * q
                    down[4, _PAD + i] += tap * p * q
        for which in range(5):
            _across(down[which], length, means[which])
        _slopes(means[0], means[1], means[2], means[3], means[4], length, maps[row - first])
    for row in range(top, bottom):
        down[:3] = F(0)
        for k in range(2 * REACH + 1):
            at = row + k - REACH
            if first <= at < last:
                tap = TAPS[k]
                for which in range(3):
                    for i in range(length):
                        down[which, _PAD + i] += tap * maps[at - first, which, _PAD + i]
        for which in range(3):
            _across(down[which], length, means[which])
        for i in range(length):
            out[row, i] -= strength * (
                means[0, i] + F(2) * x[row, i] * means[1, i] + y[row, i] * means[2, i]
            )
    return squared
