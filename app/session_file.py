"""The session file `.voile`: which scenes are open, what was done to them, how they are seen.

JSON. Splats stay in their files: a node names its source and a digest of its centres, by which a
file that was changed since is noticed. Masks are one bit a splat, compressed by zstd, in base64.
Materials stay in theirs: a coat is a name of the library or a .vnm file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import zstandard

from ..render.camera_path import Key, keys_as_numbers, keys_from_numbers
from ..scenes.atomic import replacing
from ..scenes.bits import Bits
from ..scenes.builtin import SCENES
from ..scenes.coat import Coat, Patch, rows_of
from ..scenes.dress import with_own_coats
from ..scenes.errors import Cancelled, SceneFormatError, VoileError
from ..scenes.io.hdr import environment_named
from ..scenes.json_text import JsonError, decode
from ..scenes.lights import SKY, Lamp, Lights
from ..scenes.material_names import coat_named
from ..scenes.node import Edits, Node
from ..scenes.oit_file import fingerprint
from ..scenes.placement import Placement
from ..scenes.progress import Progress, silent
from ..scenes.recolor import Recolor
from ..scenes.scene import Scene, meshes_for, open_scene, poster_node
from ..scenes.splats import Splats
from .bookmarks import Bookmark
from .navigation import View

SUFFIX = ".voile"
VERSION = 1

_MOST_BYTES = 256 << 20  # of a session file
_DIGESTS: WeakKeyDictionary[Splats, str] = WeakKeyDictionary()


class _Mask(msgspec.Struct):
    size: int
    zstd: bytes


class _Patch(msgspec.Struct):
    coat: str  # its source; empty for captured colours
    rows: _Mask


class _Node(msgspec.Struct):
    name: str
    source: str
    count: int
    digest: str
    visible: bool = True
    placement: Placement = Placement()
    recolor: Recolor = Recolor()
    rows: _Mask | None = None
    deleted: _Mask | None = None
    hidden: _Mask | None = None
    selected: _Mask | None = None
    coats: list[_Patch] = []
    stripped: bool = False
    poster: bool = False
    billboard: bool = False


class _File(msgspec.Struct):
    voile: int
    name: str
    source: str
    nodes: list[_Node]
    settings: dict[str, Any] = {}
    view: View | None = None
    material: str = ""
    environment: str = SKY  # or a file
    lamps: list[Lamp] = []
    meshes: list[str] = []
    bookmarks: list[Bookmark] = []
    path: list[Any] = []


@dataclass(frozen=True)
class Restored:
    """How a session was seen.

    Attributes:
        settings: those that are not the defaults.
        view: where from.
        bookmarks: views that were kept.
        keys: of the camera path.
    """

    settings: dict[str, Any]
    view: View | None
    bookmarks: tuple[Bookmark, ...] = ()
    keys: tuple[Key, ...] = ()


def check(scene: Scene) -> str | None:
    """Why a session of a scene cannot be kept, as a sentence, or None."""
    around = scene.lights.environment
    if nameless := [node.name for node in scene.nodes if not node.source]:
        return f"{nameless[0]} comes from no file; save it as one first."
    if not around.source:
        return f"The environment {around.name} comes from no file; choose one in panel Light."
    return None


def encode(scene: Scene, source: str, seen: Restored) -> bytes:
    """A session as the bytes of its file: its scene, opened from `source`, and how it is seen."""
    nodes = [
        _Node(
            node.name,
            node.source,
            len(node),
            _digest(node.splats),
            node.visible,
            node.edits.placement,
            node.edits.recolor,
            *map(_pack, (node.rows, node.edits.deleted, node.edits.hidden, node.selected)),
            coats=[
                _Patch(patch.coat.source if patch.coat else "", _packed(patch.rows))
                for patch in node.edits.coats
            ],
            stripped=node.edits.stripped,
            poster=node.poster is not None,
            billboard=node.poster is not None and node.poster.billboard,
        )
        for node in scene.nodes
    ]
    source = source if source in SCENES else str(Path(source).absolute())
    coat, lights = scene.coat, scene.lights
    file = _File(VERSION, scene.name, source, nodes, seen.settings, seen.view)
    file.material = coat.source if coat else ""
    file.environment, file.lamps = lights.environment.source, list(lights.lamps)
    file.meshes, file.bookmarks = list(scene.mesh_files), list(seen.bookmarks)
    file.path = keys_as_numbers(seen.keys)
    return msgspec.json.encode(file)


def write(data: bytes, path: Path) -> None:
    """Writes a session; the file appears whole or not at all. Raises SceneFormatError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be written: {error.strerror or error}", "Choose another folder."
        ) from error


def read(path: Path, progress: Progress = silent) -> tuple[Scene, Restored]:
    """Opens the scenes of a session and puts everything back that was done to them.

    Raises:
        SceneFormatError: no session, of a later version, or a source that is gone or was changed;
            likewise a material or an environment. It names the session or the source.
        Cancelled: `progress` asked for it.
    """
    try:
        return _opened(_decoded(path), path, progress)
    except (SceneFormatError, Cancelled):
        raise
    except VoileError as error:  # numbers that are those of a session, and make no scene
        raise SceneFormatError(
            path, "content", f"cannot be shown: {error}", "Open an earlier session."
        ) from error


