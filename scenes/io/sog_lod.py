"""Streamed SOG: `lod-meta.json` names levels of detail, each made of SOG folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import Splats
from .sog_meta import parse_json, parse_meta, read_text
from .sog_scene import check_scene, read_scene
from .sog_source import FolderSource

_UNCHECKED = 100_000  # splats of a level that are read without looking at all of its files first
_AGAIN = "Export the scene again."


# Structs without the garbage collector's 16 bytes: JSON of many empty nodes grows the least.
class _Part(msgspec.Struct, gc=False):
    file: int


class _Node(msgspec.Struct, gc=False):
    lods: dict[str, _Part] | None = None
    children: list[_Node] | None = None


class _Lod(msgspec.Struct):
    filenames: list[str]
    tree: _Node
    environment: msgspec.Raw = msgspec.Raw(b"null")


def is_lod(text: bytes) -> bool:
    """Whether a JSON text is a `lod-meta.json`."""
    return b'"filenames"' in text and b'"tree"' in text


def read_finest(path: Path, text: bytes, progress: Progress, drop_invalid: bool) -> Splats:
    """The finest level whose files are all there; a note says which levels are and which is opened.

    Raises:
        SceneFormatError: no level is complete, or a file of the level is bad.
    """
    lod = parse_json(path, path.name, text, _Lod)
    levels = _levels(path, lod)
    lacking = {level: _first_missing(path, metas) for level, metas in levels.items()}
    complete = [level for level in sorted(levels) if lacking[level] is None]
    if not complete:
        name = next((lacking[level] for level in sorted(levels)), None)
        raise SceneFormatError(
            path,
            "filenames",
            "no level of detail is complete" + (f"; {name} is missing" if name else ""),
            "Copy the whole folder.",
        )
    finest = complete[0]
    splats = _read_level(path, levels[finest], progress, drop_invalid)
    missing = [level for level in sorted(levels) if lacking[level] is not None]
    note = f"level of detail {finest} of {', '.join(map(str, sorted(levels)))}"
    if missing:
        note += f"; not there: {', '.join(map(str, missing))}"
    notes = [*splats.notes, note]
    if bytes(lod.environment) != b"null":
        notes.append("its environment is not shown")
    return replace(splats, notes=tuple(notes))


def _levels(path: Path, lod: _Lod) -> dict[int, list[Path]]:
    """The meta.json files of each level of detail, 0 the finest, in the order of `filenames`."""
    levels: dict[int, set[int]] = {}
    nodes = [lod.tree]
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children or ())
        for name, part in (node.lods or {}).items():
            if not (name.isascii() and name.isdigit() and len(name) <= 3) or not (
                0 <= part.file < len(lod.filenames)
            ):
                raise SceneFormatError(
                    path, "tree", f"level {name[:20]!r} names file {part.file}", _AGAIN
                )
            levels.setdefault(int(name), set()).add(part.file)
    inside = FolderSource(path, path.parent)
    files = {
        level: [inside.locate(lod.filenames[k]) for k in sorted(indices)]
        for level, indices in levels.items()
    }
    for metas in files.values():
        # Otherwise a small file could name one scene a thousand times.
        if len({meta.parent for meta in metas}) < len(metas):
            raise SceneFormatError(
                path, "filenames", "names a folder twice in a level of detail", _AGAIN
            )
    return files


def _first_missing(path: Path, metas: list[Path]) -> str | None:
    """The first file of a level that is not there, None if all are."""
    for meta in metas:
        if not meta.is_file():
            return str(meta.relative_to(path.parent.resolve()))
        source = FolderSource(meta, meta.parent)
        try:
            names = parse_meta(meta, read_text(meta))[0].files()
            files = [source.locate(name) for name in names]
        except SceneFormatError:
            continue  # there, but bad: reading the level says what is wrong
        for file in files:
            if not file.is_file():
                return str(file.relative_to(path.parent.resolve()))
    return None


def _read_level(path: Path, metas: list[Path], progress: Progress, drop_invalid: bool) -> Splats:
    texts = [read_text(meta) for meta in metas]
    sources = [FolderSource(meta, meta.parent) for meta in metas]
    heads = [parse_meta(meta, text) for meta, text in zip(metas, texts)]
    if len({(head.version, head.model, head.antialias) for head, _ in heads}) > 1:
        raise SceneFormatError(path, "filenames", "the files of a level differ in kind", _AGAIN)
    # A file may turn out bad after others have filled memory, so all are looked at first.
    check_first = len(metas) > 1 and sum(count for _, count in heads) > _UNCHECKED
    steps = len(metas) * (2 if check_first else 1)

    def step(k: int) -> Progress:
        return lambda fraction, text: progress((k + fraction) / steps, text)

    if check_first:
        for k, (meta, source, text) in enumerate(zip(metas, sources, texts)):
            check_scene(meta, source, text, step(k))
    first = steps - len(metas)
    parts = [
        read_scene(meta, source, text, step(first + k), drop_invalid)
        for k, (meta, source, text) in enumerate(zip(metas, sources, texts))
    ]
    return _joined(parts)


def _joined(parts: list[Splats]) -> Splats:
    """All parts as one scene; harmonics that a part lacks are zero."""
    if len(parts) == 1:
        return parts[0]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("means", "quats", "scales", "opacities")
    }
    terms = max(part.sh.shape[1] for part in parts)
    sh = np.zeros((len(columns["means"]), terms, 3), np.float32)
    start = 0
    for part in parts:
        sh[start : start + len(part), : part.sh.shape[1]] = part.sh
        start += len(part)
    return replace(parts[0], **columns, sh=sh)
