"""A scene as the CUDA kernels read it, see `packed.cuh`: 28 bytes a splat and a row of colour.

Means stay float32, and exact. Quaternions are rounded to 1/32767, scales to steps of a logarithm
that spans the scene's, opacities to 1/65535; only setting `storage` "float32" rounds nothing. A
scale of 0 stays one, and no other becomes one: a third scale of 0 is the mark of a surfel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...scenes.splats import Splats

FLOAT16_MAX = 65504.0

SCALE_CODES = 65535
"""Codes of a scale that is not 0."""

_CHUNK = 1 << 16  # rows at a time: keeps temporaries small


class ScaleRange(NamedTuple):
    """log2 of the least scale of a scene, and of one step."""

    low: float
    step: float


def scale_range(scales: NDArray[np.float32]) -> ScaleRange:
    """The range of the scales that are not 0."""
    positive = scales[scales > 0]
    if not len(positive):
        return ScaleRange(0.0, 1.0)
    low, high = math.log2(float(positive.min())), math.log2(float(positive.max()))
    return ScaleRange(low, max(high - low, 1e-6) / (SCALE_CODES - 1))


def pack_shapes(splats: Splats, span: ScaleRange, storage: str) -> NDArray[np.generic]:
    """(N, 8) uint16, or float32 by storage: quaternion wxyz, three scales, opacity."""
    if storage == "float32":
        return np.column_stack([splats.quats, splats.scales, splats.opacities])
    packed = np.empty((len(splats), 8), np.uint16)
    for rows in _chunks(len(splats)):
        quats = splats.quats[rows] / np.linalg.norm(splats.quats[rows], axis=1, keepdims=True)
        packed[rows, :4] = np.rint(32767 * quats).astype(np.int16).view(np.uint16)
        scales = splats.scales[rows].astype(np.float64)
        with np.errstate(divide="ignore"):
            codes = 1 + np.rint((np.log2(scales) - span.low) / span.step)
        packed[rows, 4:7] = np.where(scales > 0, np.clip(codes, 1, SCALE_CODES), 0)
        packed[rows, 7] = np.rint(65535 * splats.opacities[rows].astype(np.float64))
    return packed


def color_bytes(coefficients: int, storage: str) -> int:
    """Bytes of a row of K coefficients, a multiple of 8."""
    values = 3 * coefficients
    size = {"float32": 4 * values, "float16": 2 * values, "uint8": 8 + values - 3}[storage]
    return -(-size // 8) * 8


def pack_colors(sh: NDArray[np.float32], storage: str) -> NDArray[np.uint8]:
    """(N, `color_bytes`): spherical harmonics by setting `storage`, channel by channel.

    "uint8" has the constant coefficient and the largest of the others as float16, and these as
    127ths of that. Values beyond float16 are clamped: their colours are far beyond any picture's.

    Args:
        sh: (N, K, 3).
        storage: "float32", "float16" or "uint8".
    """
    packed = np.zeros((len(sh), color_bytes(sh.shape[1], storage)), np.uint8)
    count = 3 * sh.shape[1]
    for rows in _chunks(len(sh)):
        values = sh[rows].reshape(-1, count)
        if storage == "float32":
            packed[rows].view(np.float32)[:, :count] = values
            continue
        limited = np.clip(values, -FLOAT16_MAX, FLOAT16_MAX)
        if storage == "float16":
            packed[rows].view(np.float16)[:, :count] = limited
            continue
        head = packed[rows, :8].view(np.float16)
        head[:, :3] = limited[:, :3]
        head[:, 3] = np.abs(limited[:, 3:]).max(axis=1, initial=0.0)
        parts = 127 * limited[:, 3:] / np.maximum(head[:, 3:].astype(np.float32), 1e-30)
        packed[rows, 8 : 5 + count] = (
            np.rint(np.clip(parts, -127, 127)).astype(np.int8).view(np.uint8)
        )
    return packed


def _chunks(count: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, count, _CHUNK)]
