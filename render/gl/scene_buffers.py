"""A scene in GPU memory, in blocks that fit a driver's largest storage block."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np
from numpy.typing import NDArray

from ...scenes.splats import Splats
from .programs import GEOMETRY_FLOATS

FLOAT16_MAX = 65504.0

STORED_BITS = {"uint8": 8, "float16": 16, "float32": 32}
"""Bits of an SH coefficient above degree 0, by setting `storage`."""


@dataclass(frozen=True)
class Block:
    """Splats `first` to `first + count` of a scene; `harmonics` is None at degree 0."""

    first: int
    count: int
    geometry: moderngl.Buffer
    harmonics: moderngl.Buffer | None


class SceneBuffers:
    """The columns of a scene that the shaders read.

    The constant SH coefficient stays float32 with the geometry. The others are stored by setting
    `storage`: float16 costs less than 1e-4 in colour since they are small, and halves the memory;
    8 bits are relative to the splat's own largest coefficient, and halve it again.

    Args:
        ctx: current context.
        splats: the scene.
        block_bytes: largest storage block, bytes.
        storage: a key of `STORED_BITS`.

    Attributes:
        splats: the scene, by reference.
        storage: as given.
        sh_stride: 32-bit words per splat of `Block.harmonics`.
    """

    def __init__(
        self, ctx: moderngl.Context, splats: Splats, block_bytes: int, storage: str
    ) -> None:
        self.splats = splats
        self.storage = storage
        self.sh_stride = harmonics_words(splats.sh.shape[1], storage)
        coefficients = splats.sh.shape[1] - 1
        row = 4 * max(GEOMETRY_FLOATS, self.sh_stride)
        rows = max(1, block_bytes // row)
        self.blocks: list[Block] = []
        try:
            for first in range(0, len(splats), rows):
                part = slice(first, min(first + rows, len(splats)))
                geometry = ctx.buffer(pack_geometry(splats, part))
                harmonics = None
                try:
                    if coefficients:
                        harmonics = ctx.buffer(pack_harmonics(splats.sh[part], storage))
                finally:  # kept even if the second allocation failed, so that release() finds it
                    self.blocks.append(Block(first, part.stop - first, geometry, harmonics))
        except BaseException:
            self.release()
            raise

    def rewrite(self, splats: Splats) -> None:
        """Takes a scene that differs in nothing but the geometry, which is copied anew."""
        for block in self.blocks:
            part = slice(block.first, block.first + block.count)
            block.geometry.write(pack_geometry(splats, part))
        self.splats = splats

    def release(self) -> None:
        """Frees the memory."""
        for block in self.blocks:
            block.geometry.release()
            if block.harmonics is not None:
                block.harmonics.release()
        self.blocks.clear()


def same(one: Splats, other: Splats) -> bool:
    """Whether two scenes share all columns that lie on the GPU: what was copied serves both."""
    names = "means", "quats", "scales", "opacities", "sh"
    return all(getattr(one, name) is getattr(other, name) for name in names)


def same_harmonics(one: Splats, other: Splats) -> bool:
    """Whether two scenes share the largest column: an edit of masks or of a place on the whole."""
    return one.sh is other.sh


def pack_geometry(splats: Splats, part: slice) -> NDArray[np.float32]:
    """(n, 14): mean, opacity, quaternion wxyz, scales, constant SH coefficient."""
    packed = np.empty((part.stop - part.start, GEOMETRY_FLOATS), np.float32)
    packed[:, 0:3] = splats.means[part]
    packed[:, 3] = splats.opacities[part]
    packed[:, 4:8] = splats.quats[part]
    packed[:, 8:11] = splats.scales[part]
    packed[:, 11:14] = splats.sh[part, 0]
    return packed


def harmonics_words(coefficients: int, storage: str) -> int:
    """32-bit words per splat of K coefficients but the first; see `pack_harmonics`."""
    pairs = coefficients // 2  # K - 1 of them, rounded up
    if storage == "uint8":
        return 1 + -(-6 * pairs // 4) if pairs else 0
    return 6 * pairs * STORED_BITS[storage] // 32


def pack_harmonics(sh: NDArray[np.float32], storage: str) -> NDArray[np.uint32]:
    """(n, `harmonics_words`): coefficients from degree 1 up, padded to an even number.

    Values beyond float16 are clamped: their colours are far beyond any target's range.

    Args:
        sh: (n, K, 3).
        storage: a key of `STORED_BITS`.
    """
    packed = np.zeros((len(sh), harmonics_words(sh.shape[1], storage)), np.uint32)
    chunk = 1 << 16  # keeps temporaries small
    for start in range(0, len(sh), chunk):
        rows = slice(start, start + chunk)
        values = sh[rows, 1:].reshape(len(packed[rows]), -1)
        if storage == "uint8":
            largest = np.abs(values).max(axis=1)
            packed[rows, 0] = largest.view(np.uint32)
            share = values / np.maximum(largest, np.float32(1e-30))[:, None]
            packed[rows, 1:].view(np.int8)[:, : values.shape[1]] = np.rint(127 * share)
        elif storage == "float16":
            limited = np.clip(values, -FLOAT16_MAX, FLOAT16_MAX)
            packed[rows].view(np.float16)[:, : values.shape[1]] = limited
        else:
            packed[rows].view(np.float32)[:, : values.shape[1]] = values
    return packed
