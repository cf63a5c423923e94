"""The images of a SOG scene, decoded within bounds.

A damaged or hostile scene must be refused without costing more memory than twice its size plus a
constant, so an image's header is checked against the bytes stored before its pixels are decoded.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import SceneFormatError
from ..splats import SH_COEFFICIENTS
from .sog_source import Source

Bytes = NDArray[np.uint8]

PALETTE_WIDTH = 64
"""Palette entries in a row of the centroids image."""
MAX_PALETTE = 1 << 16
"""Entries that a 16-bit label can name."""

_DECODING = 12  # bytes a pixel at Pillow's peak: its image, its bytes, the array
_FREE = 56 << 20
_AGAIN = "Export the scene again."


class Images:
    """Decodes images of a scene of `count` splats.

    Raises:
        SceneFormatError: in the constructor and in all methods: names the field and the fix.
    """

    def __init__(self, path: Path, source: Source, names: Sequence[str], count: int) -> None:
        self._path, self._source, self._count = path, source, count
        sizes = {name: source.size(name) for name in names}
        self._stored = sum(sizes.values())
        self._largest = max(sizes.values())
        self._refuse_bomb("count", count, self._largest)

    def fits(self, bytes_per_splat: int) -> bool:
        """Whether so much may be held while images are decoded that may yet be refused."""
        needed = (bytes_per_splat + _DECODING) * self._count + 2 * self._largest
        return needed <= 2 * self._stored + _FREE

    def pixels(self, name: str, channels: int) -> Bytes:
        """(N, channels) bytes; an image without alpha has alpha 255."""
        data = self._source.read(name)
        image = self._open(name, data)
        area = image.width * image.height
        if not self._count <= area <= 2 * self._count + (1 << 16):
            raise SceneFormatError(
                self._path,
                name,
                f"is {image.width}x{image.height} for {self._count:,} splats",
                _AGAIN,
            )
        self._refuse_bomb(name, area, len(data))
        decoded = self._decode(name, image)
        decoded = decoded.reshape(area, decoded.shape[2])[: self._count, :channels]
        pixels = np.full((self._count, channels), 255, np.uint8)
        pixels[:, : decoded.shape[1]] = decoded
        return pixels

    def palette(self, name: str, bands: int | None) -> Bytes:
        """(entries, K - 1, 3) bytes. The image's width says how many, which `bands` confirms."""
        image = self._open(name, self._source.read(name))
        terms, rest = divmod(image.width, PALETTE_WIDTH)
        if rest or terms + 1 not in SH_COEFFICIENTS[1:4]:
            raise SceneFormatError(
                self._path, name, f"is {image.width} wide, not 64 times 3, 8 or 15", _AGAIN
            )
        if bands is not None and bands != SH_COEFFICIENTS.index(terms + 1):
            raise SceneFormatError(
                self._path, "shN.bands", f"is {bands}, the palette has {terms} values", _AGAIN
            )
        if image.height * PALETTE_WIDTH > MAX_PALETTE:
            raise SceneFormatError(
                self._path, name, f"is {image.height} high; labels reach only 1,024 rows", _AGAIN
            )
        decoded = self._decode(name, image)
        return np.ascontiguousarray(decoded[..., :3]).reshape(-1, terms, 3)

    def _refuse_bomb(self, field: str, area: int, packed: int) -> None:
        """Six bytes a splat, of which any scene takes more, always pass; so do small scenes."""
        if _DECODING * area + 2 * packed > 2 * self._stored + _FREE:
            raise SceneFormatError(
                self._path,
                field,
                f"promises {area:,} splats from {self._stored:,} bytes of images",
                "No scene compresses so well: the file is damaged or a bomb. Export it again.",
            )

    def _open(self, name: str, data: bytes) -> Image.Image:
        try:
            image = Image.open(io.BytesIO(data), formats=("WEBP", "PNG"))
        except Image.DecompressionBombError as error:
            raise SceneFormatError(self._path, name, f"is too large ({error})", _AGAIN) from error
        except Exception as error:  # Pillow's plugins raise whatever broken data make them raise
            raise SceneFormatError(
                self._path,
                name,
                "is not a lossless WebP or PNG image",
                "Export the scene again as SOG.",
            ) from error
        if image.format == "WEBP" and _is_lossy(data):
            raise SceneFormatError(
                self._path,
                name,
                "is a lossy WebP image, whose values are lost",
                "Export the scene again; do not recompress its images.",
            )
        if image.mode not in ("RGB", "RGBA"):
            raise SceneFormatError(
                self._path, name, f"has pixels of mode {image.mode}, not RGB(A)", _AGAIN
            )
        return image

    def _decode(self, name: str, image: Image.Image) -> Bytes:
        try:
            return np.asarray(image)
        except Exception as error:  # as above
            raise SceneFormatError(
                self._path, name, f"cannot be decoded ({error})", "Download or export it again."
            ) from error


def _is_lossy(data: bytes) -> bool:
    """Whether a WebP file's picture is a VP8 chunk; lossless ones are VP8L (RFC 9649)."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8 "
        at += 8 + size + size % 2
    return True  # an animation, or nothing at all
