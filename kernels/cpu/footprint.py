"""Columns of a footprint, a projected splat; what they mean is said in `project`."""

from __future__ import annotations

import math

from ..constants import ALPHA_MIN

ANCHOR_X, ANCHOR_Y, U, V, A, B, C, LOG2_OPACITY, RED, GREEN, BLUE, DEPTH = range(12)
"""Columns of a footprint. Anchor in whole pixels; depth in world units."""

FOOTPRINT = 12

LOG2_ALPHA_MIN = math.log2(ALPHA_MIN)

HALF_LOG2_E = 0.5 * math.log2(math.e)

SMALLEST = 1e-18
"""Of the Cholesky diagonal: flat over any image, and its square is still a float32."""
