"""`ImageSplats`: a picture as 2D Gaussians (Image-GS, Zhang et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError

Float32 = NDArray[np.float32]

MAX_SIDE = 32768
"""Longest side of an image, pixels."""

CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGBA"}
"""What colours of so many channels mean."""


class ImageSplatsError(VoileError, ValueError):
    """Arrays handed to `ImageSplats` have a wrong shape, dtype, range or value."""


@dataclass(frozen=True, eq=False)
class ImageSplats:
    """N Gaussians in the plane of an image, of which any first are the image in less detail.

    Arrays are float32, kept as given.

    A Gaussian is G(p) = exp(-(u^2 + v^2) / 2), where (u, v) is p - mean, turned back by the
    rotation and multiplied by the inverse scales. What a pixel shows is in
    `render/image/reference.py`.

    Attributes:
        means: (N, 2) centres, pixels, x right and y down; the first pixel's centre is (0.5, 0.5).
        inverse_scales: (N, 2) one over the standard deviations along the Gaussian's own axes,
            1/pixels, > 0.
        rotations: (N,) angle of the first axis from x towards y, radians.
        colors: (N, C) display colours, C in 1 to 4: grey, grey and alpha, RGB, RGBA; those with
            alpha are premultiplied by it.
        size: width and height of the image, pixels.

    Raises:
        ImageSplatsError: the text names the array.
    """

    means: Float32
    inverse_scales: Float32
    rotations: Float32
    colors: Float32
    size: tuple[int, int]

    def __post_init__(self) -> None:
        n = len(self.means)
        if self.colors.ndim != 2 or self.colors.shape[1] not in CHANNELS:
            raise ImageSplatsError(
                f"colors has shape {self.colors.shape}; it must be (N, C) with C from 1 to 4"
            )
        shapes = {
            "means": (n, 2),
            "inverse_scales": (n, 2),
            "rotations": (n,),
            "colors": (n, self.colors.shape[1]),
        }
        for name, shape in shapes.items():
            _check(name, getattr(self, name), shape)
        if n and float(self.inverse_scales.min()) <= 0.0:
            row = int(np.argmax((self.inverse_scales <= 0.0).any(axis=1)))
            raise ImageSplatsError(
                f"inverse_scales[{row}] must be positive: {self.inverse_scales[row]}"
            )
        if not all(isinstance(side, int) and 0 < side <= MAX_SIDE for side in self.size):
            raise ImageSplatsError(f"size is {self.size}; each side must be 1 to {MAX_SIDE}")

    def __len__(self) -> int:
        return len(self.means)

    @property
    def channels(self) -> int:
        """Number of channels of the colours."""
        return self.colors.shape[1]

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.channels in (2, 4)

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        columns = (self.means, self.inverse_scales, self.rotations, self.colors)
        return sum(column.nbytes for column in columns)

    def take(self, rows: Any) -> ImageSplats:
        """The Gaussians that `rows` selects (a slice gives views, an index or mask copies)."""
        return replace(
            self,
            means=self.means[rows],
            inverse_scales=self.inverse_scales[rows],
            rotations=self.rotations[rows],
            colors=self.colors[rows],
        )

    def detail(self, count: int) -> ImageSplats:
        """A level of detail: the first `count`, grown to cover what is left out.

        Each is to cover sqrt(N / count) times more along both axes, so that as many lie over a
        pixel as before.
        """
        count = min(max(count, 0), len(self))
        coarse = self.take(slice(0, count))
        if count in (0, len(self)):
            return coarse
        shrink = np.float32((count / len(self)) ** 0.5)
        return replace(coarse, inverse_scales=coarse.inverse_scales * shrink)


def _check(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ImageSplatsError(f"{name} is {kind}; it must be a float32 numpy array")
    if array.shape != shape:
        raise ImageSplatsError(f"{name} has shape {array.shape}; it must be {shape}")
    if not np.isfinite(array).all():
        row = int(np.argmax(~np.isfinite(array.reshape(shape[0], -1)).all(axis=1)))
        raise ImageSplatsError(f"{name}[{row}] is not finite: {array[row]}")
