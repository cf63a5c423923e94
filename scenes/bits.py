"""`Bits`: which splats; an immutable mask of one bit each, cheap to keep in an undo history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Bits:
    """An immutable mask over N splats.

    Args:
        mask: (N,) bool.
    """

    __slots__ = ("_packed", "count", "size")

    def __init__(self, mask: Mask) -> None:
        self.size = len(mask)
        self.count = int(np.count_nonzero(mask))
        self._packed = np.packbits(mask)
        self._packed.setflags(write=False)

    @classmethod
    def unpack(cls, data: bytes, size: int) -> Bits:
        """From `packed`. Raises ValueError where the length is not that of `size` bits."""
        packed = np.frombuffer(data, np.uint8)
        if len(packed) != -(-size // 8):
            raise ValueError(f"{len(packed)} bytes do not hold {size} bits")
        return cls(np.unpackbits(packed, count=size).view(np.bool_))

    @property
    def mask(self) -> Mask:
        """(N,) bool, a new array."""
        return np.unpackbits(self._packed, count=self.size).view(np.bool_)

    @property
    def packed(self) -> bytes:
        """Eight splats a byte, the first in the highest bit."""
        return self._packed.tobytes()

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self._packed.nbytes


def bits_of(mask: Mask) -> Bits | None:
    """A mask as bits; None where no splat is meant."""
    return Bits(mask) if mask.any() else None


def mask_of(bits: Bits | None, size: int) -> Mask:
    """(N,) bool; None means no splat."""
    return np.zeros(size, np.bool_) if bits is None else bits.mask
