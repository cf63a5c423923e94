"""`.splat` (Kevin Kwok's antimatter15/splat): 32 bytes a splat, no header.

A record: position 3 x float32, scale 3 x float32 (linear), RGBA 4 x uint8 (display colour and
activated opacity), quaternion wxyz 4 x uint8, (b - 128) / 128, to be normalised.

Nothing in the file says what it is. It is taken for a scene when its name ends in `.splat` *and*
at least half of its first records are plausible: finite positions below 1e7, positive scales below
1e6, the third may be 0. By name alone a renamed photograph would be drawn as noise; by content
alone too much other data would pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import Splats
from .assemble import assemble
from .format import Format

C0 = 0.28209479177387814
"""Value of the SH basis function of degree 0."""

_RECORD = np.dtype([("mean", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("quat", "u1", 4)])
_CHUNK = 1 << 14  # records read or written at a time
_FIELDS = {"means": "position", "quats": "rotation", "scales": "scale", "sh": "colour"}


def _sniff(path: Path, head: bytes) -> bool:
    if path.suffix.lower() != ".splat" or len(head) < _RECORD.itemsize:
        return False
    first = np.frombuffer(head, _RECORD, count=len(head) // _RECORD.itemsize)
    return bool(_plausible(first).mean() >= 0.5)


def _plausible(records: NDArray[Any]) -> NDArray[np.bool_]:
    """(N,) mask; comparisons with NaN are false."""
    near = np.abs(records["mean"]) < 1e7
    # A third scale of 0 is that of a surfel.
    sized = (records["scale"] >= np.array([1e-45, 1e-45, 0.0], np.float32)) & (
        records["scale"] < 1e6
    )
    return np.all(np.logical_and(near, sized), axis=1, keepdims=True)[:, 0]


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    size = path.stat().st_size
    n, rest = divmod(size, _RECORD.itemsize)
    if rest:
        raise SceneFormatError(
            path,
            "size",
            f"{size} bytes is not a multiple of 32, the size of a splat",
            "The file is cut off or not a .splat scene: download or export it again.",
        )
    means = np.empty((n, 3), np.float32)
    quats = np.empty((n, 4), np.float32)
    scales = np.empty((n, 3), np.float32)
    opacities = np.empty(n, np.float32)
    sh = np.empty((n, 1, 3), np.float32)
    buffer = np.empty(min(n, _CHUNK), _RECORD)
    with path.open("rb") as file:
        for start in range(0, n, _CHUNK):
            part = buffer[: min(_CHUNK, n - start)]
            if file.readinto(part.view(np.uint8).data) != part.nbytes:
                raise SceneFormatError(path, "size", "shrank while it was read", "Try again.")
            here = slice(start, start + len(part))
            negative = (part["scale"] < 0).any(axis=1)
            if negative.any():
                if not drop_invalid:
                    raise SceneFormatError(
                        path,
                        "scale",
                        f"splat {start + int(np.argmax(negative))} has a negative scale",
                        "Export it again, or open it with --drop-invalid to leave these out.",
                    )
                part["scale"][negative] = np.nan  # which `assemble` leaves out
            means[here] = part["mean"]
            scales[here] = part["scale"]
            sh[here, 0] = (part["rgba"][:, :3] / np.float32(255.0) - 0.5) / C0
            opacities[here] = part["rgba"][:, 3] / np.float32(255.0)
            quats[here] = (part["quat"].astype(np.float32) - 128.0) / 128.0
            progress(start / n, f"Reading {path.name}")
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=scales,
        opacities=opacities,
        sh=sh,
        drop_invalid=drop_invalid,
        fields=_FIELDS,
    )


def _write(splats: Splats, path: Path, progress: Progress) -> None:
    """Keeps the order of the splats; the format has no room for SH above degree 0."""
    n = len(splats)
    if n == 0:
        raise SceneFormatError(path, "count", "is 0, an empty file", "Write a .ply instead.")
    with path.open("wb") as file:
        for start in range(0, n, _CHUNK):
            rows = slice(start, start + _CHUNK)
            part = np.empty(min(_CHUNK, n - start), _RECORD)
            part["mean"] = splats.means[rows]
            part["scale"] = splats.scales[rows]
            part["rgba"][:, :3] = _byte((0.5 + C0 * splats.sh[rows, 0]) * 255.0)
            part["rgba"][:, 3] = _byte(splats.opacities[rows] * 255.0)
            part["quat"] = _byte(splats.quats[rows] * 128.0 + 128.0)
            file.write(part.data)
            progress(min(1.0, (start + _CHUNK) / n), f"Writing {path.name}")


def _byte(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


FORMAT = Format(
    "splat",
    ".splat",
    (".splat",),
    _sniff,
    _read,
    _write,
    max_sh_degree=0,
    quantised="colour, opacity and rotation to 8 bits",
    keeps_antialiased=False,
)
