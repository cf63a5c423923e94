"""Writes SPZ version 3, in the quantisation of Niantic's own writer."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from .smallest_three import smallest_three
from .spz_layout import (
    ANTIALIASED,
    CHUNK,
    COLOR_SCALE,
    HALF_ROOT,
    HEADER,
    MAGIC,
    TURN,
    Float32,
    turn_signs,
)

_MAX_BITS = 12  # fractional bits: Niantic's own choice; some readers refuse more


def write(splats: Splats, path: Path, progress: Progress) -> None:
    """Version 3. SH above degree 3 is left out; far positions get fewer than 12 fractional bits."""
    if splats.kind != "3d":
        raise SceneFormatError(path, "kind", "surfels do not fit .spz", "Write a .ply instead.")
    degree = min(splats.sh_degree, 3)
    reach = float(np.abs(splats.means).max(initial=0.0))
    bits = min(_MAX_BITS, int(np.floor(np.log2((2**23 - 1) / max(reach, 1e-6)))))
    if bits < 0:
        raise SceneFormatError(
            path, "positions", f"reach {reach:.3g}, more than 24 bits hold", "Write a .ply instead."
        )
    flags = ANTIALIASED if splats.antialiased else 0
    header = HEADER.pack(MAGIC, 3, len(splats), degree, bits, flags, 0)
    parts = (
        ("positions", lambda s: _pack_positions(s.means * TURN, bits)),
        ("alphas", lambda s: _byte(s.opacities * 255.0)),
        ("colors", lambda s: _byte((s.sh[:, 0] * COLOR_SCALE + 0.5) * 255.0)),
        ("scales", lambda s: _byte((np.log(s.scales) + 10.0) * 16.0)),
        ("rotations", lambda s: _pack_rotations(s.quats)),
        ("sh", lambda s: _pack_sh(s.sh, degree)),
    )
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as out:
        out.write(header)
        for k, (name, pack) in enumerate(parts):
            for start in range(0, len(splats), CHUNK):
                out.write(pack(splats.take(slice(start, start + CHUNK))).tobytes())
                done = (k + start / len(splats)) / len(parts)
                progress(done, f"Writing {name} of {path.name}")


def _byte(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _pack_positions(means: Float32, bits: int) -> NDArray[np.uint8]:
    fixed = np.rint(means.astype(np.float64) * (1 << bits)).astype("<i4")
    return np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, 3, 4)[..., :3]


def _pack_rotations(quats: Float32) -> NDArray[np.uint32]:
    xyzw = quats[:, [1, 2, 3, 0]].astype(np.float32)
    xyzw[:, :3] *= TURN
    largest, others = smallest_three(xyzw)
    packed = largest.astype(np.uint32)
    for other in others.T:
        magnitude = np.rint(np.abs(other) / HALF_ROOT * 511.0)
        code = np.minimum(magnitude, 511).astype(np.uint32) | np.uint32(512) * (other < 0)
        packed = packed << np.uint32(10) | code
    return packed.astype("<u4")


def _pack_sh(sh: Float32, degree: int) -> NDArray[np.uint8]:
    """Degree 1 to 5 bits, above to 4 bits, as the format's own writer does."""
    k = SH_COEFFICIENTS[degree]
    values = np.rint(sh[:, 1:k] * turn_signs(degree)[1:, None] * 128.0 + 128.0)
    step = np.where(np.arange(1, k) < 4, 8.0, 16.0)[:, None]
    return _byte(np.floor((values + step / 2) / step) * step)
