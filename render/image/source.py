"""Pictures to fit: anything that Pillow reads, as it is stored."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ...scenes.errors import VoileError, plain
from ...scenes.image_splats import MAX_SIDE
from ...scenes.io.pictures import quiet
from .deep import Deep, deep_colours, read_deep

Float32 = NDArray[np.float32]


class SourceError(VoileError):
    """A picture cannot be read, or has nothing to fit; the text names the file and the fix."""


@dataclass(frozen=True, eq=False)
class Source:
    """A picture in memory.

    Attributes:
        pixels: (H, W, C) uint8, uint16 or float32 in [0, 1], C in 1 to 4, alpha straight and last.
        known: (H, W) bool where the picture is to be fitted, None for everywhere.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16] | Float32
    known: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in (1, 2, 3, 4):
            raise SourceError(f"a picture has shape {self.pixels.shape}, not (H, W, 1 to 4)")
        _check_size(self.size)
        if self.known is not None and self.known.shape != self.pixels.shape[:2]:
            raise SourceError(
                f"the mask has {self.known.shape[1]}x{self.known.shape[0]} pixels, the picture "
                f"{self.size[0]}x{self.size[1]}; they must be equal"
            )
        if self.known is not None and not self.known.any():
            raise SourceError("the mask hides the whole picture; leave a part of it to fit")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.pixels.shape[2]

    def rows(self, top: int, bottom: int) -> Float32:
        """(R, W, 4) float32 display values of some rows, premultiplied; channels beyond C are 0."""
        part = self.pixels[top:bottom]
        out = np.zeros((*part.shape[:2], 4), np.float32)
        scale = 1.0 / {"uint8": 255, "uint16": 65535, "float32": 1}[part.dtype.name]
        np.multiply(part, np.float32(scale), out=out[..., : self.channels])
        if self.channels in (2, 4):
            out[..., : self.channels - 1] *= out[..., self.channels - 1 : self.channels]
        return out


def is_picture(head: bytes) -> bool:
    """Whether a file begins (12 bytes) as a PNG, JPEG, TIFF, BMP or WebP does."""
    begins = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")
    return head.startswith(begins) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")


def _check_size(size: tuple[int, int], where: str = "") -> None:
    if not all(0 < side <= MAX_SIDE for side in size):
        raise SourceError(
            f"{where}the picture has {size[0]}x{size[1]} pixels; a side may have {MAX_SIDE}"
        )


def read_source(path: str | Path, mask: Path | None = None) -> Source:
    """Reads a picture, and a mask whose white pixels are unknown.

    16 bits are kept in grey pictures, and in PNG and TIFF files of colours.

    Raises:
        SourceError: no picture that Pillow reads.
    """
    with _opened(Path(path)) as (image, deep):
        pixels = deep if deep is not None else _pixels(Path(path), image)
    known = None
    if mask is not None:
        with _opened(mask) as (image, _):
            known = np.asarray(image.convert("L")) <= 127
    try:
        return Source(pixels, known)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Image.Image, NDArray[np.uint16] | None]]:
    """What Pillow makes of a file, and its colours of 16 bits where it cuts those to 8."""
    image, deep = _loaded(path)
    with image:
        yield image, deep


def _loaded(path: Path) -> tuple[Image.Image, NDArray[np.uint16] | None]:
    try:
        with quiet():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(path)
            try:
                _check_size(image.size, f"{path}: ")
                colours = deep_colours(image)
                image.load()
                deep = None if colours is None else _deep(path, colours)
                return ImageOps.exif_transpose(image), deep
            except BaseException:
                image.close()
                raise
    except UnidentifiedImageError:
        problem = "is no picture that Pillow reads. Choose a PNG, JPEG, WebP or TIFF file."
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = f"has more than {Image.MAX_IMAGE_PIXELS:,} pixels. Cut it into parts."
    except OSError as error:
        problem = f"cannot be read: {plain(error.strerror or str(error))}. Check the file."
    except SourceError:
        raise
    except Exception as error:  # Pillow's plugins raise whatever broken data make them raise
        problem = f"is damaged: {plain(str(error))}. Choose another copy."
    raise SourceError(f"{path}: {problem}")


def _deep(path: Path, colours: Deep) -> NDArray[np.uint16]:
    try:
        return read_deep(path, colours)
    except Exception as error:  # of packages that raise what their parts do
        raise SourceError(
            f"{path}: has 16-bit colours that cannot be read: {error}. "
            "Save it as a PNG file, or with 8 bits."
        ) from error


def _pixels(path: Path, image: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16] | Float32:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None]
    if image.mode == "I":
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise SourceError(f"{path}: has grey values outside of 16 bits. Convert it to 16 bits.")
        return values.astype(np.uint16)[..., None]
    if image.mode == "F":
        values = np.asarray(image, np.float32)
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise SourceError(f"{path}: has values outside of 0 to 1. Scale it to that range.")
        return values[..., None]
    clear = image.has_transparency_data
    grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if clear else "L") if grey else ("RGBA" if clear else "RGB")
    pixels = np.asarray(image.convert(mode))
    return pixels[..., None] if pixels.ndim == 2 else pixels
