"""What goes from step to step of a differentiable frame: how and from what it is drawn, slopes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..project import View

Real = NDArray[Any]  # float32 or float64, the type of the scene's columns


class Shot(NamedTuple):
    """How a scene is drawn.

    Attributes:
        view: the camera.
        size: width and height, pixels.
        degree: of the spherical harmonics, at most that of the columns.
        antialias: see `cpu.project.project`.
        with_depth: also draw expected depth.
        mode: of `frame.MODES`.
        surfels: whether splats of no thickness are surfels; otherwise they are flat ellipsoids.
        groups: (N,) int32 of mode cells: the place of each splat's cell among all of them, front to
            back.
        bins, refine, depth_unit: of mode binned, see `voile.render.modes.binned`.
    """

    view: View
    size: tuple[int, int]
    degree: int
    antialias: bool
    with_depth: bool
    mode: str
    surfels: bool = False
    groups: NDArray[np.int32] | None = None
    bins: int = 8
    refine: int = 2
    depth_unit: float = 1.0


class Picture(NamedTuple):
    """Colour (H, W, 3) premultiplied, coverage (H, W), expected depth (H, W) or (0, 0), and the sum
    of the weights (H, W) of mode weighted, else (0, 0)."""

    color: Real
    alpha: Real
    depth: Real
    total: Real


class Lists(NamedTuple):
    """What a picture was drawn from: M visible splats, in the order of the mode.

    Attributes:
        footprints: (M, 12), see `cpu.project`.
        splats: (M,) uint32, which of the scene's.
        values: what the mode knows of each: (M,) weights in mode weighted, (M,) int32 cells in mode
            cells, (M, 2) depth and thickness in bins in mode binned, see `thickness`; else (0,).
        starts, members: lists of the tiles, see `cpu.bins`.
        discs: (M, 13) of a scene with surfels, see `cpu.surfels`, else (0, 13).
    """

    footprints: Real
    splats: NDArray[np.uint32]
    values: NDArray[Any]
    starts: NDArray[np.int64]
    members: NDArray[np.uint32]
    discs: Real

    @property
    def surfels(self) -> tuple[Real, ...]:
        """What the kernels are given of surfels; nothing, and they are compiled without."""
        return () if len(self.discs) == 0 else (self.discs,)


class Slopes(NamedTuple):
    """Slopes of a loss by columns of the scene and by log weights; of what is unwanted, 0 rows."""

    means: Real
    quats: Real
    scales: Real
    opacities: Real
    sh: Real
    log_weights: Real
