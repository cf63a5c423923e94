"""Reading the cameras of captures: where photographs were taken. One module for each format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...captured import CapturedView
from ...errors import SceneFormatError
from . import colmap, inria, transforms

__all__ = ["FORMATS", "CameraFormat", "load_views", "recognised"]


@dataclass(frozen=True)
class CameraFormat:
    """A format of camera files.

    Attributes:
        name: short id.
        title: for people.
        sniff: (path, its first bytes, b"" for a folder) -> is it this format, by content.
        read: the reader; raises SceneFormatError.
    """

    name: str
    title: str
    sniff: Callable[[Path, bytes], bool]
    read: Callable[[Path], list[CapturedView]]


FORMATS: dict[str, CameraFormat] = {
    f.name: f
    for f in (
        CameraFormat("inria", "cameras.json (INRIA)", inria.sniff, inria.read),
        CameraFormat("nerf", "transforms.json (NeRF)", transforms.sniff, transforms.read),
        CameraFormat("colmap", "COLMAP (binary and text)", colmap.sniff, colmap.read),
    )
}
"""All formats by name, in the order in which they are tried."""

_HEAD = 4096


def load_views(path: str | Path) -> list[CapturedView]:
    """The photographs that a camera file, or a folder of COLMAP's, describes.

    Raises:
        SceneFormatError: no such file, none of the formats, damaged, or a lens that is no pinhole;
            names file, field and fix.
    """
    path = Path(path)
    chosen = _detect(path)
    if chosen is None:
        raise SceneFormatError(
            path,
            "content",
            "holds no cameras in any format Voile reads",
            f"Voile reads {', '.join(f.title for f in FORMATS.values())}.",
        )
    try:
        views = chosen.read(path)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the disk and retry."
        ) from error
    if not views:
        raise SceneFormatError(
            path, "cameras", "there are none", "Export the cameras of the photographs again."
        )
    return views


def recognised(path: Path) -> bool:
    """Whether a file or folder looks like one of these; False too where it cannot be read."""
    try:
        return _detect(path) is not None
    except SceneFormatError:
        return False


def _detect(path: Path) -> CameraFormat | None:
    try:
        head = b""
        if not path.is_dir():
            with path.open("rb") as file:
                head = file.read(_HEAD)
            if not head:
                raise SceneFormatError(path, "file", "is empty", "Download or export it again.")
        return next((f for f in FORMATS.values() if f.sniff(path, head)), None)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be opened: {error.strerror or error}", "Check the path."
        ) from error
