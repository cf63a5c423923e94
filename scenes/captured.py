"""`CapturedView`: one photograph of a capture, as its camera file describes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FARTHEST = 1e30
"""Numbers of a pose are below this: GPUs take them as float32."""


@dataclass(frozen=True, eq=False)
class CapturedView:
    """Where a photograph was taken, and where it is.

    Attributes:
        name: of the photograph, as the file says it; unique within a file.
        width, height: of the photograph, pixels.
        fx, fy, cx, cy: pinhole intrinsics, pixels; the first pixel's centre is at (0.5, 0.5).
        world_to_camera: (4, 4) float64 rigid, OpenCV axes.
        image: the photograph, None where it is not on this disk.
        bent: how far lens distortion, which a pinhole has not, moves the picture's corner, pixels.
    """

    name: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    world_to_camera: NDArray[np.float64]
    image: Path | None = None
    bent: float = 0.0

    @property
    def position(self) -> NDArray[np.float64]:
        """(3,) centre of projection in world coordinates."""
        return -self.world_to_camera[:3, :3].T @ self.world_to_camera[:3, 3]
