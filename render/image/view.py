"""`ImageView`: which part of an image is drawn, how large, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ...scenes.errors import VoileError
from ...scenes.image_splats import ImageSplats

STRONGEST = 10
"""K of Image-GS, and the most that any backend takes."""

FOOTPRINT = 1 / 12
"""Variance of a pixel, pixels^2: that of a box."""

MOST_PIXELS = 1 << 28
"""Pixels of a picture."""


class ImageViewError(VoileError, ValueError):
    """A view of an image cannot be drawn; the text names the field."""


@dataclass(frozen=True)
class ImageView:
    """Pixel (X, Y) shows the image's point ((X + 0.5) / scale + left, (Y + 0.5) / scale + top).

    Attributes:
        width, height: of the picture, pixels.
        scale: pixels of the picture for one of the image.
        left, top: the image's point at the picture's corner, pixels of the image.
        k: how many of the strongest Gaussians count at a pixel, 1 to 10.

    Raises:
        ImageViewError: the text names the field.
    """

    width: int
    height: int
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0
    k: int = STRONGEST

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or self.width * self.height > MOST_PIXELS:
            raise ImageViewError(
                f"the picture has {self.width}x{self.height} pixels; it must have 1 to "
                f"{MOST_PIXELS:,}. Draw it smaller or in parts."
            )
        if not (math.isfinite(self.scale) and 1e-6 <= self.scale <= 1e9):
            raise ImageViewError(f"scale is {self.scale}; it must be 1e-6 to 1e9")
        if not all(math.isfinite(v) and abs(v) <= 1e9 for v in (self.left, self.top)):
            raise ImageViewError(f"left and top are {self.left}, {self.top}; at most 1e9 away")
        if not 1 <= self.k <= STRONGEST:
            raise ImageViewError(f"k is {self.k}; it must be 1 to {STRONGEST}")

    @property
    def samples(self) -> int:
        """Samples of a pixel along each side: at least one for two pixels of the image."""
        return max(1, math.ceil(0.5 / self.scale - 1e-9))

    @property
    def widening(self) -> float:
        """Variance added to every Gaussian, pixels of the image squared.

        The field is fitted at one sample a pixel, so only what a larger pixel sees more counts.
        """
        return FOOTPRINT * max(0.0, 1.0 / (self.scale * self.samples) ** 2 - 1.0)

    def finer(self, rows: tuple[int, int]) -> ImageView:
        """All samples of rows top to bottom of the picture, as a picture of its own."""
        n = self.samples
        return replace(
            self,
            width=self.width * n,
            height=(rows[1] - rows[0]) * n,
            scale=self.scale * n,
            top=self.top + rows[0] / self.scale,
        )


def whole(splats: ImageSplats, scale: float = 1.0, k: int = STRONGEST) -> ImageView:
    """The whole image, `scale` times as large."""
    width, height = (max(1, round(side * scale)) for side in splats.size)
    return ImageView(width, height, scale, k=k)
