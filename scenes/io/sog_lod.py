"""Streamed SOG: `lod-meta.json` names levels of detail, each made of SOG folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import Splats
from .sog_meta import parse_json
from .sog_source import FolderSource, Source

ReadScene = Callable[[Path, Source, bytes, Progress, bool], Splats]


class _Part(msgspec.Struct):
    file: int


class _Node(msgspec.Struct):
    lods: dict[str, _Part] = {}
    children: list[_Node] = []


class _Lod(msgspec.Struct):
    filenames: list[str]
    tree: _Node


def is_lod(text: bytes) -> bool:
    """Whether a JSON text is a `lod-meta.json`."""
    return b'"filenames"' in text and b'"tree"' in text


def read_finest(
    path: Path, text: bytes, read_scene: ReadScene, progress: Progress, drop_invalid: bool
) -> Splats:
    """The finest level whose files are all there; a note says which levels are and which is opened.

    Raises:
        SceneFormatError: no level is complete, or a file of the level is bad.
    """
    lod = parse_json(path, path.name, text, _Lod)
    levels = _levels(path, lod)
    root = path.parent
    present = {
        level: all((root / lod.filenames[file]).is_file() for file in files)
        for level, files in levels.items()
    }
    complete = [level for level in sorted(levels) if present[level]]
    if not complete:
        raise SceneFormatError(
            path, "filenames", "no level of detail is complete", "Copy the whole folder."
        )
    finest = complete[0]
    parts = []
    for file in sorted(levels[finest]):
        meta = root / lod.filenames[file]
        if not meta.resolve().is_relative_to(root.resolve()):
            raise SceneFormatError(
                path, "filenames", f"{lod.filenames[file]!r} lies outside", "Export it again."
            )
        parts.append(
            read_scene(
                meta, FolderSource(meta, meta.parent), meta.read_bytes(), progress, drop_invalid
            )
        )
    missing = [level for level in sorted(levels) if not present[level]]
    note = f"level of detail {finest} of {', '.join(map(str, sorted(levels)))}"
    if missing:
        note += f"; not there: {', '.join(map(str, missing))}"
    splats = _joined(path, parts)
    return replace(splats, notes=(*splats.notes, note))


def _levels(path: Path, lod: _Lod) -> dict[int, set[int]]:
    """The files of each level of detail, 0 the finest."""
    levels: dict[int, set[int]] = {}
    nodes = [lod.tree]
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children)
        for name, part in node.lods.items():
            if not name.isdigit() or len(name) > 3 or not 0 <= part.file < len(lod.filenames):
                raise SceneFormatError(
                    path, "tree", f"level {name!r} names file {part.file}", "Export it again."
                )
            levels.setdefault(int(name), set()).add(part.file)
    return levels


def _joined(path: Path, parts: list[Splats]) -> Splats:
    if len(parts) == 1:
        return parts[0]
    if len({(part.sh_degree, part.kind, part.antialiased) for part in parts}) > 1:
        raise SceneFormatError(
            path, "filenames", "the files of a level differ in kind", "Export it again."
        )
    columns = ("means", "quats", "scales", "opacities", "sh")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return replace(parts[0], **joined)
