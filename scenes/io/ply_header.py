"""The header of a PLY file and the rows of its elements, whatever its encoding.

Format: G. Turk, "The PLY Polygon File Format" (1994). ascii, binary_little_endian and
binary_big_endian; both families of type names (`float`, `float32`, ...).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError

MAX_HEADER = 1 << 16  # bytes; real headers have 2 to 5 kB
MAX_LINE = 1 << 14  # bytes of one row of an ascii file
CHUNK = 2048  # rows read at a time: source and destination of a chunk stay in the L2 cache

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4",
    "float": "f4", "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2",
    "int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8",
}  # fmt: skip
_BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}

EXPORT_AGAIN = "The file is damaged or cut off: download or export it again."


@dataclass(frozen=True)
class Element:
    """One element: `count` rows of named, typed values; `lists` names its list properties."""

    name: str
    count: int
    types: dict[str, str]
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """A parsed header; `size` is its length in bytes, `order` "<", ">" or "" for ascii."""

    order: str
    elements: tuple[Element, ...]
    comments: tuple[str, ...]
    size: int

    def element(self, name: str) -> Element | None:
        return next((e for e in self.elements if e.name == name), None)


def read_header(path: Path) -> Header:
    """Parses the header.

    Raises:
        SceneFormatError: no end within 64 KiB, an unknown encoding or type, a bad count.
    """
    with path.open("rb") as file:
        head = file.read(MAX_HEADER)
    end = head.find(b"end_header")
    newline = head.find(b"\n", end)
    if end < 0 or newline < 0:
        raise SceneFormatError(
            path, "header", f"has no end_header in its first {len(head)} bytes", EXPORT_AGAIN
        )
    order: str | None = None
    elements: list[Element] = []
    comments: list[str] = []
    # Latin-1 never fails to decode; names that matter are ASCII, comments may be anything.
    for line in head[:end].decode("latin-1").splitlines()[1:]:
        words = line.split()
        match words:
            case ["format", encoding, *_] if encoding in _BYTE_ORDERS:
                order = _BYTE_ORDERS[encoding]
            case ["comment" | "obj_info", *_]:
                comments.append(line.strip().partition(" ")[2])
            case ["element", name, count] if count.isdecimal() and len(count) < 20:
                elements.append(Element(name, int(count), {}))
            case ["property", "list", _, _, name] if elements:
                last = elements[-1]
                elements[-1] = Element(last.name, last.count, last.types, (*last.lists, name))
            case ["property", kind, name] if (
                elements and kind in _TYPES and name not in elements[-1].types
            ):
                elements[-1].types[name] = _TYPES[kind]
            case []:
                pass
            case _:
                raise SceneFormatError(
                    path, "header", f"cannot be understood at {line[:80]!r}", EXPORT_AGAIN
                )
    if order is None:
        raise SceneFormatError(path, "format", "is missing from the header", EXPORT_AGAIN)
    return Header(order, tuple(elements), tuple(comments), newline + 1)


class Rows:
    """Reads the elements of one PLY file in file order, chunk by chunk, with plain reads.

    A memory map would be no faster (each byte is used once and converted) and would kill the
    process with SIGBUS if the file were cut while it is read. Use as a context manager.

    Raises:
        SceneFormatError: on entering, when an element that is asked for cannot fit in the file.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._header = header
        self._size = path.stat().st_size
        self._next = 0  # index of the element at the file's position
        self._file = path.open("rb")
        self._file.seek(header.size)

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def check_fits(self, *names: str) -> None:
        """Refuses counts that the bytes present cannot hold, before anything is allocated.

        Elements with list properties before the last one named are refused in binary files.
        """
        needed = self._header.size
        missing = set(names)
        for element in self._header.elements:
            if not missing:
                break
            missing.discard(element.name)
            if element.lists and (self._header.order or element.name in names):
                raise SceneFormatError(
                    self._path,
                    f"element {element.name}",
                    f"has list properties ({', '.join(element.lists)}), which splats never have",
                    "Export the splats alone, without faces or other lists.",
                )
            needed += element.count * self._row_bytes(element)
            # The last line of an ascii file may lack its newline.
            if needed > self._size + (not self._header.order):
                raise SceneFormatError(
                    self._path,
                    f"element {element.name}",
                    f"has {element.count} rows by the header, which take {needed} bytes, "
                    f"but the file has {self._size}",
                    EXPORT_AGAIN,
                )

    def _row_bytes(self, element: Element) -> int:
        """Bytes of a row; the least that it can have in an ascii file."""
        if not self._header.order:
            return max(1, 2 * (len(element.types) + len(element.lists)))
        return sum(int(kind[1]) for kind in element.types.values())

    def of(self, name: str) -> Iterator[tuple[int, NDArray[Any]]]:
        """(first row, structured array of up to CHUNK rows) for each part of an element.

        The array is overwritten by the next part. Elements must be asked for in file order.
        """
        while (element := self._header.elements[self._next]).name != name:
            self._skip(element)
            self._next += 1
        self._next += 1
        yield from self._binary(element) if self._header.order else self._ascii(element)

    def _skip(self, element: Element) -> None:
        if self._header.order:
            self._file.seek(element.count * self._row_bytes(element), 1)
        else:
            for row in range(element.count):
                self._line(element, row)

    def _binary(self, element: Element) -> Iterator[tuple[int, NDArray[Any]]]:
        order = self._header.order
        dtype = np.dtype([(name, order + kind) for name, kind in element.types.items()])
        buffer = np.empty(min(CHUNK, element.count), dtype)
        for start in range(0, element.count, CHUNK):
            part = buffer[: min(CHUNK, element.count - start)]
            if self._file.readinto(part.view(np.uint8).data) != part.nbytes:
                raise SceneFormatError(
                    self._path, f"element {element.name}", "ended while it was read", EXPORT_AGAIN
                )
            yield start, part

    def _ascii(self, element: Element) -> Iterator[tuple[int, NDArray[Any]]]:
        dtype = np.dtype([(name, "f8") for name in element.types])
        columns = len(element.types)
        # Tokens take some 40 bytes each: few rows at a time when there are many columns.
        step = max(1, min(CHUNK, (1 << 17) // columns))
        for start in range(0, element.count, step):
            rows = range(start, min(start + step, element.count))
            try:
                table = np.empty((len(rows), columns))
                for i, row in enumerate(rows):
                    table[i] = np.array(self._line(element, row).split(None, columns), np.float64)
            except ValueError as error:
                raise SceneFormatError(
                    self._path,
                    f"element {element.name}",
                    f"has a row that is not {columns} numbers, "
                    f"in rows {rows.start} to {rows.stop - 1}",
                    EXPORT_AGAIN,
                ) from error
            yield start, table.view(dtype)[:, 0]

    def _line(self, element: Element, row: int) -> bytes:
        line = self._file.readline(MAX_LINE)
        if len(line) == MAX_LINE or not line:
            what = "is longer than any row of splats" if line else "is missing"
            raise SceneFormatError(
                self._path, f"element {element.name}", f"row {row} {what}", EXPORT_AGAIN
            )
        return line
