"""`Texture`: an image on a mesh, with the levels that it is read from at a distance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError
from .srgb import to_light

Bytes = NDArray[np.uint8]

WRAPS = ("repeat", "mirror", "clamp")
"""What lies beyond the image: it again, it mirrored, or its border."""

MOST_SIDE = 16384
"""Pixels of a side: what OpenGL takes."""


class TextureError(VoileError, ValueError):
    """Pixels handed to `Texture` cannot be an image on a mesh; the text says what is wrong."""


@dataclass(frozen=True, eq=False)
class Texture:
    """The base colour of a mesh where its texture coordinates say.

    A point (u, v) lies at pixel (u W, (1 - v) H), bilinear between pixel centres and linear between
    levels (Williams 1983), all in linear light.

    Attributes:
        pixels: (H, W, 4) uint8, sRGB and alpha not multiplied in; row 0 is the top, where v is 1.
        wrap: along u and along v, each of `WRAPS`.
        cutoff: alpha below which there is no surface; with 0 alpha is ignored.

    Raises:
        TextureError: the text names what is wrong.
    """

    pixels: Bytes
    wrap: tuple[str, str] = ("repeat", "repeat")
    cutoff: float = 0.0

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 4:
            raise TextureError(
                f"texture pixels are {self.pixels.dtype} {shape}; they must be uint8 (H, W, 4)"
            )
        if not (min(shape[:2]) >= 1 and max(shape[:2]) <= MOST_SIDE):
            raise TextureError(
                f"a texture of {shape[1]} x {shape[0]} pixels; sides may be 1 to {MOST_SIDE}"
            )
        if len(self.wrap) != 2 or not set(self.wrap) <= set(WRAPS):
            raise TextureError(f"texture wrap is {self.wrap}; it must be two of {WRAPS}")
        if not 0.0 <= self.cutoff <= 1.0:
            raise TextureError(f"texture cutoff is {self.cutoff}; it must be 0 to 1")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @cached_property
    def levels(self) -> tuple[Bytes, ...]:
        """The image, and halves of it down to one pixel; sides are rounded down as in OpenGL.

        Means are by area in linear light. Where there is a cutoff they are weighted by alpha, so
        that the colour of what is cut away does not show at a distance.
        """
        found = [self.pixels]
        light = LINEAR[self.pixels[..., :3]]
        alpha = self.pixels[..., 3:] / np.float32(255)
        while max(light.shape[:2]) > 1:
            weight = np.maximum(alpha, 1e-4) if self.cutoff else np.ones_like(alpha)
            alpha, total = _halved(alpha), _halved(weight)
            light = _halved(light * weight) / total
            found.append(
                np.concatenate([encode_srgb(light), np.rint(255 * alpha).astype(np.uint8)], axis=2)
            )
        return tuple(found)

    @cached_property
    def packed(self) -> tuple[Bytes, NDArray[np.int64]]:
        """All levels as (T, 4), and (L, 3) of each where it begins, its width and its height."""
        sizes = [(level.shape[1], level.shape[0]) for level in self.levels]
        starts = np.cumsum([0, *(width * height for width, height in sizes)])
        table = [(starts[k], *size) for k, size in enumerate(sizes)]
        texels = np.concatenate([level.reshape(-1, 4) for level in self.levels])
        return texels, np.array(table, np.int64)


LINEAR = to_light(np.arange(256) / 255).astype(np.float32)
"""(256,) linear light of a byte of sRGB."""

_BETWEEN = to_light((np.arange(255) + 0.5) / 255).astype(np.float32)


def encode_srgb(light: NDArray[np.floating]) -> Bytes:
    """The nearest byte of sRGB of linear light in [0, 1]."""
    return np.searchsorted(_BETWEEN, light).astype(np.uint8)


def _halved(image: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean by area over pixels of twice the side, or a little more where a side is odd."""
    for axis in (0, 1):
        n = image.shape[axis]
        if n == 1:
            continue
        image = np.moveaxis(image, axis, 0)
        if n % 2 == 0:
            image = 0.5 * (image[0::2] + image[1::2])
        else:  # each covers 2 + 1/m pixels, of which the k-th takes 1 - k/m, 1 and (k + 1)/m
            m = n // 2
            k = np.arange(m, dtype=np.float32).reshape(-1, *(1,) * (image.ndim - 1)) / m
            image = (image[0:-1:2] * (1 - k) + image[1::2] + image[2::2] * (k + 1 / m)) / (
                2 + 1 / m
            )
        image = np.moveaxis(image, 0, axis)
    return np.ascontiguousarray(image, np.float32)
