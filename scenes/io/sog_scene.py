"""One SOG scene: from its meta.json and images to splats.

Everything that can be wrong is found while the scene is still packed, 19 bytes a splat; only then
are the arrays of `Splats` allocated. A scene too large even for that is decoded once for nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import Splats
from .assemble import assemble
from .sog_images import Bytes, Images
from .sog_meta import Meta, parse_meta, tables
from .sog_source import Source

Float32 = NDArray[np.float32]

_PACKED = 19  # bytes a splat
_CHUNK = 1 << 16
_LARGEST_LOG = 80.0  # of a position or a scale; exp leaves float32 at 88.7
_AGAIN = "Export the scene again."


@dataclass(frozen=True)
class _Tables:
    """What bytes stand for: (3, 256) scales and colours, (256,) opacities and harmonics."""

    scales: Float32
    colors: Float32
    opacities: Float32
    harmonics: Float32 | None


def read_scene(
    path: Path, source: Source, text: bytes, progress: Progress, drop_invalid: bool
) -> Splats:
    """A scene from its meta.json text and the images it names.

    Raises:
        SceneFormatError: names `path`, the field and the fix.
    """
    meta, n = parse_meta(path, text)
    means_low, means_span = _position_ramp(path, meta)
    table = _tables(path, meta)
    images = Images(path, source, meta.files(), n)
    share = 0.3
    if not images.fits(_PACKED):
        deque(_columns(path, meta, images, progress, 0.0, share), maxlen=0)
    else:
        share = 0.0
    lower, upper, sizes, rotations, color, *rest = _columns(
        path, meta, images, progress, share, 0.8
    )

    palette, labels = rest if rest else (np.zeros((1, 0, 3), np.uint8), None)
    means, scales = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32)
    quats = np.empty((n, 4), np.float32)
    sh = np.empty((n, 1 + palette.shape[1], 3), np.float32)
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        fixed = lower[rows] + np.uint16(256) * upper[rows]
        v = means_low + means_span * (fixed / 65535.0)
        means[rows] = np.sign(v) * np.expm1(np.abs(v))
        scales[rows] = _lookup(table.scales, sizes[rows])
        quats[rows] = _quats(rotations[rows])
        sh[rows, 0] = _lookup(table.colors, color[rows])
        if labels is not None and table.harmonics is not None:
            sh[rows, 1:] = table.harmonics[palette[labels[rows]]]
        progress(0.8 + 0.2 * start / n, f"Decoding {path.name}")
    if meta.model.lower() == "2dgs":
        scales[:, 2] = 0.0
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=scales,
        opacities=table.opacities[color[:, 3]],
        sh=sh,
        drop_invalid=drop_invalid,
        antialiased=meta.antialias,
    )


def check_scene(path: Path, source: Source, text: bytes, progress: Progress) -> None:
    """Refuses, as `read_scene` does, a scene that it could not read; keeps nothing."""
    meta, n = parse_meta(path, text)
    _position_ramp(path, meta)
    _tables(path, meta)
    images = Images(path, source, meta.files(), n)
    deque(_columns(path, meta, images, progress, 0.0, 1.0), maxlen=0)


def _columns(
    path: Path, meta: Meta, images: Images, progress: Progress, start: float, end: float
) -> Iterator[NDArray]:
    """Means' low and high bytes, scales, quats, colour; with harmonics also palette and labels.

    One image is decoded at a time and none is kept here.
    """
    names = meta.files()

    def tell(name: str) -> str:
        done = names.index(name) / len(names)
        progress(start + (end - start) * done, f"Decoding {path.name}: {name}")
        return name

    for name in (*meta.means.files, *meta.scales.files):
        yield images.pixels(tell(name), 3)
    yield _checked_quats(path, images.pixels(tell(meta.quats.files[0]), 4))
    yield images.pixels(tell(meta.sh0.files[0]), 4)
    if meta.shN is not None:
        palette = images.palette(tell(meta.shN.files[0]), meta.shN.bands)
        yield palette
        yield _labels(path, images.pixels(tell(meta.shN.files[1]), 2), len(palette))


def _position_ramp(path: Path, meta: Meta) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low ends and spans of log-positions, each (3,)."""
    low, high = np.array(meta.means.mins, float), np.array(meta.means.maxs, float)
    if not (np.abs(np.concatenate([low, high])) <= _LARGEST_LOG).all():
        raise SceneFormatError(
            path,
            "means.mins",
            "and maxs must lie within -80 and 80, logarithms as they are",
            _AGAIN,
        )
    return low, high - low


def _tables(path: Path, meta: Meta) -> _Tables:
    logs = tables(path, "scales", meta.scales, 3)
    if logs.max() > _LARGEST_LOG:
        raise SceneFormatError(
            path, "scales", f"has the log-scale {logs.max():.3g}, beyond float32", _AGAIN
        )
    if meta.version == 1:  # alpha is a logit, on a ramp of its own
        colors = tables(path, "sh0", meta.sh0, 4)
        opacities = 1.0 / (1.0 + np.exp(-colors[3].clip(-_LARGEST_LOG, _LARGEST_LOG)))
    else:
        colors = tables(path, "sh0", meta.sh0, 3)
        opacities = np.arange(256) / 255.0
    return _Tables(
        np.exp(logs),
        colors[:3],
        opacities.astype(np.float32),
        None if meta.shN is None else tables(path, "shN", meta.shN, 1)[0],
    )


def _checked_quats(path: Path, image: Bytes) -> Bytes:
    if len(image) and image[:, 3].min() < 252:
        row = int(np.argmax(image[:, 3] < 252))
        raise SceneFormatError(
            path, "quats", f"splat {row} has alpha {image[row, 3]}, not 252 to 255", _AGAIN
        )
    return image


def _labels(path: Path, image: Bytes, entries: int) -> NDArray[np.uint16]:
    """(N,) palette entries."""
    labels = image[:, 0] + np.uint16(256) * image[:, 1]
    if len(labels) and int(labels.max()) >= entries:
        row = int(np.argmax(labels >= entries))
        raise SceneFormatError(
            path, "shN labels", f"splat {row} names entry {labels[row]} of {entries}", _AGAIN
        )
    return labels


def _lookup(table: Float32, image: Bytes) -> Float32:
    """(M, C) values of the first C channels."""
    values = np.empty((len(image), len(table)), np.float32)
    for channel, column in enumerate(table):
        values[:, channel] = column[image[:, channel]]
    return values


_SMALL = np.tile((np.arange(256) / 255.0 * 2.0 - 1.0) * 0.5**0.5, (3, 1)).astype(np.float32)


def _quats(image: Bytes) -> Float32:
    """(M, 4) wxyz; alpha 252 to 255 names the largest, which is positive and left out."""
    small = _lookup(_SMALL, image)
    quats = np.empty((len(image), 4), np.float32)
    for component in range(4):
        rows = np.nonzero(image[:, 3] == 252 + component)[0]
        others = [c for c in range(4) if c != component]
        part = small[rows]
        quats[rows[:, None], others] = part
        quats[rows, component] = np.sqrt(np.maximum(0.0, 1.0 - np.sum(part * part, axis=1)))
    return quats
