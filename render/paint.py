"""`Paint`: what splats show instead of their colour, blended by the same weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..scenes.errors import VoileError

Float32 = NDArray[np.float32]

LARGEST = 1e9
"""Largest value, either side of 0: sums by weights of up to 2^60 stay in float32."""


class PaintError(VoileError, ValueError):
    """Arrays handed to `Paint` do not fit; the text says how."""


@dataclass(frozen=True, eq=False)
class Paint:
    """Attributes of splats that a frame blends where it would blend their colours.

    No mode knows the difference: a painted splat is one of another colour. Values may be negative
    and are not clamped.

    Attributes:
        values: (N, 3 k) float32, as many rows as the scene has splats, in its order. Every three
            columns are drawn together.
        keep: (N,) float32 in [0, 1], how much of a splat's own colour is added to its first three
            values; None is nothing of it. With three values in all it is a tint: also of the light
            on a splat that has a material.

    Raises:
        PaintError: wrong shape or type, or values that are not finite or beyond 1e9.
    """

    values: Float32
    keep: Float32 | None = None

    def __post_init__(self) -> None:
        shape = self.values.shape
        if self.values.dtype != np.float32 or self.values.ndim != 2:
            raise PaintError(f"paint is {self.values.dtype} {shape}; it must be float32 (N, 3 k)")
        if shape[1] == 0 or shape[1] % 3:
            raise PaintError(f"paint has {shape[1]} columns; it must have a multiple of 3")
        if not np.all(np.abs(self.values) <= LARGEST):  # not so for NaN either
            raise PaintError(f"paint has values that are not finite, or beyond {LARGEST:g}")
        if self.keep is not None:
            if self.keep.dtype != np.float32 or self.keep.shape != shape[:1]:
                raise PaintError(
                    f"keep is {self.keep.dtype} {self.keep.shape}; it must be float32 ({shape[0]},)"
                )
            if not np.all((self.keep >= 0.0) & (self.keep <= 1.0)):
                raise PaintError("keep has values outside of [0, 1]")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def tints(self) -> bool:
        """Whether it is over the picture, and not in the place of it."""
        return self.keep is not None and self.values.shape[1] == 3

    @property
    def coats(self) -> int:
        """How many times three columns there are."""
        return self.values.shape[1] // 3

    @cached_property
    def _columns(self) -> tuple[Float32, ...]:
        kept = np.zeros(len(self), np.float32) if self.keep is None else self.keep
        none = np.zeros_like(kept)
        return tuple(
            np.column_stack([self.values[:, 3 * k : 3 * k + 3], none if k else kept])
            for k in range(self.coats)
        )

    def coat(self, k: int, rows: NDArray[np.integer] | None = None) -> Float32:
        """(N, 4): three values, and how much of the own colour they are added to.

        Args:
            k: which three.
            rows: in which order the splats are drawn, where it is not that of the scene.
        """
        return self._columns[k] if rows is None else self._columns[k][rows]
