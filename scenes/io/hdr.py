"""Environment images: Radiance .hdr (Ward 1991), OpenEXR, and .png or .jpg of limited range.

A .hdr has a text header, a line with its size, and rows of RGBE pixels: three mantissas of 8 bits
with a common exponent. Rows are run-length coded channel by channel, or as they are.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..lights import BRIGHTEST, MAX_SIDE, SKY, Environment, sky
from ..texture import LINEAR
from . import exr
from .pictures import PictureError, opened

EXTENSIONS = (".hdr", ".exr", ".png", ".jpg", ".jpeg")

MOST_PIXELS = MAX_SIDE * MAX_SIDE // 2
"""Of an environment: once around is twice as far as from top to bottom."""

MAGIC = (b"#?RADIANCE", b"#?RGBE")

_HEADER_BYTES = 1 << 16
_SIZE = re.compile(rb"^-Y (\d{1,6}) \+X (\d{1,6})$")
_AGAIN = "Export it again as a Radiance .hdr with rows from top to bottom."


def environment_named(source: str) -> Environment:
    """An environment by `Environment.source`; errors as `load_environment`."""
    return sky() if source == SKY else load_environment(source)


def load_environment(path: str | Path) -> Environment:
    """Reads an environment.

    Raises:
        SceneFormatError: no such file, not an image of these formats, damaged, or an .exr where
            OpenEXR is not installed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        raise SceneFormatError(
            path, "extension", f"{suffix!r} is none of an environment", f"Use {EXTENSIONS[0]}."
        )
    try:
        if suffix == ".hdr":
            light = read_hdr(path.read_bytes(), path)
        else:
            light = exr.read_exr(path) if suffix == ".exr" else _read_display(path)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    np.minimum(light, np.float32(BRIGHTEST), out=light)
    return Environment(path.name, light, str(path.absolute()))


def read_hdr(data: bytes, path: Path) -> NDArray[np.float32]:
    """(H, W, 3) radiance in the bytes of a .hdr file; `path` is what errors name."""
    if not data.startswith(MAGIC):
        raise SceneFormatError(path, "magic", "is not that of a Radiance .hdr", _AGAIN)
    head = data[:_HEADER_BYTES].split(b"\n\n", 1)[0]
    end = len(head) + 2
    line_end = data.find(b"\n", end, end + 64)
    match = _SIZE.match(data[end:line_end]) if line_end > 0 else None
    if match is None:
        raise SceneFormatError(path, "size", "has no line such as -Y 512 +X 1024", _AGAIN)
    if b"FORMAT=" in head and b"FORMAT=32-bit_rle_rgbe" not in head:
        raise SceneFormatError(path, "FORMAT", "is not 32-bit_rle_rgbe", _AGAIN)
    height, width = int(match[1]), int(match[2])
    _check_size(path, width, height)
    body = data[line_end + 1 :]
    # A run of 127 pixels takes two bytes: what claims more than that is cut off.
    if len(body) < height * min(4 * width, 4 + 8 * -(-width // 127)):
        raise SceneFormatError(
            path, "pixels", f"{len(body):,} bytes are too few for {width}x{height}", _AGAIN
        )
    rgbe = np.empty((height, width, 4), np.uint8)
    at = 0
    for row in rgbe:
        at = _read_row(body, at, row, path)
    scale = np.ldexp(np.float32(1.0), rgbe[..., 3].astype(np.int32) - 136)
    scale[rgbe[..., 3] == 0] = 0.0
    return ((rgbe[..., :3] + np.float32(0.5)) * scale[..., None]).astype(np.float32)


def is_light(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a picture of light: .hdr or .exr."""
    return head.startswith((*MAGIC, exr.MAGIC))


def _read_row(body: bytes, at: int, row: NDArray[np.uint8], path: Path) -> int:
    """Fills a row (W, 4); returns where the next one begins."""
    width = len(row)
    coded = body[at : at + 4]
    if len(coded) == 4 and coded[:2] == b"\2\2" and (coded[2] << 8 | coded[3]) == width:
        at += 4
        for channel in range(4):
            at = _read_channel(body, at, row[:, channel], path)
        return at
    flat = body[at : at + 4 * width]
    if len(flat) < 4 * width:
        raise SceneFormatError(path, "pixels", "are cut off", _AGAIN)
    row[:] = np.frombuffer(flat, np.uint8).reshape(width, 4)
    return at + 4 * width


def _read_channel(body: bytes, at: int, into: NDArray[np.uint8], path: Path) -> int:
    filled = 0
    while filled < len(into):
        if at + 1 >= len(body):
            raise SceneFormatError(path, "pixels", "are cut off", _AGAIN)
        count = body[at]
        run = count > 128
        count = count - 128 if run else count
        values = body[at + 1 : at + 2 if run else at + 1 + count]
        if not 0 < count <= len(into) - filled or len(values) != (1 if run else count):
            raise SceneFormatError(path, "pixels", "a run is longer than its row", _AGAIN)
        into[filled : filled + count] = np.frombuffer(values, np.uint8)
        filled += count
        at += 1 + len(values)
    return at


def _read_display(path: Path) -> NDArray[np.float32]:
    """An image of display colours as light."""
    try:
        with opened(path, ("PNG", "JPEG", "WEBP")) as image:
            _check_size(path, *image.size)
            return LINEAR[np.asarray(image.convert("RGB"))]
    except PictureError as error:
        raise SceneFormatError(
            path, "content", f"cannot be read: {error}", "Export it again as PNG or JPEG."
        ) from error


def _check_size(path: Path, width: int, height: int) -> None:
    """Raises SceneFormatError: more pixels than an environment has."""
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and width * height <= MOST_PIXELS):
        raise SceneFormatError(
            path,
            "size",
            f"is {width}x{height}; sides are 1 to {MAX_SIDE}, and pixels {MOST_PIXELS:,} at most",
            "Make it smaller.",
        )
