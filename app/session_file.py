"""The session file `.voile`: which scenes are open, what was done to them, how they are seen.

JSON. Splats stay in their files: a node names its source and a digest of its centres, by which a
file that was changed since is noticed. Masks are one bit a splat, compressed by zstd, in base64.
Materials stay in theirs: a coat is a name of the library or a .vnm file. So do meshes: they are
read as they are by then.

Version 1 had no nodes of meshes: those of the scene were there, and files beside it in a list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ..render.camera_path import Key, keys_as_numbers, keys_from_numbers
from ..scenes.atomic import replacing
from ..scenes.builtin import SCENES
from ..scenes.errors import Cancelled, SceneFormatError, VoileError
from ..scenes.io.hdr import environment_named
from ..scenes.json_text import JsonError, decode
from ..scenes.lights import SKY, Lamp, Lights
from ..scenes.progress import Progress, silent
from ..scenes.scene import Scene
from .bookmarks import Bookmark
from .navigation import View
from .session_nodes import SavedNode, Sources, found, saved

SUFFIX = ".voile"
VERSION = 2

_MOST_BYTES = 256 << 20  # of a session file


class _File(msgspec.Struct):
    voile: int
    name: str
    source: str
    nodes: list[SavedNode]
    settings: dict[str, Any] = {}
    view: View | None = None
    material: str = ""
    environment: str = SKY  # or a file
    lamps: list[Lamp] = []
    meshes: list[str] = []  # of version 1
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
    source = source if source in SCENES else str(Path(source).absolute())
    coat, lights = scene.coat, scene.lights
    nodes = [saved(node) for node in scene.nodes]
    file = _File(VERSION, scene.name, source, nodes, seen.settings, seen.view)
    file.material = coat.source if coat else ""
    file.environment, file.lamps = lights.environment.source, list(lights.lamps)
    file.bookmarks = list(seen.bookmarks)
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
    if not 1 <= file.voile <= VERSION:
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
    sources = Sources(path, file.source, progress)
    base = sources.scene(file.source)
    if file.voile == 1:
        nodes = [sources.node(spec) for spec in file.nodes if spec.poster or spec.count]
        nodes += [node for node in base.nodes if node.meshes is not None]
        for source in file.meshes:
            node = sources.meshes(source, "", base.splats.up)
            nodes.append(node.copied(node.name))
    else:
        nodes = [sources.node(spec) for spec in file.nodes]
    scene = replace(base, name=file.name, nodes=tuple(nodes))
    coat = sources.coat(file.material) if file.material else None
    # Once the sky had no name.
    around = environment_named(found(file.environment, path) if file.environment else SKY)
    scene = scene.with_look(coat, Lights(around, tuple(file.lamps)))
    keys = keys_from_numbers(file.path)
    return scene, Restored(file.settings, file.view, tuple(file.bookmarks), keys)
