"""`OitWeights`: what a scene carries for drawing it without a sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import SplatsError
from .sh import sh_basis

Float32 = NDArray[np.float32]
Real = TypeVar("Real", np.float32, np.float64)

LOG_WEIGHTS = 4, 9
"""How many numbers a splat's weight may depend on the direction by: harmonics to degree 1 or 2."""

SHIFT, TURN, STRETCH = slice(0, 3), slice(3, 6), slice(6, 9)
"""Columns of `OitWeights.shapes`."""

SHAPE_LIMIT = 16.0
"""Of every number of a shape, either way: 16 standard deviations, or a factor of e^16."""


@dataclass(frozen=True, eq=False)
class OitWeights:
    """Weights of a weighted sum, w_i(d, z) = exp(l_i(d) - beta z / radius).

    l_i(d) = l_i0 + l_i . d + sum over k of l_i,4+k Y_k(d): a constant, a slope and, where weights
    have nine columns, the five real harmonics of degree 2 (`sh.sh_basis`); d is the unit direction
    from the camera to the splat, world axes.

    Attributes:
        beta: decay of the weight over the radius of the scene's bounding sphere.
        log_weights: (N, 4) or (N, 9) coefficients of l_i.
        opacities: (N,) in [0, 1], in place of the scene's own; None where they stay.
        colors: (N, 3) added to the colour from every direction; None where they stay.
        shapes: (N, 9) how splats are moved, turned and stretched, along and about their own axes,
            so that none of it changes where a scene is placed elsewhere: a shift in standard
            deviations, a turn as the tangent of half its angle along its axis, and the logarithms
            of three factors (`relearn.reshaped`); None where they stay.

    Raises:
        SplatsError: a wrong shape, dtype or range; the text names the array.
    """

    beta: float
    log_weights: Float32
    opacities: Float32 | None = None
    colors: Float32 | None = None
    shapes: Float32 | None = None

    def __post_init__(self) -> None:
        n, count = len(self.log_weights), self.log_weights.shape[-1]
        if count not in LOG_WEIGHTS:
            raise SplatsError(f"oit log_weights has {count} columns; it must have 4 or 9")
        columns = {
            "log_weights": (self.log_weights, (n, count)),
            "opacities": (self.opacities, (n,)),
            "colors": (self.colors, (n, 3)),
            "shapes": (self.shapes, (n, 9)),
        }
        for name, (array, shape) in columns.items():
            if array is None:
                continue
            if array.shape != shape or array.dtype != np.float32:
                raise SplatsError(
                    f"oit {name} is {array.dtype} {array.shape}; it must be float32 {shape}"
                )
            if not np.isfinite(array).all():
                raise SplatsError(f"oit {name} has values that are not finite")
        if self.opacities is not None and n:
            low, high = float(self.opacities.min()), float(self.opacities.max())
            if low < 0.0 or high > 1.0:
                raise SplatsError(f"oit opacities run from {low} to {high}; they must be in [0, 1]")
        if self.shapes is not None and n:
            most = float(np.abs(self.shapes).max())
            if most > SHAPE_LIMIT:
                raise SplatsError(f"oit shapes has {most}; all must be within +-{SHAPE_LIMIT:g}")
        if not (np.isfinite(self.beta) and self.beta >= 0.0):
            raise SplatsError(f"oit beta is {self.beta}; it must be finite and not negative")

    def log_weights_at(self, directions: NDArray[Real], rows: Any = slice(None)) -> NDArray[Real]:
        """(M,) l_i(d) of the splats `rows`, one unit direction (M, 3) each."""
        columns = self.log_weights[rows]
        logs = columns[:, 0] + np.einsum("ij,ij->i", columns[:, 1:4], directions)
        if columns.shape[1] > 4:
            logs += np.einsum("ij,ij->i", columns[:, 4:], sh_basis(directions, 2)[:, 4:])
        return logs

    def __len__(self) -> int:
        return len(self.log_weights)

    def take(self, rows: Any) -> OitWeights:
        """The rows that belong to `Splats.take(rows)`."""
        return OitWeights(
            self.beta,
            self.log_weights[rows],
            None if self.opacities is None else self.opacities[rows],
            None if self.colors is None else self.colors[rows],
            None if self.shapes is None else self.shapes[rows],
        )
