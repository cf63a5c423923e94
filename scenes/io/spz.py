"""SPZ (Niantic), versions 1 to 4; version 3 is written.

Versions 1 to 3 are one gzip stream of a 16-byte header and the columns; version 4 has a plain
header of 32 bytes, a table of contents and one zstd stream per column. Columns: positions (int24
fixed point; float16 in version 1), alphas, colours, scales, rotations, spherical harmonics.

Extension records (flag 2), which follow the columns or in version 4 the header, are left unread.

SPZ's axes are right, up, back; Voile keeps PLY's right, down, forward, so a scene is turned by half
a turn about x on reading, harmonics included, and turned back on writing.
"""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..sh import sh_basis
from ..splats import SH_COEFFICIENTS, Splats
from .assemble import assemble
from .bounded import Buffer, Inspect, gunzip, gunzip_head, unzstd
from .format import Format

Float32 = NDArray[np.float32]

MAGIC = b"NGSP"
_HEADER = struct.Struct("<4sIIBBBB")
_HEADER_4 = 32
_COLUMNS = ("positions", "alphas", "colors", "scales", "rotations", "sh")
_COLOR_SCALE = 0.15
_TURN = np.array([1.0, -1.0, -1.0], np.float32)
_HALF_ROOT = np.float32(0.5**0.5)
_CHUNK = 1 << 16
_MAX_BITS = 12  # fractional bits written: Niantic's own choice; some readers refuse more
_ANTIALIASED, _EXTENSIONS = 1, 2  # flags
_AGAIN = "The file is damaged or not SPZ. Download or export it again."


@dataclass(frozen=True)
class _Header:
    version: int
    count: int
    sh_degree: int
    fractional_bits: int
    flags: int
    streams: int

    def sizes(self) -> list[int]:
        """Bytes of each column, in the order of the file."""
        position = 6 if self.version == 1 else 9
        rotation = 3 if self.version < 3 else 4
        sh = 3 * (SH_COEFFICIENTS[self.sh_degree] - 1)
        return [self.count * width for width in (position, 1, 3, 3, rotation, sh)]


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
    header = _parse_header(path, gunzip_head(path, data, _HEADER.size) if packed else data)
    if header.version == 4:
        if packed:
            raise SceneFormatError(path, "version", "is 4 inside gzip, which 4 never is", _AGAIN)
        columns = _read_streams(path, header, data)
    else:
        size = _HEADER.size + sum(header.sizes())
        more = bool(header.flags & _EXTENSIONS)
        inspect = _finite_positions(path, header) if not drop_invalid else None
        if packed:
            payload: Buffer = gunzip(path, data, size, more=more, inspect=inspect)
        else:  # the payload without its gzip wrapping
            _check(path, "size", min(len(data), size) if more else len(data), size)
            payload = data
            if inspect is not None:
                inspect(0, payload)
        columns = _split(header, memoryview(payload)[_HEADER.size :])
    del data
    progress(0.5, f"Decoding {path.name}")
    return _decode(path, header, columns, progress, drop_invalid)


def _parse_header(path: Path, head: Buffer) -> _Header:
    if len(head) < _HEADER.size:
        raise SceneFormatError(path, "header", f"has {len(head)} of 16 bytes", _AGAIN)
    magic, version, count, degree, bits, flags, streams = _HEADER.unpack_from(head)
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
    return _Header(version, count, degree, bits, flags, streams)


def _finite_positions(path: Path, header: _Header) -> Inspect | None:
    """Refuses what only version 1 can hold, float16 that is not finite, before it costs memory."""
    if header.version > 1:
        return None
    end = _HEADER.size + header.sizes()[0]

    def inspect(offset: int, part: Buffer) -> None:
        start = max(offset, _HEADER.size)
        positions = memoryview(part)[start - offset : max(end - offset, 0)]
        high = np.frombuffer(positions, np.uint8)[1 - start % 2 :: 2]  # the exponent's bytes
        bad = (high & 0x7C) == 0x7C
        if bad.any():
            row = (start - _HEADER.size + 2 * int(np.argmax(bad))) // 6
            raise SceneFormatError(
                path,
                "positions",
                f"splat {row} is not finite",
                "Export it again, or open it with --drop-invalid to leave such splats out.",
            )

    return inspect


def _split(header: _Header, payload: memoryview) -> list[Buffer]:
    ends = accumulate(header.sizes())
    return [payload[end - size : end] for end, size in zip(ends, header.sizes())]


def _read_streams(path: Path, header: _Header, data: bytes) -> list[Buffer]:
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
    path: Path, header: _Header, columns: list[Buffer], progress: Progress, drop_invalid: bool
) -> Splats:
    n, coefficients = header.count, SH_COEFFICIENTS[header.sh_degree]
    positions, alphas, colors, scales, rotations, rest = (
        np.frombuffer(column, np.uint8).reshape(n, size // n if n else 0)
        for column, size in zip(columns, header.sizes())
    )
    means, sizes = np.empty((n, 3), np.float32), np.empty((n, 3), np.float32)
    quats, sh = np.empty((n, 4), np.float32), np.empty((n, coefficients, 3), np.float32)
    signs = turn_signs(header.sh_degree)[1:, None] / np.float32(128.0)
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        means[rows] = _positions(header, positions[rows]) * _TURN
        sizes[rows] = np.exp(scales[rows].astype(np.float32) / 16.0 - 10.0)
        quats[rows] = _rotations(header, rotations[rows])
        quats[rows, 1:] *= _TURN
        sh[rows, 0] = (colors[rows].astype(np.float32) / 255.0 - 0.5) / _COLOR_SCALE
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
        antialiased=bool(header.flags & _ANTIALIASED),
        notes=("its SPZ extension records are not used",) if header.flags & _EXTENSIONS else (),
    )  # fmt: skip


