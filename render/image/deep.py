"""Colours of 16 bits, which Pillow cuts to 8: PNG by pypng, TIFF by tifffile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

UInt16 = NDArray[np.uint16]

_SAMPLES = {"LA;16": "straight", "RGBA;16": "straight", "RGB;16": "none"}
"""What alpha of a PNG file is, by how Pillow says what it is about to cut."""

_EXTRA = {0: "unknown", 1: "premultiplied", 2: "straight"}
"""What the sample after the colours of a TIFF file is."""

_BITS, _PHOTOMETRIC, _ORIENTATION, _COUNT, _EXTRAS = 258, 262, 274, 277, 338
_RGB = 2


@dataclass(frozen=True)
class Deep:
    """A picture of 16-bit colours.

    Attributes:
        alpha: none, straight, premultiplied, or unknown: a sample that means something else.
        orientation: tag of EXIF, 1 to 8.
    """

    alpha: str
    orientation: int


def deep_colours(image: Image.Image) -> Deep | None:
    """What a PNG or TIFF file holds that is opened and not loaded yet; None for 8 bits or grey."""
    if isinstance(image, PngImageFile):
        cut = str(image.tile[0].args)
        alpha = next((alpha for start, alpha in _SAMPLES.items() if cut.startswith(start)), None)
        # Asking for EXIF loads a PNG file, after which it no longer says how it was cut.
        return None if alpha is None else Deep(alpha, _orientation(image))
    if not isinstance(image, TiffImageFile):
        return None
    tags = image.tag_v2
    deep = set(tags.get(_BITS, ())) == {16} and tags.get(_PHOTOMETRIC) == _RGB
    if not deep or tags.get(_COUNT) not in (3, 4):
        return None
    extra = tags.get(_EXTRAS, (2,))[0]
    alpha = _EXTRA.get(extra, "unknown") if tags[_COUNT] == 4 else "none"
    return Deep(alpha, _orientation(image))


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def read_deep(path: Path, deep: Deep) -> UInt16:
    """(H, W, C) the values as they are stored, straight alpha last, the right way up.

    Raises:
        Exception: of the two packages, whatever they raise for files that they cannot read.
    """
    with path.open("rb") as file:
        pixels = _png(path) if file.read(4) == b"\x89PNG" else _tiff(path)
    if deep.alpha == "unknown":
        pixels = pixels[..., :3]
    if deep.alpha == "premultiplied":
        pixels = _straight(pixels)
    return np.ascontiguousarray(_upright(pixels, deep.orientation))


def _png(path: Path) -> UInt16:
    import png

    width, height, rows, info = png.Reader(filename=str(path)).read()
    pixels = np.empty((height, width * info["planes"]), np.uint16)
    for at, row in zip(pixels, rows, strict=True):
        at[:] = row
    return pixels.reshape(height, width, info["planes"])


def _tiff(path: Path) -> UInt16:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        pixels = page.asarray()
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim != 3 or pixels.dtype != np.uint16:
        raise ValueError(f"{pixels.dtype} values of shape {pixels.shape}")
    return pixels


def _straight(pixels: UInt16) -> UInt16:
    alpha = pixels[..., 3:].astype(np.float64)
    color = np.where(alpha > 0, pixels[..., :3] * 65535.0 / np.maximum(alpha, 1), 0)
    return np.concatenate([np.minimum(color + 0.5, 65535), alpha], axis=2).astype(np.uint16)


def _upright(pixels: UInt16, orientation: int) -> UInt16:
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
