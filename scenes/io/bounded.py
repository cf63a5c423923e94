"""Decompression that a hostile file cannot make large.

A compressed stream must yield exactly the bytes that the format's header implies. Where that is
much more than the file itself, the stream is first run through a small buffer and counted, so that
a file that is refused never costs more memory than twice its size plus a constant.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import zstandard

from ..errors import SceneFormatError

Buffer = bytes | bytearray | memoryview
Inspect = Callable[[int, Buffer], None]
"""Is shown (offset, part) of the decompressed bytes, in order; may refuse them by raising."""

MAX_RATIO = 256
"""Decompressed over compressed size beyond which a file is a bomb; real scenes stay below 10.

It holds for a scene as a whole: a single column may be constant and take almost no room.
"""
FREE_BYTES = 1 << 20
"""Small files may exceed `MAX_RATIO`: a few equal splats compress very well."""

_STEP = 1 << 18
_FEED = 1 << 16  # zlib copies the input that it has not used, so it gets little at a time
_DIRECT = 24 << 20  # so much more than the file is decompressed without counting first
_MAX_WINDOW = 1 << 25  # of zstd, which allocates it up front


def gunzip(
    path: Path, data: Buffer, size: int, *, more: bool = False, inspect: Inspect | None = None
) -> bytearray:
    """Decompresses a gzip stream that must hold exactly `size` bytes.

    Args:
        more: bytes beyond `size` are ignored rather than refused, and never decompressed.
        inspect: sees all bytes before memory for them is allocated, and again as they are stored.

    Raises:
        SceneFormatError: a broken stream, another size, or a bomb.
    """
    check_ratio(path, "gzip", len(data), size)

    def parts() -> Iterator[Buffer]:
        offset = 0
        for part in _gzip_parts(path, data):
            if more and offset + len(part) > size:
                part = part[: size - offset]
            if inspect is not None:
                inspect(offset, part)
            yield part
            offset += len(part)
            if more and offset == size:
                return

    if size > len(data) + _DIRECT:
        _count(path, "gzip", parts(), size)
    return _fill(path, "gzip", parts(), size)


def gunzip_head(path: Path, data: Buffer, size: int) -> bytes:
    """The first `size` bytes of a gzip stream, fewer if it ends before."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, size)
    except zlib.error as error:
        raise _broken(path, "gzip", str(error)) from error


def unzstd(path: Path, streams: Sequence[tuple[str, Buffer, int]]) -> list[bytearray]:
    """Decompresses zstd frames, each given as (field, data, the size that it must have).

    None is kept before all are known to be sound, unless all together are small. Raises as
    `gunzip`.
    """
    packed = sum(len(data) for _, data, _ in streams)
    total = sum(size for _, _, size in streams)
    check_ratio(path, "streams", packed, total)
    if total > packed + _DIRECT:
        for field, data, size in streams:
            _count(path, field, _zstd_parts(path, field, data), size)
    return [
        _fill(path, field, _zstd_parts(path, field, data), size) for field, data, size in streams
    ]


def check_ratio(path: Path, field: str, packed: int, size: int) -> None:
    """Raises SceneFormatError when `size` bytes from `packed` is more than any scene needs."""
    if size > MAX_RATIO * packed + FREE_BYTES:
        raise SceneFormatError(
            path,
            field,
            f"the header promises {size:,} bytes from {packed:,} compressed ones",
            "No scene compresses so well: the file is damaged or a bomb. Export it again.",
        )


def _count(path: Path, field: str, parts: Iterator[Buffer], size: int) -> None:
    counted = 0
    for part in parts:
        counted += len(part)
        if counted > size:
            break
    _check_size(path, field, counted, size)


def _fill(path: Path, field: str, parts: Iterator[Buffer], size: int) -> bytearray:
    out = bytearray(size)
    filled = 0
    for part in parts:
        end = filled + len(part)
        if end > size:
            _check_size(path, field, end, size)
        out[filled:end] = part
        filled = end
    _check_size(path, field, filled, size)
    return out


def _check_size(path: Path, field: str, found: int, size: int) -> None:
    if found != size:
        more = "more than " if found > size else ""
        raise SceneFormatError(
            path,
            field,
            f"holds {more}{min(found, size):,} bytes where the header implies {size:,}",
            "The file is cut off or damaged. Download or export it again.",
        )


def _gzip_parts(path: Path, data: Buffer) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    view = memoryview(data)
    try:
        for start in range(0, len(view), _FEED):
            rest: Buffer = view[start : start + _FEED]
            while not stream.eof:
                part = stream.decompress(rest, _STEP)
                rest = stream.unconsumed_tail
                if part:
                    yield part
                # A full step may have left output inside zlib although the input is used up.
                if not rest and len(part) < _STEP:
                    break
            if stream.eof:
                return  # a stream that never ends is too short, which the caller counts
    except zlib.error as error:
        raise _broken(path, "gzip", str(error)) from error


def _zstd_parts(path: Path, field: str, data: Buffer) -> Iterator[bytes]:
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        with decompressor.stream_reader(data) as reader:
            while part := reader.read(_STEP):
                yield part
    except zstandard.ZstdError as error:
        raise _broken(path, field, str(error)) from error


def _broken(path: Path, field: str, detail: str) -> SceneFormatError:
    return SceneFormatError(
        path,
        field,
        f"the compressed data are damaged ({detail})",
        "Download or export the file again.",
    )