def _positions(header: _Header, raw: NDArray[np.uint8]) -> Float32:
    if header.version == 1:
        return raw.view("<f2").astype(np.float32)
    b = raw.reshape(-1, 3, 3).astype(np.int32)
    fixed = b[..., 0] | b[..., 1] << 8 | b[..., 2] << 16
    fixed -= (fixed & 0x800000) << 1  # the sign of 24 bits
    return fixed.astype(np.float32) / np.float32(1 << header.fractional_bits)


def _rotations(header: _Header, raw: NDArray[np.uint8]) -> Float32:
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
        magnitude = (bits & 511).astype(np.float32) * (_HALF_ROOT / np.float32(511.0))
        small[:, k] = np.where(bits & 512, -magnitude, magnitude)
    xyzw = np.empty((len(raw), 4), np.float32)
    for component in range(4):
        rows = largest == component
        others = [c for c in range(4) if c != component]
        xyzw[np.ix_(rows, others)] = small[rows]
        xyzw[rows, component] = np.sqrt(np.maximum(0.0, 1.0 - np.sum(small[rows] ** 2, axis=1)))
    quats[:, 0], quats[:, 1:] = xyzw[:, 3], xyzw[:, :3]
    return quats


def turn_signs(degree: int) -> Float32:
    """(K,) signs of the harmonics' coefficients under half a turn about x.

    Each real harmonic is even or odd in y and z together, so the turn only flips signs.
    """
    direction = np.array([[0.36, 0.48, 0.8]])
    turned = sh_basis(direction * _TURN, degree) / sh_basis(direction, degree)
    return np.sign(turned[0]).astype(np.float32)


def _write(splats: Splats, path: Path, progress: Progress) -> None:
    """Version 3. SH above degree 3 is left out; far positions get fewer than 12 fractional bits."""
    if splats.kind != "3d":
        raise SceneFormatError(path, "kind", "surfels do not fit .spz", "Write a .ply instead.")
    degree = min(splats.sh_degree, 3)
    reach = float(np.abs(splats.means).max(initial=0.0))
    bits = min(_MAX_BITS, int(np.floor(np.log2((2**23 - 1) / max(reach, 1e-6)))))
    if bits < 0:
        raise SceneFormatError(
            path, "positions", f"reach {reach:.3g}, more than 24 bits hold", "Write a .ply instead."
        )
    flags = _ANTIALIASED if splats.antialiased else 0
    header = _HEADER.pack(MAGIC, 3, len(splats), degree, bits, flags, 0)
    parts = (
        ("positions", lambda s: _pack_positions(s.means * _TURN, bits)),
        ("alphas", lambda s: _byte(s.opacities * 255.0)),
        ("colors", lambda s: _byte((s.sh[:, 0] * _COLOR_SCALE + 0.5) * 255.0)),
        ("scales", lambda s: _byte((np.log(s.scales) + 10.0) * 16.0)),
        ("rotations", lambda s: _pack_rotations(s.quats)),
        ("sh", lambda s: _pack_sh(s.sh, degree)),
    )
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as out:
        out.write(header)
        for k, (name, pack) in enumerate(parts):
            for start in range(0, len(splats), _CHUNK):
                out.write(pack(splats.take(slice(start, start + _CHUNK))).tobytes())
                done = (k + start / len(splats)) / len(parts)
                progress(done, f"Writing {name} of {path.name}")


def _byte(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _pack_positions(means: Float32, bits: int) -> NDArray[np.uint8]:
    fixed = np.rint(means.astype(np.float64) * (1 << bits)).astype("<i4")
    return np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, 3, 4)[..., :3]


def _pack_rotations(quats: Float32) -> NDArray[np.uint32]:
    xyzw = quats[:, [1, 2, 3, 0]].astype(np.float32)
    xyzw[:, :3] *= _TURN
    largest = np.abs(xyzw).argmax(axis=1)
    xyzw *= np.where(xyzw[np.arange(len(xyzw)), largest] < 0, -1.0, 1.0)[:, None]
    packed = largest.astype(np.uint32)
    for component in range(4):
        magnitude = np.rint(np.abs(xyzw[:, component]) / _HALF_ROOT * 511.0)
        code = np.minimum(magnitude, 511).astype(np.uint32) | np.uint32(512) * (
            xyzw[:, component] < 0
        )
        packed = np.where(largest == component, packed, packed << np.uint32(10) | code)
    return packed.astype("<u4")


def _pack_sh(sh: Float32, degree: int) -> NDArray[np.uint8]:
    """Degree 1 to 5 bits, above to 4 bits, as the format's own writer does."""
    k = SH_COEFFICIENTS[degree]
    values = np.rint(sh[:, 1:k] * turn_signs(degree)[1:, None] * 128.0 + 128.0)
    step = np.where(np.arange(1, k) < 4, 8.0, 16.0)[:, None]
    return _byte(np.floor((values + step / 2) / step) * step)


FORMAT = Format(
    "spz",
    "SPZ",
    (".spz",),
    _sniff,
    _read,
    _write,
    max_sh_degree=3,
    quantised="positions to 24 bits, scales and opacity to 8, rotation to 30, harmonics to 4 or 5",
)
