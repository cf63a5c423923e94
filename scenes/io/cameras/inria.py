"""`cameras.json`, as INRIA's trainer and its descendants write it beside a scene.

A list of `{id, img_name, width, height, position, rotation, fx, fy}`: `rotation` (3x3) turns camera
axes (OpenCV) into the world, `position` is where the camera stands, the principal point is in the
middle (Kerbl et al. 2023, `camera_to_JSON`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ...captured import CapturedView
from ...errors import SceneFormatError
from .common import MAX_SIDE, MOST_VIEWS, decode_json, find_image, pinhole, too_many

_Row = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
_Rows = Annotated[list[_Row], msgspec.Meta(min_length=3, max_length=3)]


class _Entry(msgspec.Struct):
    width: int
    height: int
    position: _Row
    rotation: _Rows
    fx: float
    fy: float
    id: int = 0
    img_name: str = ""


def sniff(path: Path, head: bytes) -> bool:
    """A JSON list whose first entry has a rotation or a position."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"[") and (b'"rotation"' in text or b'"position"' in text)


def read(path: Path) -> list[CapturedView]:
    """All views of the file. Raises SceneFormatError."""
    entries = decode_json(path, list[_Entry])
    if len(entries) > MOST_VIEWS:
        raise too_many(path, len(entries))
    folders = [path.parent, *(path.parent / name for name in ("images", "input"))]
    source = _source_path(path.parent / "cfg_args")
    if source is not None:
        folders.append(source / "images")
    views: list[CapturedView] = []
    for k, entry in enumerate(entries):
        name = entry.img_name or f"{entry.id}"
        pose = np.eye(4)
        pose[:3, :3] = np.array(entry.rotation).T
        with np.errstate(all="ignore"):
            pose[:3, 3] = -pose[:3, :3] @ np.array(entry.position)
        # Sides are of any size, and halves are not: what is out of range is refused below.
        cx, cy = (min(max(side, 0), MAX_SIDE) / 2 for side in (entry.width, entry.height))
        lens = (entry.fx, entry.fy, cx, cy)
        image = find_image(entry.img_name, folders)
        try:
            views.append(pinhole(path, name, (entry.width, entry.height), lens, pose, image))
        except SceneFormatError as error:
            raise SceneFormatError(path, f"[{k}]", error.problem, error.fix) from None
    return views


def _source_path(arguments: Path) -> Path | None:
    """Where the trainer's own note says the photographs were; the note is Python, never run."""
    try:
        with arguments.open(encoding="utf-8") as file:
            text = file.read(1 << 16)
    except (OSError, UnicodeDecodeError):
        return None
    _, found, rest = text.partition("source_path='")
    return Path(rest.partition("'")[0]) if found else None
