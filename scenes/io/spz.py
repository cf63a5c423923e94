"""SPZ (Niantic), versions 1 to 4; version 3 is written.

Versions 1 to 3 are one gzip stream of a 16-byte header and the columns; version 4 has a plain
header of 32 bytes, a table of contents and one zstd stream per column. Columns: positions (int24
fixed point; float16 in version 1), alphas, colours, scales, rotations, spherical harmonics.

Extension records (flag 2), which follow the columns or in version 4 the header, are left unread.

SPZ's axes are right, up, back; Voile keeps PLY's right, down, forward, so a scene is turned by half
a turn about x on reading, harmonics included, and turned back on writing.
"""

from __future__ import annotations

import struct
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from .assemble import assemble
from .bounded import Buffer, Inspect, gunzip, gunzip_head, unzstd
from .format import Format
from .spz_layout import (
    ANTIALIASED,
    CHUNK,
    COLOR_SCALE,
    EXTENSIONS,
    HALF_ROOT,
    HEADER,
    MAGIC,
    TURN,
    Float32,
    Header,
    turn_signs,
)
from .spz_write import write

_HEADER_4 = 32
_COLUMNS = ("positions", "alphas", "colors", "scales", "rotations", "sh")
_AGAIN = "The file is damaged or not SPZ. Download or export it again."


def _sniff(path: Path, head: bytes) -> bool:
    if head.startswith(MAGIC):
        return True
    if not head.startswith(b"\x1f\x8b"):
        return False
    try:
        return gunzip_head(path, head, 4) == MAGIC
    except SceneFormatError:
        return path.suffix.lower() == ".spz"


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    data = path.read_bytes()
    packed = data.startswith(b"\x1f\x8b")
    header = _parse_header(path, gunzip_head(path, data, HEADER.size) if packed else data)
    if header.version == 4:
        if packed:
            raise SceneFormatError(path, "version", "is 4 inside gzip, which 4 never is", _AGAIN)
        columns = _read_streams(path, header, data)
    else:
        size = HEADER.size + sum(header.sizes())
        more = bool(header.flags & EXTENSIONS)
        inspect = _finite_positions(path, header) if not drop_invalid else None
        if packed:
            payload: Buffer = gunzip(path, data, size, more=more, inspect=inspect)
        else:  # the payload without its gzip wrapping
            _check(path, "size", min(len(data), size) if more else len(data), size)
            payload = data
            if inspect is not None:
                inspect(0, payload)
        columns = _split(header, memoryview(payload)[HEADER.size :])
    del data
    progress(0.5, f"Decoding {path.name}")
    return _decode(path, header, columns, progress, drop_invalid)


def _parse_header(path: Path, head: Buffer) -> Header:
    if len(head) < HEADER.size:
        raise SceneFormatError(path, "header", f"has {len(head)} of 16 bytes", _AGAIN)
    magic, version, count, degree, bits, flags, streams = HEADER.unpack_from(head)
    if magic != MAGIC:
        raise SceneFormatError(path, "magic", f"is {magic!r} and not {MAGIC!r}", _AGAIN)
    if version not in (1, 2, 3, 4):
        raise SceneFormatError(
            path, "version", f"is {version}", "Voile reads SPZ 1 to 4; export it as one of these."
        )
    if degree >= len(SH_COEFFICIENTS):
        raise SceneFormatError(path, "shDegree", f"is {degree}; it may be 0 to 4", _AGAIN)
    if bits > 24:
        raise SceneFormatError(path, "fractionalBits", f"is {bits}; it may be 0 to 24", _AGAIN)
    return Header(version, count, degree, bits, flags, streams)


def _finite_positions(path: Path, header: Header) -> Inspect | None:
    """Refuses what only version 1 can hold, float16 that is not finite, before it costs memory."""
    if header.version > 1:
        return None
    end = HEADER.size + header.sizes()[0]

    def inspect(offset: int, part: Buffer) -> None:
        start = max(offset, HEADER.size)
        positions = memoryview(part)[start - offset : max(end - offset, 0)]
        high = np.frombuffer(positions, np.uint8)[1 - start % 2 :: 2]  # the exponent's bytes
        bad = (high & 0x7C) == 0x7C
        if bad.any():
            row = (start - HEADER.size + 2 * int(np.argmax(bad))) // 6
            raise SceneFormatError(
                path,
                "positions",
                f"splat {row} is not finite",
                "Export it again, or open it with --drop-invalid to leave such splats out.",
            )

    return inspect


def _split(header: Header, payload: memoryview) -> list[Buffer]:
    ends = accumulate(header.sizes())
    return [payload[end - size : end] for end, size in zip(ends, header.sizes())]


