"""What a renderer is asked for and what it gives back."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .camera import Camera
from .paint import Paint
from .settings import Settings

Float32 = NDArray[np.float32]
DepthKind = Literal["mean", "median"]


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """One frame to draw: `camera` gives view and size, `depth` asks for the depth image as well,
    `depth_kind` says which: see `Frame.depth`.

    `seed` chooses the random numbers of stochastic modes. `paint` is blended instead of the colours
    of the splats.
    """

    camera: Camera
    settings: Settings = field(default_factory=Settings)
    depth: bool = False
    seed: int = 0
    paint: Paint | None = None
    depth_kind: DepthKind = "mean"

    @property
    def median(self) -> bool:
        """Whether the depth image is to hold median depths."""
        return self.depth and self.depth_kind == "median"


@dataclass(frozen=True, eq=False)
class Frame:
    """A drawn frame.

    Attributes:
        color: (H, W, 3) float32, premultiplied by alpha, unclamped, without any background. Of a
            painted frame the first three channels of `paint`.
        alpha: (H, W) float32, 1 - transmittance.
        depth: (H, W) float32 view depth. "mean": expected, sum T alpha z / (1 - T_end); 0 where
            alpha is 0. "median" (Huang et al. 2024): of the splat at which the transmittance
            comes to 0.5 or below; 0 where it never does. None if it was not asked for.
        timings: milliseconds by stage, in order.
        stats: counts by name ("splats", "visible", ...).
        paint: (H, W, 3 k) float32 what the request's paint blends to, premultiplied by alpha, any
            sign. None if there was none.
    """

    color: Float32
    alpha: Float32
    depth: Float32 | None = None
    timings: dict[str, float] = field(default_factory=dict)
    stats: dict[str, int] = field(default_factory=dict)
    paint: Float32 | None = None

    def over(self, background: tuple[float, float, float]) -> Float32:
        """(H, W, 3) float32: the frame composited over a colour, unclamped."""
        veil = (1.0 - self.alpha)[..., None]
        return np.asarray(self.color + veil * np.asarray(background), np.float32)

    def premultiplied(self) -> Float32:
        """(H, W, 4) float32: colour premultiplied and unclamped, and alpha."""
        return np.concatenate([self.color, self.alpha[..., None]], axis=2)

    def to_rgb8(self, background: tuple[float, float, float]) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 over a background, rounded to nearest."""
        return quantise(self.over(background))

    def to_rgba8(self) -> NDArray[np.uint8]:
        """(H, W, 4) uint8 with straight alpha, as PNG stores it."""
        straight = self.color / np.maximum(self.alpha, np.float32(1e-6))[..., None]
        rgba = np.concatenate([straight, self.alpha[..., None]], axis=2)
        return quantise(rgba.astype(np.float32))

    def _repr_png_(self) -> bytes:
        """How a notebook shows a frame: with straight alpha."""
        file = io.BytesIO()
        Image.fromarray(self.to_rgba8()).save(file, format="PNG")
        return file.getvalue()


def quantise(image: Float32) -> NDArray[np.uint8]:
    """[0, 1] floats to bytes, rounded to nearest and clamped."""
    return (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
