"""Smooth seeded noise for textures and for making things less regular."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_SIDE = 32


class Noise:
    """Value noise on a periodic lattice of random numbers."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._lattice = rng.random((_SIDE, _SIDE, _SIDE)).astype(np.float32)

    def __call__(self, points: Float, frequency: float, octaves: int = 1) -> Float:
        """(N,) in [0, 1] at (N, 3) points; each octave doubles frequency and halves strength."""
        total, weight, norm = np.zeros(len(points)), 1.0, 0.0
        for octave in range(octaves):
            total += weight * self._smooth(points * (frequency * 2**octave) + 7.3 * octave)
            norm += weight
            weight *= 0.5
        return total / norm

    def _smooth(self, p: Float) -> Float:
        base = np.floor(p).astype(np.int64)
        f = (p - base).astype(np.float32)
        f = f * f * (3 - 2 * f)
        x, y, z = (base % _SIDE).T
        flat = self._lattice.ravel()
        value = np.zeros(len(p), np.float32)
        for dx in (0, 1):
            wx = f[:, 0] if dx else 1 - f[:, 0]
            ix = ((x + dx) % _SIDE) * _SIDE
            for dy in (0, 1):
                wy = wx * (f[:, 1] if dy else 1 - f[:, 1])
                iy = (ix + (y + dy) % _SIDE) * _SIDE
                for dz in (0, 1):
                    value += wy * (f[:, 2] if dz else 1 - f[:, 2]) * flat[iy + (z + dz) % _SIDE]
        return value.astype(np.float64)
