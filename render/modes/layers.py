"""What a mode sees of a frame, and what it fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..camera import Camera
from ..projection import Footprint, Projected, footprints
from ..scene_facts import SceneFacts
from ..settings import Settings

Float64 = NDArray[np.float64]

_EVERYWHERE = slice(None), slice(None)


@dataclass(frozen=True, eq=False)
class Layers:
    """The splats of a frame: iterate, as often as wanted, over their footprints front to back.

    Attributes:
        projected: M splats on the image plane.
        camera, settings, seed: of the frame.
        facts: of the scene.
        limits: (H, W) view depths beyond which splats are not seen, where there are meshes.
    """

    projected: Projected
    camera: Camera
    settings: Settings
    seed: int
    facts: SceneFacts
    limits: NDArray[np.floating] | None = None

    def __iter__(self) -> Iterator[Footprint]:
        return footprints(self.projected, self.camera, self.limits)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image, pixels."""
        return self.camera.height, self.camera.width


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