def _decoded(path: Path) -> _File:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SceneFormatError(path, "size", "is more than 256 MB", "Open another file.")
        file = decode(path.read_bytes(), _File)
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    except JsonError as error:
        raise SceneFormatError(
            path,
            error.field or "content",
            f"is not that of a session: {error.problem}",
            "Open a file that Voile has saved.",
        ) from error
    if file.voile != VERSION:
        raise SceneFormatError(
            path, "voile", f"is {file.voile}, this Voile reads {VERSION}", "Use a newer Voile."
        )
    coats = [patch.coat for node in file.nodes for patch in node.coats]
    named = [file.source, file.environment, file.material, *file.meshes, *coats]
    if any("\0" in name for name in (*named, *(node.source for node in file.nodes))):
        raise SceneFormatError(
            path, "source", "has a zero byte, as no file's name", "Open an earlier session."
        )
    return file


def _opened(file: _File, path: Path, progress: Progress) -> tuple[Scene, Restored]:
    scenes: dict[str, Scene] = {}
    with_splats = [node.source for node in file.nodes if not node.poster]
    for source in (file.source, *with_splats):
        if source not in scenes:
            scenes[source] = open_scene(_found(source, path), progress)
    # Splats of another scene number that one's materials.
    read = {
        source: scene.nodes[0]
        if source == file.source
        else with_own_coats(scene.nodes[0], scene.materials)
        for source, scene in scenes.items()
    }
    coats = cache(lambda source: coat_named(source, path))
    nodes = tuple(
        _poster(each, path) if each.poster else _node(each, read[each.source], coats, path)
        for each in file.nodes
    )
    scene = replace(scenes[file.source], name=file.name, nodes=nodes)
    up = scene.splats.up
    placed = [m for each in file.meshes for m in meshes_for(_found(each, path), up, progress)]
    scene = scene.with_meshes((*scene.meshes, *placed), file.meshes)
    coat = coats(file.material) if file.material else None
    # Once the sky had no name.
    around = environment_named(_found(file.environment, path) if file.environment else SKY)
    scene = scene.with_look(coat, Lights(around, tuple(file.lamps)))
    keys = keys_from_numbers(file.path)
    return scene, Restored(file.settings, file.view, tuple(file.bookmarks), keys)


def _node(spec: _Node, read: Node, coats: Callable[[str], Coat], path: Path) -> Node:
    rows = _unpack(spec.rows, len(read), path, "rows")
    splats = read.splats if rows is None else read.splats.take(rows.mask)
    worn = read.coats if rows is None else rows_of(read.coats, rows.mask)
    if len(splats) != spec.count or _digest(splats) != spec.digest:
        raise SceneFormatError(
            path,
            "digest",
            f"{spec.source} is not the file that {spec.name} was made from",
            "Put the file back as it was, or open it anew.",
        )
    deleted, hidden, selected = (
        _unpack(getattr(spec, name), len(splats), path, name)
        for name in ("deleted", "hidden", "selected")
    )
    given = []
    for patch in spec.coats:
        bits = _unpack(patch.rows, len(splats), path, "coats")
        if bits is not None:
            given.append(Patch(coats(patch.coat) if patch.coat else None, bits))
    edits = Edits(spec.placement, spec.recolor, deleted, hidden, tuple(given), spec.stripped)
    return Node(spec.name, splats, spec.source, rows, spec.visible, edits, selected, coats=worn)


def _poster(spec: _Node, path: Path) -> Node:
    from ..render.image.poster import load_poster  # kernels, which few sessions need

    poster = replace(load_poster(_found(spec.source, path)), billboard=spec.billboard)
    node = poster_node(spec.name, poster, spec.source, spec.placement)
    return replace(node, visible=spec.visible)


def _found(source: str, path: Path) -> str:
    """A source where it was, or else beside the session, which may have been moved with it."""
    if source not in (*SCENES, SKY) and not os.path.exists(source):  # of pathlib long names raise
        beside = path.parent / Path(source).name
        if os.path.exists(beside):
            return str(beside)
    return source


def _digest(splats: Splats) -> str:
    if splats not in _DIGESTS:
        _DIGESTS[splats] = fingerprint(splats)
    return _DIGESTS[splats]


def _pack(bits: Bits | None) -> _Mask | None:
    return None if bits is None else _packed(bits)


def _packed(bits: Bits) -> _Mask:
    return _Mask(bits.size, zstandard.ZstdCompressor(level=3).compress(bits.packed))


def _unpack(mask: _Mask | None, size: int, path: Path, name: str) -> Bits | None:
    if mask is None:
        return None
    bytes_wanted = -(-size // 8)
    try:
        if mask.size != size:
            raise ValueError(f"is of {mask.size} splats, not {size}")
        with zstandard.ZstdDecompressor().stream_reader(mask.zstd) as stream:
            return Bits.unpack(stream.read(bytes_wanted + 1), size)
    except (ValueError, zstandard.ZstdError) as error:
        raise SceneFormatError(
            path, name, f"is damaged: {error}", "Open an earlier session, or the scene itself."
        ) from error
