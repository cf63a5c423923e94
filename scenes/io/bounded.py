"""Decompression that a hostile file cannot make large.

A compressed stream must yield exactly the bytes that the format's header implies. Where that is
much more than the file itself, the stream is first run through a small buffer and counted, so that
a file that is refused never costs more memory than twice its size plus a constant.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import zstandard

from ..errors import SceneFormatError

Buffer = bytes | bytearray | memoryview

MAX_RATIO = 256
"""Decompressed over compressed size beyond which a file is a bomb; real scenes stay below 10."""
FREE_BYTES = 1 << 20
"""Small files may exceed `MAX_RATIO`: a few equal splats compress very well."""

_STEP = 1 << 18
_DIRECT = 24 << 20  # so much more than the file is decompressed without counting first
_MAX_WINDOW = 1 << 25  # of zstd, which allocates it up front


def gunzip(path: Path, data: Buffer, size: int) -> bytearray:
    """Decompresses a gzip stream that must hold exactly `size` bytes.

    Raises:
        SceneFormatError: a broken stream, another size, or a bomb.
    """
    check_ratio(path, "gzip", len(data), size)

    def parts() -> Iterator[bytes]:
        return _gzip_parts(path, data)

    return _exactly(path, "gzip", parts, len(data), size)


def gunzip_head(path: Path, data: Buffer, size: int) -> bytes:
    """The first `size` bytes of a gzip stream, fewer if it ends before."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, size)
    except zlib.error as error:
        raise _broken(path, "gzip", str(error)) from error


def unzstd(path: Path, field: str, data: Buffer, size: int) -> bytearray:
    """Decompresses a zstd frame that must hold exactly `size` bytes; raises as `gunzip`."""
    check_ratio(path, field, len(data), size)

    def parts() -> Iterator[bytes]:
        return _zstd_parts(path, field, data)

    return _exactly(path, field, parts, len(data), size)


def check_ratio(path: Path, field: str, packed: int, size: int) -> None:
    """Raises SceneFormatError when `size` bytes from `packed` is more than any scene needs."""
    if size > MAX_RATIO * packed + FREE_BYTES:
        raise SceneFormatError(
            path,
            field,
            f"the header promises {size:,} bytes from {packed:,} compressed ones",
            "No scene compresses so well: the file is damaged or a bomb. Export it again.",
        )


def _exactly(path: Path, field: str, parts, packed: int, size: int) -> bytearray:
    if size > packed + _DIRECT:
        counted = 0
        for part in parts():
            counted += len(part)
            if counted > size:
                break
        _check_size(path, field, counted, size)
    out = bytearray(size)
    filled = 0
    for part in parts():
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
    rest: Buffer = data
    try:
        while not stream.eof:
            part = stream.decompress(rest, _STEP)
            if not part and not stream.unconsumed_tail:
                return  # the input is used up before the stream ends: the caller counts
            yield part
            rest = stream.unconsumed_tail
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
