"""A scene in GPU memory, in blocks that fit a driver's largest storage block."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np
from numpy.typing import NDArray

from ...scenes.splats import Splats
from .programs import GEOMETRY_FLOATS

FLOAT16_MAX = 65504.0


@dataclass(frozen=True)
class Block:
    """Splats `first` to `first + count` of a scene; `harmonics` is None at degree 0."""

    first: int
    count: int
    geometry: moderngl.Buffer
    harmonics: moderngl.Buffer | None


class SceneBuffers:
    """The columns of a scene that the shaders read.

    The constant SH coefficient stays float32 with the geometry; the others are float16, which
    costs less than 1e-4 in colour since they are small, and halves the memory.

    Args:
        ctx: current context.
        splats: the scene.
        block_bytes: largest storage block, bytes.

    Attributes:
        splats: the scene, by reference.
        sh_stride: 32-bit words per splat of `Block.harmonics`.
    """

    def __init__(self, ctx: moderngl.Context, splats: Splats, block_bytes: int) -> None:
        self.splats = splats
        coefficients = splats.sh.shape[1] - 1
        self.sh_stride = (coefficients + coefficients % 2) * 3 // 2
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
                        harmonics = ctx.buffer(pack_harmonics(splats.sh[part]))
                finally:  # kept even if the second allocation failed, so that release() finds it
                    self.blocks.append(Block(first, part.stop - first, geometry, harmonics))
        except BaseException:
            self.release()
            raise

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


def pack_geometry(splats: Splats, part: slice) -> NDArray[np.float32]:
    """(n, 14): mean, opacity, quaternion wxyz, scales, constant SH coefficient."""
    packed = np.empty((part.stop - part.start, GEOMETRY_FLOATS), np.float32)
    packed[:, 0:3] = splats.means[part]
    packed[:, 3] = splats.opacities[part]
    packed[:, 4:8] = splats.quats[part]
    packed[:, 8:11] = splats.scales[part]
    packed[:, 11:14] = splats.sh[part, 0]
    return packed


def pack_harmonics(sh: NDArray[np.float32]) -> NDArray[np.float16]:
    """(n, 2 ceil((K - 1) / 2), 3): coefficients from degree 1 up, padded to an even number.

    Values beyond float16 are clamped: their colours are far beyond any target's range.
    """
    count = sh.shape[1] - 1
    packed = np.zeros((len(sh), count + count % 2, 3), np.float16)
    chunk = 1 << 16  # keeps the float32 temporary of the clamp small
    for start in range(0, len(sh), chunk):
        rows = slice(start, start + chunk)
        packed[rows, :count] = np.clip(sh[rows, 1:], -FLOAT16_MAX, FLOAT16_MAX)
    return packed
