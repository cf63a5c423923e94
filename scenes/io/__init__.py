"""Reading and writing scenes. Formats are told apart by content; each has a module of its own."""

from __future__ import annotations

from pathlib import Path

from ..atomic import replacing
from ..errors import SceneFormatError
from ..progress import Progress, silent
from ..splats import Splats
from . import compressed_ply, ply, sog, splat, spz
from .format import HEAD_BYTES, Format

FORMATS: dict[str, Format] = {
    f.name: f for f in (compressed_ply.FORMAT, ply.FORMAT, spz.FORMAT, sog.FORMAT, splat.FORMAT)
}
"""All formats by name, in the order in which they are tried on a file's content."""

__all__ = ["FORMATS", "Format", "detect", "load", "save", "writable_format"]


def detect(path: str | Path) -> Format:
    """The format of a scene file or folder, by content.

    Raises:
        SceneFormatError: nothing there, not readable, empty, or none of the formats.
    """
    path = Path(path)
    head = _read_head(path)
    try:
        for candidate in FORMATS.values():
            if candidate.sniff(path, head):
                return candidate
    except OSError as error:  # of what is in a folder
        raise _not_opened(path, error) from error
    raise SceneFormatError(
        path,
        "content",
        f"is not a splat scene in any format Voile reads{_looks_like(head)}",
        f"Voile reads {', '.join(f.title for f in FORMATS.values())}.",
    )


def load(path: str | Path, progress: Progress = silent, *, drop_invalid: bool = False) -> Splats:
    """Reads a scene.

    Args:
        path: a scene file or folder.
        progress: reports progress; may raise Cancelled.
        drop_invalid: leave out splats with non-finite values or zero quaternions instead of
            refusing the file; a note says how many.

    Raises:
        SceneFormatError: names file, field and fix.
        Cancelled: `progress` asked for it.
    """
    path = Path(path)
    chosen = detect(path)
    progress(0.0, f"Reading {path.name}")
    try:
        splats = chosen.read(path, progress, drop_invalid)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the disk and retry."
        ) from error
    progress(1.0, f"Read {path.name}")
    return splats


def save(
    splats: Splats, path: str | Path, format: str | None = None, progress: Progress = silent
) -> None:
    """Writes a scene; the file appears whole or not at all.

    Args:
        splats: the scene.
        path: where to; its extension chooses the format unless `format` does.
        format: a name in `FORMATS`.
        progress: reports progress; may raise Cancelled.

    Raises:
        SceneFormatError: unknown or read-only format, or the disk refuses.
    """
    path = Path(path)
    chosen = writable_format(path, format)
    assert chosen.write is not None
    try:
        with replacing(path) as temporary:
            chosen.write(splats, temporary, progress)
    except SceneFormatError as error:  # of a file that nobody has heard of
        raise SceneFormatError(path, error.field, error.problem, error.fix) from error
    except OSError as error:
        raise SceneFormatError(
            path,
            "file",
            f"cannot be written: {error.strerror or error}",
            "Check that the folder exists, is writable and has room.",
        ) from error


def writable_format(path: Path, name: str | None = None) -> Format:
    """The format that `save` would write, by name or by the extension of `path`.

    Raises:
        SceneFormatError: unknown or read-only format.
    """
    writable = {f.name: f for f in FORMATS.values() if f.write is not None}
    hint = f"Voile writes {', '.join(f'{f.name} ({f.extensions[0]})' for f in writable.values())}."
    if name is not None:
        if name not in writable:
            raise SceneFormatError(path, "format", f"{name!r} cannot be written", hint)
        return writable[name]
    # Plain PLY before formats that share its extension: the longest extension wins.
    fitting = [
        (len(e), f)
        for f in writable.values()
        for e in f.extensions
        if path.name.lower().endswith(e)
    ]
    if not fitting:
        raise SceneFormatError(path, "extension", f"{path.suffix!r} names no written format", hint)
    return max(fitting, key=lambda pair: pair[0])[1]


def _read_head(path: Path) -> bytes:
    try:
        if path.is_dir():
            return b""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise _not_opened(path, error) from error
    if not head:
        raise SceneFormatError(path, "file", "is empty", "Download or export it again.")
    return head


def _not_opened(path: Path, error: OSError) -> SceneFormatError:
    return SceneFormatError(
        path, "file", f"cannot be opened: {error.strerror or error}", "Check the path."
    )


def _looks_like(head: bytes) -> str:
    """What a file that is no scene seems to be, for the error text."""
    known = {
        b"\xff\xd8\xff": "a JPEG image",
        b"\x89PNG": "a PNG image",
        b"GIF8": "a GIF image",
        b"%PDF": "a PDF document",
        b"<!DOCTYPE": "a web page",
        b"<html": "a web page",
        b"glTF": "a binary glTF model",
        b'{"voile":': "a session of Voile's window (`voile view` opens it)",
        b"VOILEVIS": "an image made of splats (`voile view` and `voile render` open it)",
    }
    for magic, what in known.items():
        if head.startswith(magic):
            return f"; it looks like {what}"
    return ""