def _read_streams(path: Path, header: Header, data: bytes) -> list[Buffer]:
    """Version 4: a table of (compressed, raw) sizes as u64, then the zstd streams."""
    sizes = header.sizes()
    wanted = len(_COLUMNS) if sizes[-1] else len(_COLUMNS) - 1
    if len(data) < _HEADER_4:
        raise SceneFormatError(path, "header", f"has {len(data)} of 32 bytes", _AGAIN)
    (table,) = struct.unpack_from("<I", data, 16)
    if header.streams < wanted or table < _HEADER_4:
        raise SceneFormatError(
            path, "streams", f"{header.streams} at offset {table}; {wanted} are needed", _AGAIN
        )
    start = table + 16 * header.streams
    if start > len(data):
        raise SceneFormatError(path, "table of contents", "lies beyond the file's end", _AGAIN)
    streams: list[tuple[str, Buffer, int]] = []
    for k in range(wanted):
        packed, raw = struct.unpack_from("<QQ", data, table + 16 * k)
        _check(path, f"{_COLUMNS[k]}: raw size", raw, sizes[k])
        if packed > len(data) - start:
            raise SceneFormatError(
                path, _COLUMNS[k], f"has {packed:,} bytes, {len(data) - start:,} are left", _AGAIN
            )
        # A column of no splats may have no frame at all.
        streams.append((_COLUMNS[k], memoryview(data)[start : start + packed], raw))
        start += packed
    columns = unzstd(path, streams) if header.count else [bytearray()] * wanted
    return [*columns, *[bytearray()] * (len(_COLUMNS) - wanted)]


def _check(path: Path, field: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise SceneFormatError(
            path, field, f"is {found:,} where the header implies {wanted:,}", _AGAIN
        )


def _decode(
    path: Path, header: Header, columns: list[Buffer], progress: Progress, drop_invalid: bool
) -> Splats:
    n, coefficients = header.count, SH_COEFFICIENTS[header.sh_degree]
    positions, alphas, colors, scales, rotations, rest = (
        np.frombuffer(column, np.uint8).reshape(n, size // n if n else 0)
        for column, size in zip(columns, header.sizes())
    )
    means, sizes = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32)
    quats, sh = np.empty((n, 4), np.float32), np.empty((n, coefficients, 3), np.float32)
    signs = turn_signs(header.sh_degree)[1:, None] / np.float32(128.0)
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        means[rows] = _positions(header, positions[rows]) * TURN
        sizes[rows] = np.exp(scales[rows].astype(np.float32) / 16.0 - 10.0)
        quats[rows] = _rotations(header, rotations[rows])
        quats[rows, 1:] *= TURN
        sh[rows, 0] = (colors[rows].astype(np.float32) / 255.0 - 0.5) / COLOR_SCALE
        part = rest[rows]
        values = part.reshape(len(part), coefficients - 1, 3).astype(np.float32)
        sh[rows, 1:] = (values - 128.0) * signs
        progress(0.5 + 0.5 * start / n, f"Decoding {path.name}")
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=sizes,
        opacities=alphas[:, 0].astype(np.float32) / 255.0 if n else np.zeros(0, np.float32),
        sh=sh,
        drop_invalid=drop_invalid,
        fields=dict(zip(("means", "opacities", "scales", "quats", "sh"),
                        ("positions", "alphas", "scales", "rotations", "sh"))),
        antialiased=bool(header.flags & ANTIALIASED),
        notes=("its SPZ extension records are not used",) if header.flags & EXTENSIONS else (),
    )  # fmt: skip


def _positions(header: Header, raw: NDArray[np.uint8]) -> Float32:
    if header.version == 1:
        return raw.view("<f2").astype(np.float32)
    b = raw.reshape(-1, 3, 3).astype(np.int32)
    fixed = b[..., 0] | b[..., 1] << 8 | b[..., 2] << 16
    fixed -= (fixed & 0x800000) << 1  # the sign of 24 bits
    return fixed.astype(np.float32) / np.float32(1 << header.fractional_bits)


def _rotations(header: Header, raw: NDArray[np.uint8]) -> Float32:
    """(M, 4) wxyz."""
    quats = np.empty((len(raw), 4), np.float32)
    if header.version < 3:
        xyz = raw.astype(np.float32) / 127.5 - 1.0
        quats[:, 1:] = xyz
        quats[:, 0] = np.sqrt(np.maximum(0.0, 1.0 - np.sum(xyz * xyz, axis=1)))
        return quats
    packed = raw.view("<u4")[:, 0]
    largest = (packed >> 30).astype(np.intp)
    # The other three, sign and 9 bits each, the last component in the lowest bits.
    small = np.empty((len(raw), 3), np.float32)
    for k in range(3):
        bits = packed >> np.uint32(10 * (2 - k))
        magnitude = (bits & 511).astype(np.float32) * (HALF_ROOT / np.float32(511.0))
        small[:, k] = np.where(bits & 512, -magnitude, magnitude)
    xyzw = np.empty((len(raw), 4), np.float32)
    for component in range(4):
        rows = largest == component
        others = [c for c in range(4) if c != component]
        xyzw[np.ix_(rows, others)] = small[rows]
        xyzw[rows, component] = np.sqrt(np.maximum(0.0, 1.0 - np.sum(small[rows] ** 2, axis=1)))
    quats[:, 0], quats[:, 1:] = xyzw[:, 3], xyzw[:, :3]
    return quats


FORMAT = Format(
    "spz",
    "SPZ",
    (".spz",),
    _sniff,
    _read,
    write,
    max_sh_degree=3,
    quantised="positions to 24 bits, scales and opacity to 8, rotation to 30, harmonics to 4 or 5",
)
