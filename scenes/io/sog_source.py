"""Where the parts of a SOG scene come from: a folder, or the members of a zip."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from ..errors import SceneFormatError

_MAX_DIRECTORY = 1 << 20  # bytes of a zip's directory; a SOG has about ten members
_FREE = 1 << 20  # bytes that deflate may gain; on images it gains next to nothing


class Source(Protocol):
    """Reads parts by the names that meta.json gives them."""

    def read(self, name: str) -> bytes:
        """A part's bytes. Raises SceneFormatError: missing, damaged, or outside the scene."""
        ...

    def size(self, name: str) -> int:
        """A part's stored bytes. Raises as `read`."""
        ...


class FolderSource:
    """Files below `root`; errors name `path`, what the user opened."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path, self._root = path, root

    def read(self, name: str) -> bytes:
        return self._file(name).read_bytes()

    def size(self, name: str) -> int:
        return self._file(name).stat().st_size

    def locate(self, name: str) -> Path:
        """Where a part would be. Raises SceneFormatError: outside the scene."""
        try:
            file = (self._root / name).resolve()
            inside = file.is_relative_to(self._root.resolve())
            file.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, with a null byte, or a loop
            file, inside = self._root, False
        _check_inside(self._path, name, inside)
        return file

    def _file(self, name: str) -> Path:
        file = self.locate(name)
        if not file.is_file():
            raise _missing(self._path, name)
        return file


class ZipSource:
    """Members of a zip archive, next to its meta.json."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._archive = _open_zip(path)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._archive.infolist():
            if member.filename in self._members:
                self.close()
                raise SceneFormatError(
                    path, member.filename, "is in the zip twice", "Export the scene again."
                )
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                self.close()  # the others allocate what the file tells them to
                raise SceneFormatError(
                    path,
                    member.filename,
                    f"is compressed by method {member.compress_type}, not stored or deflated",
                    "Zip the scene again without compression.",
                )
            self._members[member.filename] = member
        if sum(member.compress_size for member in self._members.values()) > path.stat().st_size:
            self.close()
            raise SceneFormatError(
                path,
                "zip directory",
                "promises more bytes than the file has",
                "The file is cut off or damaged. Download or export it again.",
            )
        metas = [n for n in self._members if n.rsplit("/", 1)[-1] == "meta.json"]
        if not metas:
            self.close()
            raise SceneFormatError(
                path, "meta.json", "is not in the zip", "This zip is no SOG scene; unpack it."
            )
        self._folder = min(metas, key=len)[: -len("meta.json")]

    def read(self, name: str) -> bytes:
        member = self._member(name)
        limit = member.compress_size + _FREE
        try:
            with self._archive.open(member) as file:
                data = file.read(limit + 1)
        except _ZIP_ERRORS as error:
            raise SceneFormatError(
                self._path, name, f"cannot be unpacked ({error})", "Export the scene again."
            ) from error
        if len(data) > limit:
            raise SceneFormatError(
                self._path,
                name,
                f"unpacks to over {limit:,} bytes from {member.compress_size:,}",
                "No image compresses so well: the file is a bomb or damaged. Export it again.",
            )
        return data

    def size(self, name: str) -> int:
        return self._member(name).compress_size

    def close(self) -> None:
        """Closes the archive."""
        self._archive.close()

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = self._members.get(self._folder + name)
        if member is None:
            _check_inside(self._path, name, ".." not in name and not name.startswith("/"))
            raise _missing(self._path, name)
        return member


_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # encrypted
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    OSError,
)


def _open_zip(path: Path) -> zipfile.ZipFile:
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - 65557))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and len(tail) >= end + 22:
        (directory,) = struct.unpack_from("<I", tail, end + 12)
        if directory > _MAX_DIRECTORY:
            raise SceneFormatError(
                path, "zip directory", f"has {directory:,} bytes", "This zip is no SOG scene."
            )
    try:
        return zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise SceneFormatError(
            path, "zip", f"is damaged ({error})", "Download or export it again."
        ) from error


def _missing(path: Path, name: str) -> SceneFormatError:
    return SceneFormatError(
        path, name or "files", "is missing", "Copy the whole folder, or export the scene again."
    )


def _check_inside(path: Path, name: str, inside: bool) -> None:
    if not inside:
        raise SceneFormatError(
            path, "files", f"{name!r} lies outside the scene", "Export the scene again."
        )
