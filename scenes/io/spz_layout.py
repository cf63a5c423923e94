"""What the reader and the writer of SPZ share: header, axes and quantisation."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sh import sh_basis
from ..splats import SH_COEFFICIENTS

Float32 = NDArray[np.float32]

MAGIC = b"NGSP"
HEADER = struct.Struct("<4sIIBBBB")
"""magic, version, count, shDegree, fractionalBits, flags, streams (version 4, else reserved)."""
ANTIALIASED, EXTENSIONS = 1, 2
"""Flags."""
COLOR_SCALE = 0.15
"""Of the harmonic of degree 0: byte / 255 = 0.15 f_dc + 0.5."""
TURN = np.array([1.0, -1.0, -1.0], np.float32)
"""Half a turn about x: right, up, back to right, down, forward and back."""
HALF_ROOT = np.float32(0.5**0.5)
CHUNK = 1 << 16
"""Splats decoded or encoded at a time."""


@dataclass(frozen=True)
class Header:
    version: int
    count: int
    sh_degree: int
    fractional_bits: int
    flags: int
    streams: int

    def sizes(self) -> list[int]:
        """Bytes of each column, in the order of the file."""
        position = 6 if self.version == 1 else 9
        rotation = 3 if self.version < 3 else 4
        sh = 3 * (SH_COEFFICIENTS[self.sh_degree] - 1)
        return [self.count * width for width in (position, 1, 3, 3, rotation, sh)]


def turn_signs(degree: int) -> Float32:
    """(K,) signs of the harmonics' coefficients under half a turn about x.

    Each real harmonic is even or odd in y and z together, so the turn only flips signs.
    """
    direction = np.array([[0.36, 0.48, 0.8]])
    turned = sh_basis(direction * TURN, degree) / sh_basis(direction, degree)
    return np.sign(turned[0]).astype(np.float32)
