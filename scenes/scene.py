"""`Scene`: what a user opens; splats with a name, their origin and places to look from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import builtin
from .io import detect, load
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

    Raises:
        SceneFormatError: the file is no scene; names file, field and fix.
        Cancelled: `progress` asked for it.
    """
    if str(source) == BUILTIN:
        splats = builtin.make_scene(progress=progress)
        return Scene("Built-in scene", splats, "generated", None, dict(builtin.VIEWPOINTS))
    path = Path(source)
    title = detect(path).title
    return Scene(path.name, load(path, progress, drop_invalid=drop_invalid), title, path)
