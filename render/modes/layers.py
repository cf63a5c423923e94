"""What a mode sees of a frame, and what it fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..camera import Camera
from ..projection import Footprint, Projected, footprints
from ..scene_facts import SceneFacts
from ..settings import Settings

Float64 = NDArray[np.float64]

MOST_NUMBERS = 1 << 23
"""That a mode keeps at once where it works band by band; 64 MiB in float64."""

_EVERYWHERE = slice(None), slice(None)


@dataclass(frozen=True, eq=False)
class Layers:
    """The splats of a frame: iterate, as often as wanted, over their footprints front to back.

    Attributes:
        projected: M splats on the image plane.
        camera, settings, seed: of the frame.
        facts: of the scene.
        limits: (H, W) view depths beyond which splats are not seen, where there are meshes.
        rows: of the image, which are taken for the whole of it; None is all.
    """

    projected: Projected
    camera: Camera
    settings: Settings
    seed: int
    facts: SceneFacts
    limits: NDArray[np.floating] | None = None
    rows: slice | None = None

    def __iter__(self) -> Iterator[Footprint]:
        return footprints(self.projected, self.camera, self.limits, self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image, or of the rows that are drawn, pixels."""
        rows = self.rows
        height = self.camera.height if rows is None else rows.stop - rows.start
        return height, self.camera.width

    def bands(self, numbers: int) -> Iterator[tuple[Layers, slice]]:
        """Bands of rows, each as layers of its own, for a mode that keeps `numbers` for a pixel.

        A large image would take more memory than there is.
        """
        step = max(1, MOST_NUMBERS // (numbers * self.camera.width))
        for top in range(0, self.camera.height, step):
            rows = slice(top, min(top + step, self.camera.height))
            yield replace(self, rows=rows), rows


@dataclass(frozen=True)
class Canvas:
    """What a mode fills: colour (H, W, 3) premultiplied, transmittance (H, W), depth sum (H, W).

    The depth sum over 1 - transmittance is the expected depth. `median` (H, W), where asked for, is
    the depth at which the transmittance comes to 0.5 or below, 0 where it does not.
    """

    color: Float64
    transmittance: Float64
    depth: Float64
    median: Float64 | None = None

    def part(self, window: Any) -> Canvas:
        """A view of the pixels of a window."""
        median = None if self.median is None else self.median[window]
        return Canvas(self.color[window], self.transmittance[window], self.depth[window], median)


class WeightedSum:
    """sum w_i alpha_i (c_i, z_i, 1) and prod (1 - alpha_i), whatever the order of the splats."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._color = np.zeros((*shape, 3))
        self._depth, self._weight = np.zeros(shape), np.zeros(shape)
        self.transmittance = np.ones(shape)

    def add(self, splat: Footprint, weight: Float64 | float) -> None:
        """One splat; the weight is a number or one per pixel of its window."""
        share = weight * splat.alpha
        self._color[splat.window] += share[..., None] * splat.color
        self._depth[splat.window] += share * splat.seen_depth
        self._weight[splat.window] += share
        self.transmittance[splat.window] *= 1.0 - splat.alpha

    def composite(self, canvas: Canvas, window: tuple[slice, slice] = _EVERYWHERE) -> None:
        """Puts (1 - prod (1 - alpha)) sum w alpha c / sum w alpha behind what is there."""
        weight, clear = self._weight[window], self.transmittance[window]
        cover = canvas.transmittance[window] * (1.0 - clear)
        share = np.divide(cover, weight, out=np.zeros_like(cover), where=weight > 0)
        canvas.color[window] += share[..., None] * self._color[window]
        canvas.depth[window] += share * self._depth[window]
        canvas.transmittance[window] *= clear
