"""`Scene`: what a user opens; splats with a name, their origin and places to look from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from . import builtin
from .errors import SceneFormatError
from .io import detect, load
from .oit_file import load_weights, weights_path
from .progress import Progress, silent
from .splats import Splats
from .viewpoint import Viewpoint

BUILTIN = "builtin"
"""The name that opens Voile's own scene wherever a scene path is expected."""


@dataclass(frozen=True, eq=False)
class Scene:
    """An opened scene.

    Attributes:
        name: for titles.
        splats: what is drawn.
        format: title of the file's format.
        path: the file or folder, None for the built-in scene.
        viewpoints: places to look from that came with the scene, by name; the first is the start.
    """

    name: str
    splats: Splats
    format: str
    path: Path | None = None
    viewpoints: dict[str, Viewpoint] = field(default_factory=dict)


def open_scene(
    source: str | Path, progress: Progress = silent, *, drop_invalid: bool = False
) -> Scene:
    """Opens a scene file or folder, or the built-in scene by the name "builtin".

    Weights that `voile bake` has put beside the scene come with it.

    Raises:
        SceneFormatError: the file is no scene; names file, field and fix.
        Cancelled: `progress` asked for it.
    """
    if str(source) == BUILTIN:
        splats = _with_weights(builtin.make_scene(progress=progress), None)
        return Scene("Built-in scene", splats, "generated", None, dict(builtin.VIEWPOINTS))
    path = Path(source)
    title = detect(path).title
    splats = _with_weights(load(path, progress, drop_invalid=drop_invalid), path)
    return Scene(path.name, splats, title, path)


def _with_weights(splats: Splats, path: Path | None) -> Splats:
    """The scene with the weights that lie beside it; what is wrong with them becomes a note."""
    beside = weights_path(path)
    if not beside.is_file():
        return splats
    try:
        return load_weights(splats, beside)
    except SceneFormatError as error:
        return replace(splats, notes=(*splats.notes, f"weights not used: {error}"))
