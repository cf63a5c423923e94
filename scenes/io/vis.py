"""`.vis`: an image made of splats, as records of a few bits each; see docs/vis-format.md.

A record says a Gaussian, and every value is a step of a lattice that follows from the image's size
and the number of bits alone. So any record can be read without the others, and any number of the
first records is the picture in less detail.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..errors import SceneFormatError
from ..image_splats import CHANNELS, MAX_SIDE, ImageSplats

MAGIC = b"VOILEVIS"
VERSION = 1
HEADER = struct.Struct("<8sHBBBBBBIIII")
SUFFIX = ".vis"

COLOR_LOW, COLOR_HIGH = -0.25, 1.25
"""Range of a channel: sums of neighbours come nearer to black and white when they may pass them."""

NARROWEST = 0.25
"""Least standard deviation, pixels."""

BORDER = 1 / 16
"""How far outside of the image a mean may lie, as a share of its side."""

_LIMITS = {"position": 24, "scale": 16, "rotation": 16, "color": 16}
_ROWS = 1 << 14
_AGAIN = "Fit or copy the file again."


@dataclass(frozen=True)
class Bits:
    """Bits of one coordinate, of one inverse scale, of the rotation and of one channel.

    Raises:
        ValueError: fewer than 2, or more than 24 for a coordinate and 16 for the others.
    """

    position: int
    scale: int = 8
    rotation: int = 7
    color: int = 8

    def __post_init__(self) -> None:
        for name, most in _LIMITS.items():
            if not 2 <= getattr(self, name) <= most:
                raise ValueError(f"{name} has {getattr(self, name)} bits; it may have 2 to {most}")

    def record(self, channels: int) -> int:
        """Bits of a Gaussian."""
        return 2 * self.position + 2 * self.scale + self.rotation + channels * self.color

    def columns(self, channels: int) -> list[int]:
        """Bits of each value of a record, in order."""
        return [*[self.position] * 2, *[self.scale] * 2, self.rotation, *[self.color] * channels]


def bits_for(size: tuple[int, int], bits: int | None = None) -> Bits:
    """`bits` for every value, or the usual ones; positions always to an eighth of a pixel."""
    steps = 8 * max(size) * (1 + 2 * BORDER)
    position = min(max(math.ceil(math.log2(steps)), 2), _LIMITS["position"])
    if bits is None:
        return Bits(position)
    return Bits(max(position, min(bits, _LIMITS["position"])), bits, bits, bits)


@dataclass(frozen=True)
class Lattice:
    """The values that a file can hold, by column of a record: low + k step, k < 2^bits.

    Columns: x, y, natural logarithms of the two inverse scales, rotation, channels.
    """

    low: NDArray[np.float64]
    step: NDArray[np.float64]
    bits: list[int]

    @classmethod
    def of(cls, size: tuple[int, int], bits: Bits, channels: int) -> Lattice:
        """The lattice of an image."""
        columns = bits.columns(channels)
        widest = math.hypot(*size)
        spans = [
            *((-BORDER * side, (1 + BORDER) * side) for side in size),
            *[(-math.log(widest), -math.log(NARROWEST))] * 2,
            (0.0, math.pi),
            *[(COLOR_LOW, COLOR_HIGH)] * channels,
        ]
        # The ends of a range are both in it, but of a half turn: its end is its beginning.
        steps = [
            (high - low) / (2**b - (column != 4))
            for column, ((low, high), b) in enumerate(zip(spans, columns))
        ]
        return cls(np.array([low for low, _ in spans]), np.array(steps), columns)

    @property
    def high(self) -> NDArray[np.float64]:
        """Largest value by column."""
        return self.low + self.step * (2.0 ** np.array(self.bits) - 1)

    def steps_of(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """(N, columns) whole steps nearest to values; those out of range go to its ends."""
        steps = np.floor((values - self.low) / self.step + 0.5)
        most = 2.0 ** np.array(self.bits) - 1
        steps[:, 4] %= most[4] + 1
        return np.clip(steps, 0, most).astype(np.int64)

    def values_of(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """The values of whole steps."""
        return self.low + self.step * steps


def values_of(splats: ImageSplats) -> NDArray[np.float64]:
    """(N, 5 + C) the columns of a record, as numbers."""
    return np.concatenate(
        [
            splats.means.astype(np.float64),
            np.log(splats.inverse_scales.astype(np.float64)),
            splats.rotations[:, None].astype(np.float64),
            splats.colors.astype(np.float64),
        ],
        axis=1,
    )


def splats_of(values: NDArray[np.float64], size: tuple[int, int]) -> ImageSplats:
    """The Gaussians of the columns of records."""
    return ImageSplats(
        np.ascontiguousarray(values[:, :2], np.float32),
        np.exp(values[:, 2:4]).astype(np.float32),
        np.ascontiguousarray(values[:, 4], np.float32),
        np.ascontiguousarray(values[:, 5:], np.float32),
        size,
    )


def quantised(splats: ImageSplats, bits: Bits) -> ImageSplats:
    """The Gaussians as a file of these bits gives them back."""
    lattice = Lattice.of(splats.size, bits, splats.channels)
    return splats_of(lattice.values_of(lattice.steps_of(values_of(splats))), splats.size)


def file_bytes(count: int, bits: Bits, channels: int) -> int:
    """Size of a file of `count` Gaussians."""
    return HEADER.size + -(-count * bits.record(channels) // 8)


def save_image(splats: ImageSplats, path: str | Path, bits: Bits | None = None) -> None:
    """Writes a file; it appears whole or not at all.

    Args:
        splats: in the order of detail. Values go to the nearest that `bits` can say.
        path: where to.
        bits: None takes `bits_for` the size.

    Raises:
        SceneFormatError: the disk refuses.
    """
    path, bits = Path(path), bits or bits_for(splats.size)
    data = encode(splats, bits)
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise SceneFormatError(
            path,
            "file",
            f"cannot be written: {error.strerror or error}",
            "Check that the folder exists, is writable and has room.",
        ) from error


def encode(splats: ImageSplats, bits: Bits) -> bytes:
    """The bytes of a file."""
    lattice = Lattice.of(splats.size, bits, splats.channels)
    steps = lattice.steps_of(values_of(splats))
    # Rows of whole bytes: eight records always end at one.
    parts = [
        np.packbits(_to_bits(steps[k : k + _ROWS], lattice.bits)).tobytes()
        for k in range(0, len(steps), _ROWS)
    ]
    payload = b"".join(parts)
    width, height = splats.size
    head = HEADER.pack(
        *(MAGIC, VERSION, splats.channels),
        *(bits.position, bits.scale, bits.rotation, bits.color, 0),
        *(width, height, len(splats), zlib.crc32(payload)),
    )
    return head + payload


def load_image(path: str | Path) -> ImageSplats:
    """Reads a file.

    Raises:
        SceneFormatError: names file, field and fix.
    """
    return read_image(Path(path))[0]


def read_image(path: Path) -> tuple[ImageSplats, Bits]:
    """The Gaussians of a file, and the bits that it keeps them in. Raises as `load_image`."""
    try:
        with path.open("rb") as file:
            head = file.read(HEADER.size)
            channels, bits, size, count, crc = _read_header(path, head)
            present = os.fstat(file.fileno()).st_size - HEADER.size
            wanted = file_bytes(count, bits, channels) - HEADER.size
            if present != wanted:
                raise SceneFormatError(
                    path,
                    "count",
                    f"{count:,} Gaussians need {wanted:,} bytes after the header, "
                    f"there are {present:,}",
                    f"The file is cut off or damaged. {_AGAIN}",
                )
            payload = file.read(wanted)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    if len(payload) != wanted or zlib.crc32(payload) != crc:
        raise SceneFormatError(path, "checksum", "is not that of the data", _AGAIN)
    lattice = Lattice.of(size, bits, channels)
    columns = np.empty((count, len(lattice.bits)), np.float64)
    packed = np.frombuffer(payload, np.uint8)
    stride = bits.record(channels) * _ROWS // 8
    for k, row in enumerate(range(0, count, _ROWS)):
        rows = min(_ROWS, count - row)
        steps = _from_bits(packed[k * stride : (k + 1) * stride], rows, lattice.bits)
        columns[row : row + rows] = lattice.values_of(steps)
    return splats_of(columns, size), bits


def is_image(path: Path) -> bool:
    """Whether a file claims to be one, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _read_header(path: Path, head: bytes) -> tuple[int, Bits, tuple[int, int], int, int]:
    if not head.startswith(MAGIC):
        raise SceneFormatError(
            path, "magic", "is not that of a .vis file", "Make one by `voile fit IMAGE -o OUT.vis`."
        )
    if len(head) < HEADER.size:
        raise SceneFormatError(path, "header", f"has {len(head)} of {HEADER.size} bytes", _AGAIN)
    _, version, channels, *depths, reserved, width, height, count, crc = HEADER.unpack(head)
    if version != VERSION or reserved:
        raise SceneFormatError(
            path, "version", f"is {version}.{reserved}, this Voile reads {VERSION}.0", _AGAIN
        )
    if channels not in CHANNELS:
        raise SceneFormatError(path, "channels", f"are {channels}, not 1 to 4", _AGAIN)
    try:
        bits = Bits(*depths)
    except ValueError as error:
        raise SceneFormatError(path, "bits", str(error), _AGAIN) from error
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise SceneFormatError(
            path, "size", f"is {width}x{height}; each side must be 1 to {MAX_SIDE}", _AGAIN
        )
    return channels, bits, (width, height), count, crc


def _to_bits(steps: NDArray[np.int64], columns: list[int]) -> NDArray[np.uint8]:
    """(N, record bits) of 0 and 1, the highest bit of each value first."""
    parts = [
        (steps[:, k, None] >> np.arange(bits - 1, -1, -1)) & 1 for k, bits in enumerate(columns)
    ]
    return np.concatenate(parts, axis=1).astype(np.uint8)


def _from_bits(packed: NDArray[np.uint8], rows: int, columns: list[int]) -> NDArray[np.int64]:
    bits = np.unpackbits(packed, count=rows * sum(columns)).reshape(rows, -1)
    steps = np.zeros((rows, len(columns)), np.int64)
    start = 0
    for k, width in enumerate(columns):
        for bit in range(width):
            steps[:, k] = steps[:, k] << 1 | bits[:, start + bit]
        start += width
    return steps
