"""`Recolor`: exposure, contrast, saturation and tint of a node's splats.

All four are affine in the display colour, c' = M c + b, and so are colours in their spherical
harmonics: the edit is exact for every direction of view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of Rec. 709 for the grey that saturation 0 leaves."""


SH_C0 = 0.5 / math.sqrt(math.pi)
"""Value of the SH basis function of degree 0."""


_CHUNK = 512  # splats coloured at a time: products so small that BLAS starts no threads for them


class RecolorError(VoileError, ValueError):
    """A value that is not finite or out of range; the text names the field."""


@dataclass(frozen=True)
class Recolor:
    """Applied in this order.

    Attributes:
        exposure: powers of two that display colours are multiplied by, -8 to 8.
        tint: factors of red, green and blue, 0 to 4.
        contrast: factor of the distance to mid grey, 0 to 4.
        saturation: factor of the distance to the grey of the same luma, 0 to 4.
    """

    exposure: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.exposure) and abs(self.exposure) <= 8.0):
            raise RecolorError(f"exposure is {self.exposure}; it must be -8 to 8")
        factors = {"contrast": self.contrast, "saturation": self.saturation}
        factors |= {f"tint {c}": t for c, t in zip(("red", "green", "blue"), self.tint)}
        for name, value in factors.items():
            if not 0.0 <= value <= 4.0:  # false for NaN
                raise RecolorError(f"{name} is {value}; it must be 0 to 4")

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) M."""
        grey = np.tile(np.array(LUMA), (3, 1))
        mix = self.saturation * np.eye(3) + (1.0 - self.saturation) * grey
        return mix @ np.diag(self.contrast * 2.0**self.exposure * np.array(self.tint))

    @property
    def offset(self) -> float:
        """b, the same for all three channels: contrast keeps mid grey."""
        return 0.5 * (1.0 - self.contrast)

    def apply_sh(self, sh: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, K, 3) coefficients whose colours are recoloured; a new array."""
        matrix = self.matrix
        mix, out = matrix.T.astype(np.float32), np.empty_like(sh)
        for start in range(0, len(sh), _CHUNK):
            rows = slice(start, start + _CHUNK)
            out[rows] = (sh[rows].reshape(-1, 3) @ mix).reshape(out[rows].shape)
        # 0.5 + C0 f' = M (0.5 + C0 f) + b
        out[:, 0] += ((matrix.sum(axis=1) * 0.5 + self.offset - 0.5) / SH_C0).astype(np.float32)
        return out

    def apply_offsets(self, colors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) differences of colours, which only M changes."""
        return colors @ self.matrix.T.astype(np.float32)


NEUTRAL = Recolor()
