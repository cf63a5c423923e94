"""SOG (PlayCanvas), versions 1 and 2, as a zip or a folder; `lod-meta.json` opens its finest level.

Splats are pixels of lossless WebP images, 8 bits a channel (Morgenstern et al. 2024,
"Self-Organizing Gaussian Grids"; layout by PlayCanvas): positions in two images of low and high
bytes, a smallest-three quaternion, scales and colour through tables of 256 values, and higher
harmonics as indices into a palette.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from . import sog_lod
from .assemble import assemble
from .format import Format
from .sog_meta import Harmonics, Meta, parse_meta, tables
from .sog_source import FolderSource, Source, ZipSource

Bytes = NDArray[np.uint8]
Float32 = NDArray[np.float32]

PALETTE_WIDTH = 64
"""Palette entries in a row of the centroids image."""

_MAX_RATIO = 32  # raw bytes of the images over stored bytes; real scenes are below 4
_FREE = 4 << 20
_CHUNK = 1 << 16
_AGAIN = "Export the scene again."


def _sniff(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in ("meta.json", "lod-meta.json"))
    if head.startswith(b"PK\x03\x04"):
        return True
    if not head.lstrip().startswith(b"{"):
        return False
    return b'"means"' in head or b'"lodLevels"' in head or path.name.endswith("meta.json")


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    if path.is_dir():
        meta = path / "meta.json"
        return _read_json(
            meta if meta.is_file() else path / "lod-meta.json", progress, drop_invalid
        )
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return _read_json(path, progress, drop_invalid)
    source = ZipSource(path)
    try:
        return read_scene(path, source, source.read("meta.json"), progress, drop_invalid)
    finally:
        source.close()


def _read_json(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    text = path.read_bytes()
    if sog_lod.is_lod(text):
        return sog_lod.read_finest(path, text, read_scene, progress, drop_invalid)
    return read_scene(path, FolderSource(path, path.parent), text, progress, drop_invalid)


def read_scene(
    path: Path, source: Source, text: bytes, progress: Progress, drop_invalid: bool
) -> Splats:
    """One SOG scene from its meta.json text and the images it names.

    Raises:
        SceneFormatError: names `path`, the field and the fix.
    """
    meta, n = parse_meta(path, text)
    names = [f for c in (meta.means, meta.scales, meta.quats, meta.sh0) for f in c.files]
    names += meta.shN.files if meta.shN else []
    stored = sum(source.size(name) for name in names)
    if 4 * len(names) * n > _MAX_RATIO * stored + _FREE:
        raise SceneFormatError(
            path,
            "count",
            f"promises {n:,} splats from {stored:,} bytes of images",
            "No scene compresses so well: the file is damaged or a bomb. Export it again.",
        )
    done = 0

    def pixels(name: str) -> Bytes:
        nonlocal done
        progress(done / len(names), f"Decoding {name}")
        done += 1
        return _image(path, source, name, n).reshape(-1, 4)[:n]

    means = _means(path, meta, pixels)
    sizes = np.exp(tables(path, "scales", meta.scales, 3).clip(-80.0, 80.0))
    scales = _lookup(sizes, pixels(meta.scales.files[0]))
    quats = _quats(path, pixels(meta.quats.files[0]))
    color = pixels(meta.sh0.files[0])
    coefficients = 1 if meta.shN is None else _coefficients(path, source, meta.shN)
    sh = np.empty((n, coefficients, 3), np.float32)
    opacities = _color(path, meta, color, sh)
    if meta.shN is not None:
        _harmonics(path, source, meta.shN, pixels(meta.shN.files[1]), sh)
    surfels = meta.model.lower() == "2dgs"
    if surfels:
        scales[:, 2] = 0.0
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=scales,
        opacities=opacities,
        sh=sh,
        drop_invalid=drop_invalid,
        antialiased=meta.antialias,
        kind="2d" if surfels else "3d",
    )


def _means(path: Path, meta: Meta, pixels) -> Float32:
    """16 bits a channel on a ramp, then sign(v) (exp |v| - 1)."""
    low, high = np.array(meta.means.mins), np.array(meta.means.maxs)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise SceneFormatError(path, "means.mins", "and maxs must be finite", _AGAIN)
    if max(np.abs(low).max(), np.abs(high).max()) > 80.0:
        raise SceneFormatError(path, "means.mins", "and maxs lie beyond float32", _AGAIN)
    lower, upper = (pixels(name) for name in meta.means.files)
    means = np.empty((len(lower), 3), np.float32)
    for start in range(0, len(means), _CHUNK):
        rows = slice(start, start + _CHUNK)
        fixed = lower[rows, :3] + np.uint16(256) * upper[rows, :3]
        v = low + (high - low) * (fixed / 65535.0)
        means[rows] = np.sign(v) * np.expm1(np.abs(v))
    return means


def _lookup(table: Float32, image: Bytes) -> Float32:
    """(N, C) values of the first C channels."""
    values = np.empty((len(image), len(table)), np.float32)
    for channel, column in enumerate(table):
        values[:, channel] = column[image[:, channel]]
    return values


def _quats(path: Path, image: Bytes) -> Float32:
    """(N, 4) wxyz; alpha 252 to 255 names the largest, which is positive and left out."""
    largest = image[:, 3].astype(np.int16) - 252
    if len(image) and largest.min() < 0:
        row = int(np.argmax(largest < 0))
        raise SceneFormatError(
            path, "quats", f"splat {row} has alpha {image[row, 3]}, not 252 to 255", _AGAIN
        )
    small = _lookup(np.tile((np.arange(256) / 255.0 * 2 - 1) / np.sqrt(2), (3, 1)), image)
    quats = np.empty((len(image), 4), np.float32)
    for component in range(4):
        rows = np.nonzero(largest == component)[0]
        others = [c for c in range(4) if c != component]
        part = small[rows]
        quats[rows[:, None], others] = part
        quats[rows, component] = np.sqrt(np.maximum(0.0, 1.0 - np.sum(part * part, axis=1)))
    return quats


def _color(path: Path, meta: Meta, image: Bytes, sh: Float32) -> Float32:
    """Fills sh[:, 0]; returns the opacities, which version 1 stores as logits."""
    if meta.version == 1:
        table = tables(path, "sh0", meta.sh0, 4)
        opacity = 1.0 / (1.0 + np.exp(-table[3].clip(-80.0, 80.0)))
    else:
        table = tables(path, "sh0", meta.sh0, 3)
        opacity = np.arange(256, dtype=np.float32) / np.float32(255.0)
    sh[:, 0] = _lookup(table[:3], image)
    return np.take(opacity.astype(np.float32), image[:, 3])


def _coefficients(path: Path, source: Source, shn: Harmonics) -> int:
    """K with the constant one, from the width of the palette image, which `bands` must confirm."""
    width = _open(path, shn.files[0], source.read(shn.files[0])).width
    found = width // PALETTE_WIDTH + 1
    if found not in SH_COEFFICIENTS[1:4] or width % PALETTE_WIDTH:
        raise SceneFormatError(
            path, shn.files[0], f"is {width} wide, not 64 times 3, 8 or 15", _AGAIN
        )
    if shn.bands is not None and shn.bands != SH_COEFFICIENTS.index(found):
        raise SceneFormatError(
            path, "shN.bands", f"is {shn.bands}, the palette has {found - 1} values", _AGAIN
        )
    return found


def _harmonics(path: Path, source: Source, shn: Harmonics, labels: Bytes, sh: Float32) -> None:
    name, rest = shn.files[0], sh.shape[1] - 1
    image = _image(path, source, name, None)
    entries = image.shape[0] * PALETTE_WIDTH
    palette = image[..., :3].reshape(entries, rest, 3)
    table = tables(path, "shN", shn, 1)[0]
    index = labels[:, 0] + np.uint16(256) * labels[:, 1]
    if len(index) and int(index.max()) >= entries:
        row = int(np.argmax(index >= entries))
        raise SceneFormatError(
            path, "shN labels", f"splat {row} names entry {index[row]} of {entries}", _AGAIN
        )
    for start in range(0, len(sh), _CHUNK):
        rows = slice(start, start + _CHUNK)
        sh[rows, 1:] = table[palette[index[rows]]]


def _open(path: Path, name: str, data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=("WEBP", "PNG"))
    except Image.DecompressionBombError as error:
        raise SceneFormatError(path, name, f"is too large ({error})", _AGAIN) from error
    except Exception as error:  # Pillow's plugins raise whatever broken data make them raise
        raise SceneFormatError(
            path, name, "is not a lossless WebP or PNG image", "Export the scene again as SOG."
        ) from error


def _image(path: Path, source: Source, name: str, count: int | None) -> Bytes:
    """(H, W, 4) bytes of an image, whose size must fit `count` pixels before it is decoded."""
    data = source.read(name)
    image = _open(path, name, data)
    area = image.width * image.height
    if count is not None and not count <= area <= 2 * count + (1 << 16):
        raise SceneFormatError(
            path, name, f"is {image.width}x{image.height} for {count:,} splats", _AGAIN
        )
    if count is None and area > (1 << 16) * 15:
        raise SceneFormatError(path, name, f"is {image.width}x{image.height}", _AGAIN)
    if image.mode not in ("RGB", "RGBA"):
        raise SceneFormatError(path, name, f"has pixels of mode {image.mode}, not RGB(A)", _AGAIN)
    try:
        return np.asarray(image.convert("RGBA") if image.mode == "RGB" else image)
    except Exception as error:  # as above
        raise SceneFormatError(
            path, name, f"cannot be decoded ({error})", "Download or export it again."
        ) from error


FORMAT = Format("sog", "SOG", (".sog",), _sniff, _read)
