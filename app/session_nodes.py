"""The nodes in a session file: `SavedNode`, and `Sources` that nodes are made from again."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec
import zstandard

from ..scenes.bits import Bits
from ..scenes.builtin import SCENES
from ..scenes.coat import Patch, Patches, rows_of
from ..scenes.dress import with_own_coats
from ..scenes.errors import SceneFormatError
from ..scenes.lights import SKY
from ..scenes.material_names import coat_named
from ..scenes.node import Edits, Node
from ..scenes.oit_file import fingerprint
from ..scenes.placement import Placement
from ..scenes.progress import Progress
from ..scenes.recolor import Recolor
from ..scenes.scene import mesh_file_node, open_scene, poster_node
from ..scenes.splats import Splats

_DIGESTS: WeakKeyDictionary[Splats, str] = WeakKeyDictionary()


class Mask(msgspec.Struct):
    """One bit for each of `size` rows."""

    size: int
    zstd: bytes


class SavedPatch(msgspec.Struct):
    """A `Patch`."""

    coat: str  # its source; empty for captured colours
    rows: Mask


class SavedNode(msgspec.Struct):
    """A `Node`: of splats unless it is a mesh or a poster."""

    name: str
    source: str
    count: int  # of splats or meshes
    digest: str
    visible: bool = True
    placement: Placement = Placement()
    recolor: Recolor = Recolor()
    rows: Mask | None = None
    deleted: Mask | None = None
    hidden: Mask | None = None
    selected: Mask | None = None
    coats: list[SavedPatch] = []
    stripped: bool = False
    mesh: bool = False
    part: str = ""  # which mesh of a scene of Voile's own
    up: tuple[float, float, float] = (0.0, -1.0, 0.0)  # of the scene that meshes are turned for
    poster: bool = False
    billboard: bool = False


def saved(node: Node) -> SavedNode:
    """What a session keeps of a node."""
    return SavedNode(
        node.name,
        node.source,
        node.wearers,
        _digest(node.splats),
        node.visible,
        node.edits.placement,
        node.edits.recolor,
        *map(_pack, (node.rows, node.edits.deleted, node.edits.hidden, node.selected)),
        coats=[
            SavedPatch(patch.coat.source if patch.coat else "", _packed(patch.rows))
            for patch in node.edits.coats
        ],
        stripped=node.edits.stripped,
        mesh=node.meshes is not None,
        part=_part(node),
        up=node.splats.up,
        poster=node.poster is not None,
        billboard=node.poster is not None and node.poster.billboard,
    )


class Sources:
    """What nodes are made from, each read once.

    Args:
        path: the session.
        base: the source of its scene.
        progress: reports progress; may raise Cancelled.

    Attributes:
        scene: a scene by its source.
        coat: a coat by its source.
        meshes: a node of meshes by source, part and up vector, as in a `SavedNode`.
    """

    def __init__(self, path: Path, base: str, progress: Progress) -> None:
        self._path, self._base, self._progress = path, base, progress
        self.scene = cache(lambda source: open_scene(found(source, path), progress))
        self.coat = cache(lambda source: coat_named(source, path))
        self.meshes = cache(self._read_meshes)
        self._splats = cache(self._read_splats)

    def node(self, spec: SavedNode) -> Node:
        """A node as it was.

        Raises:
            SceneFormatError: a source is gone or was changed, or the session is damaged.
            MaterialError: a material that this Voile does not have.
            VoileError: numbers that make no node.
        """
        if spec.poster:
            return self._poster(spec)
        return self._of_meshes(spec) if spec.mesh else self._of_splats(spec)

    def _read_splats(self, source: str) -> Node:
        """The splats of a source; those of another scene number that one's materials."""
        scene = self.scene(source)
        node = scene.nodes[0]
        return node if source == self._base else with_own_coats(node, scene.materials)

    def _read_meshes(self, source: str, part: str, up: tuple[float, float, float]) -> Node:
        if source not in SCENES:
            return mesh_file_node(found(source, self._path), up, self._progress)
        for node in self.scene(source).nodes:
            if node.meshes is not None and _part(node) == part:
                return node
        raise SceneFormatError(
            self._path, "part", f"{part!r} is no mesh of {source}", "Use the Voile that saved it."
        )

    def _of_splats(self, spec: SavedNode) -> Node:
        read, path = self._splats(spec.source), self._path
        rows = _unpack(spec.rows, len(read), path, "rows")
        splats = read.splats if rows is None else read.splats.take(rows.mask)
        worn = read.coats if rows is None else rows_of(read.coats, rows.mask)
        if len(splats) != spec.count or _digest(splats) != spec.digest:
            raise self._changed(spec)
        deleted, hidden, selected = (
            _unpack(getattr(spec, name), len(splats), path, name)
            for name in ("deleted", "hidden", "selected")
        )
        given = self._given(spec, len(splats))
        edits = Edits(spec.placement, spec.recolor, deleted, hidden, given, spec.stripped)
        return Node(spec.name, splats, spec.source, rows, spec.visible, edits, selected, coats=worn)

    def _of_meshes(self, spec: SavedNode) -> Node:
        read = self.meshes(spec.source, spec.part, spec.up)
        if spec.coats and spec.count != read.wearers:
            raise self._changed(spec)
        given = self._given(spec, read.wearers)
        edits = Edits(spec.placement, coats=given, stripped=spec.stripped)
        made = read.copied(spec.name)
        return replace(made, source=spec.source, visible=spec.visible, edits=edits)

    def _poster(self, spec: SavedNode) -> Node:
        from ..render.image.poster import load_poster  # kernels, which few sessions need

        poster = load_poster(found(spec.source, self._path))
        poster = replace(poster, billboard=spec.billboard)
        node = poster_node(spec.name, poster, spec.source, spec.placement)
        return replace(node, visible=spec.visible)

    def _given(self, spec: SavedNode, count: int) -> Patches:
        """What splats or meshes were given."""
        given = []
        for patch in spec.coats:
            bits = _unpack(patch.rows, count, self._path, "coats")
            if bits is not None:
                given.append(Patch(self.coat(patch.coat) if patch.coat else None, bits))
        return tuple(given)

    def _changed(self, spec: SavedNode) -> SceneFormatError:
        return SceneFormatError(
            self._path,
            "digest",
            f"{spec.source} is not the file that {spec.name} was made from",
            "Put the file back as it was, or open it anew.",
        )


def found(source: str, path: Path) -> str:
    """A source where it was, or else beside the session, which may have been moved with it."""
    if source not in (*SCENES, SKY) and not os.path.exists(source):  # of pathlib long names raise
        beside = path.parent / Path(source).name
        if os.path.exists(beside):
            return str(beside)
    return source


def _part(node: Node) -> str:
    """By which a mesh of a scene of Voile's own is found again."""
    if node.meshes is None or node.source not in SCENES:
        return ""
    return node.meshes.meshes[0].name


def _digest(splats: Splats) -> str:
    if splats not in _DIGESTS:
        _DIGESTS[splats] = fingerprint(splats)
    return _DIGESTS[splats]


def _pack(bits: Bits | None) -> Mask | None:
    return None if bits is None else _packed(bits)


def _packed(bits: Bits) -> Mask:
    return Mask(bits.size, zstandard.ZstdCompressor(level=3).compress(bits.packed))


def _unpack(mask: Mask | None, size: int, path: Path, name: str) -> Bits | None:
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
