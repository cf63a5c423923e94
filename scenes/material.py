"""`NeuralMaterial`: how a surface reflects light, as latent textures and a small net.

The method of Zeltner et al. 2024, "Real-time neural appearance models". What the arrays mean is
computed in `render/materials`; here is what they are, and that they fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError

Array = NDArray[Any]

MAX_SIDE = 4096
"""Texels along the longest side of a latent texture."""

MAX_WIDTH = 256
"""Most latents, and most units of a layer."""

MAX_LAYERS = 8
MAX_FRAMES = 4

LOBE_NUMBERS = 4
"""What the sampler's net predicts: two slopes of a normal, roughness, the share of the lobe."""


class MaterialError(VoileError, ValueError):
    """A material's arrays do not fit together, or hold values that are not finite."""


@dataclass(frozen=True)
class NetShape:
    """Sizes of a material's nets.

    Attributes:
        latents: L, channels of the latent texture.
        frames: learned shading frames; 0 gives the directions in the surface's own frame.
        hidden: units of the decoder's hidden layers.
        sampler: units of the sampler's hidden layers.

    Raises:
        MaterialError: a size out of range.
    """

    latents: int = 8
    frames: int = 2
    hidden: tuple[int, ...] = (32, 32)
    sampler: tuple[int, ...] = (16, 16)

    def __post_init__(self) -> None:
        widths = (self.latents, *self.hidden, *self.sampler)
        if any(not 1 <= width <= MAX_WIDTH for width in widths):
            raise MaterialError(f"net widths {widths} must each be 1 to {MAX_WIDTH}")
        if not 0 <= self.frames <= MAX_FRAMES:
            raise MaterialError(f"{self.frames} learned frames; there may be 0 to {MAX_FRAMES}")
        for name, layers in (("decoder", self.hidden), ("sampler", self.sampler)):
            if not 1 <= len(layers) <= MAX_LAYERS:
                raise MaterialError(f"{len(layers)} {name} layers; there may be 1 to {MAX_LAYERS}")

    @property
    def inputs(self) -> int:
        """Of the decoder: the latent, and both directions in every frame."""
        return self.latents + 6 * max(self.frames, 1)

    def dense(self) -> dict[str, tuple[int, int]]:
        """(outputs, inputs) of every linear layer by name, in the order of files and buffers."""
        shapes = {"frames": (6 * self.frames, self.latents)} if self.frames else {}
        widths = (self.inputs, *self.hidden, 3)
        shapes |= {f"decoder.{k}": (widths[k + 1], widths[k]) for k in range(len(widths) - 1)}
        widths = (self.latents + 3, *self.sampler, LOBE_NUMBERS)
        return shapes | {f"sampler.{k}": (widths[k + 1], widths[k]) for k in range(len(widths) - 1)}

    @property
    def operations(self) -> int:
        """Multiplications and additions of the linear layers in one evaluation of the decoder."""
        return sum(
            2 * rows * n for name, (rows, n) in self.dense().items() if "sampler" not in name
        )


@dataclass(frozen=True, eq=False)
class Dense:
    """A linear layer, y = weight x + bias: weight (outputs, inputs), bias (outputs,), float32."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NeuralMaterial:
    """A baked material.

    Attributes:
        name: for people.
        shape: sizes of the nets.
        levels: the latent pyramid, finest first: (H, W, L) float16 or float32, then half of each
            side down to (1, 1, L). H and W are powers of two. Level k stands for squares of
            4 (2^k - 1) + 1 texels of the finest. Row 0 is v = 0; texel (i, j) has its centre at
            u = (j + 0.5) / W, v = (i + 0.5) / H, and the texture repeats.
        layers: the linear layers by the names of `NetShape.dense`.
        albedo: (3,) mean reflectance under white light from everywhere, linear light.
        made_by: the command that baked it, for people.

    Raises:
        MaterialError: a wrong shape or dtype, or values that are not finite; the text names the
            array.
    """

    name: str
    shape: NetShape
    levels: tuple[Array, ...]
    layers: dict[str, Dense]
    albedo: tuple[float, float, float] = (0.5, 0.5, 0.5)
    made_by: str = ""

    def __post_init__(self) -> None:
        if not self.levels or self.levels[0].ndim != 3:
            raise MaterialError("latents must be arrays (H, W, L), finest level first")
        height, width = self.levels[0].shape[:2]
        wanted = level_shapes(width, height, self.shape.latents)
        dtype = self.levels[0].dtype
        if dtype not in (np.float16, np.float32):
            raise MaterialError(f"latents are {dtype}; they must be float16 or float32")
        if len(self.levels) != len(wanted):
            raise MaterialError(f"{len(self.levels)} latent levels; there must be {len(wanted)}")
        for k, (level, shape) in enumerate(zip(self.levels, wanted)):
            _check(f"latents of level {k}", level, shape, dtype)
        shapes = self.shape.dense()
        if list(self.layers) != list(shapes):
            raise MaterialError(f"layers are {list(self.layers)}; they must be {list(shapes)}")
        for name, shape in shapes.items():
            _check(f"{name}.weight", self.layers[name].weight, shape, np.float32)
            _check(f"{name}.bias", self.layers[name].bias, shape[:1], np.float32)
        if len(self.albedo) != 3 or not all(math.isfinite(a) and a >= 0 for a in self.albedo):
            raise MaterialError(f"albedo is {self.albedo}; it must be 3 finite numbers >= 0")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the finest level, texels."""
        height, width = self.levels[0].shape[:2]
        return width, height

    @property
    def decoder(self) -> list[Dense]:
        """The decoder's layers, first to last."""
        return [self.layers[f"decoder.{k}"] for k in range(len(self.shape.hidden) + 1)]

    @property
    def sampler(self) -> list[Dense]:
        """The sampler's layers, first to last."""
        return [self.layers[f"sampler.{k}"] for k in range(len(self.shape.sampler) + 1)]


def level_shapes(width: int, height: int, latents: int) -> list[tuple[int, int, int]]:
    """Shapes of all levels of a pyramid, finest first. Raises MaterialError: a size not allowed."""
    for side in (width, height):
        if not 1 <= side <= MAX_SIDE or side & (side - 1):
            raise MaterialError(
                f"latents of {width}x{height}; sides must be powers of two up to {MAX_SIDE}"
            )
    return list(_halved(width, height, latents))


def _halved(width: int, height: int, latents: int) -> Iterator[tuple[int, int, int]]:
    while True:
        yield height, width, latents
        if width == height == 1:
            return
        width, height = max(1, width // 2), max(1, height // 2)


def _check(name: str, array: Array, shape: tuple[int, ...], dtype: Any) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise MaterialError(
            f"{name} is {array.dtype} {array.shape}; it must be {np.dtype(dtype)} {shape}"
        )
    if not np.isfinite(array).all():
        raise MaterialError(f"{name} has values that are not finite")


def shapes_of(materials: Iterable[NeuralMaterial]) -> list[NetShape]:
    """The shapes of their nets, each once: what renderers have a pass or a kernel for."""
    return list(dict.fromkeys(material.shape for material in materials))
