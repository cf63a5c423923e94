"""Writes SOG version 2 as a zip, in Morton order, so that neighbours in its images are alike.

Errors: positions half a step of 16 bits over the range of sign(v) log(1 + |v|), rotations 3e-3 a
component, opacities 1/510, log-scales and colours at most 1/256 of their range and far less where
most values lie (`codebook`). Harmonics come from a palette of 1,024 entries for every 1,024 splats
in the scene, rounded down to a power of two, 65,536 at most: that is what the format saves by.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import SceneFormatError
from ..morton import morton_order
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from .codebook import levels_of, nearest, palette_of
from .smallest_three import smallest_three
from .sog_images import PALETTE_WIDTH

MAX_SH_DEGREE = 3
_MOST_SIDE = 16383  # of a WebP image
_LARGEST_LOG = 80.0  # of a position or a scale, as the reader has it
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of the files in the zip: the same scene gives the same bytes


def write(splats: Splats, path: Path, progress: Progress) -> None:
    """SH above degree 3 is left out; a scene of surfels is marked as one."""
    _check(splats, path)
    n, order = len(splats), morton_order(splats.means)
    width = max(4, 4 * math.ceil(math.sqrt(n) / 4))
    size = (max(4, 4 * math.ceil(n / width / 4)), width)
    if max(size) > _MOST_SIDE:
        raise SceneFormatError(
            path, "count", f"is {n:,}, more than SOG's images hold", "Write a .ply instead."
        )
    meta: dict[str, Any] = {
        "version": 2,
        "count": n,
        "antialias": splats.antialiased,
        "asset": {"generator": "Voile"},
    }
    if n and splats.kind == "2d":
        meta["model"] = "2dgs"

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:

        def put(name: str, rows: NDArray[Any], share: float) -> None:
            """Adds (N, 1 to 4) bytes as an image."""
            progress(share, f"Writing {name} of {path.name}")
            pixels = np.zeros((size[0] * size[1], 4), np.uint8)
            pixels[:, 3] = 255
            pixels[:n, : rows.shape[1]] = rows
            _add(archive, name, _image(pixels.reshape(*size, 4)))

        fixed, low, high = _positions(splats.means[order])
        put("means_l.webp", fixed & 255, 0.0)
        put("means_u.webp", fixed >> 8, 0.1)
        meta["means"] = {"mins": low, "maxs": high, "files": ["means_l.webp", "means_u.webp"]}

        put("quats.webp", _rotations(splats.quats[order]), 0.2)
        meta["quats"] = {"files": ["quats.webp"]}

        logs = _logs(splats)[order]
        levels = levels_of(logs)
        put("scales.webp", nearest(levels, logs), 0.3)
        meta["scales"] = {"codebook": levels.tolist(), "files": ["scales.webp"]}

        color, alpha = splats.sh[order, 0], np.rint(splats.opacities[order] * 255.0)
        levels = levels_of(color)
        rgba = np.concatenate([nearest(levels, color), alpha[:, None].astype(np.uint8)], axis=1)
        put("sh0.webp", rgba, 0.4)
        meta["sh0"] = {"codebook": levels.tolist(), "files": ["sh0.webp"]}

        degree = min(splats.sh_degree, MAX_SH_DEGREE)
        if degree and n:
            flat = splats.sh[order, 1 : SH_COEFFICIENTS[degree]].reshape(n, -1)
            palette, labels = palette_of(
                flat,
                1024 << min(6, max(0, int(math.log2(max(1, n // 1024))))),
                lambda done, text: progress(0.5 + 0.4 * done, text),
                f"Choosing harmonics of {path.name}",
            )
            levels = levels_of(palette)
            put("shN_labels.webp", np.stack([labels & 255, labels >> 8], axis=1), 0.9)
            _add(archive, "shN_centroids.webp", _image(_centroids(nearest(levels, palette))))
            meta["shN"] = {
                "count": len(palette),
                "bands": degree,
                "codebook": levels.tolist(),
                "files": ["shN_centroids.webp", "shN_labels.webp"],
            }
        _add(archive, "meta.json", msgspec.json.encode(meta))


def _check(splats: Splats, path: Path) -> None:
    if splats.kind == "mixed":
        raise SceneFormatError(
            path, "kind", "surfels among ellipsoids do not fit", "Write a .ply instead."
        )
    for name, values in (("positions", splats.means), ("scales", splats.scales)):
        reach = float(np.abs(values).max(initial=0.0))
        if reach > math.exp(_LARGEST_LOG) / 2:
            raise SceneFormatError(
                path, name, f"reach {reach:.3g}, more than fits", "Write a .ply instead."
            )


def _positions(
    means: NDArray[np.float32],
) -> tuple[NDArray[np.uint16], list[float], list[float]]:
    """16 bits on a ramp of sign(v) log(1 + |v|) per axis, and the ramp's ends."""
    if len(means) == 0:
        return np.zeros((0, 3), np.uint16), [0.0] * 3, [0.0] * 3
    v = np.sign(means) * np.log1p(np.abs(means.astype(np.float64)))
    low, high = v.min(axis=0), v.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return np.rint((v - low) / span * 65535.0).astype(np.uint16), low.tolist(), high.tolist()


def _rotations(quats: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The three smaller of wxyz over +-sqrt(1/2), and 252 + which is the largest, made positive."""
    largest, others = smallest_three(quats)
    packed = np.empty((len(quats), 4), np.uint8)
    packed[:, :3] = np.rint((others * math.sqrt(2.0) + 1.0) / 2.0 * 255.0).clip(0, 255)
    packed[:, 3] = 252 + largest
    return packed


def _logs(splats: Splats) -> NDArray[np.float32]:
    """Logarithms of scales; a surfel's third, which the reader makes 0, is that of its first."""
    scales = splats.scales
    if splats.kind == "2d" and len(splats):
        scales = scales[:, [0, 1, 0]]
    return np.log(scales)


def _centroids(palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The palette (P, 3 terms) as an image, 64 entries in a row."""
    height = -(-len(palette) // PALETTE_WIDTH)
    padded = np.zeros((height * PALETTE_WIDTH, palette.shape[1]), np.uint8)
    padded[: len(palette)] = palette
    return padded.reshape(height, -1, 3)


def _image(pixels: NDArray[np.uint8]) -> bytes:
    """Lossless WebP of (H, W, 3 or 4) bytes, exact also where alpha is 0."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, exact=True)
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
