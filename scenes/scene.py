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
        weights: the file that keeps its weights, whether it is there or not.
    """

    name: str
    splats: Splats
    format: str
    path: Path | None = None
    viewpoints: dict[str, Viewpoint] = field(default_factory=dict)
    weights: Path | None = None


def open_scene(
    source: str | Path,
    progress: Progress = silent,
    *,
    drop_invalid: bool = False,
    weights: Path | None = None,
) -> Scene:
    """Opens a scene file or folder, or the built-in scene by the name "builtin".

    Weights that `voile bake` has put beside the scene come with it.

    Args:
        source: what to open.
        progress: reports progress; may raise Cancelled.
        drop_invalid: leave out splats with values that are not finite.
        weights: a file to take the weights from instead; then it must be one, and of this scene.

    Raises:
        SceneFormatError: the file is no scene, or `weights` are not its; names file, field and fix.
        Cancelled: `progress` asked for it.
    """
    if str(source) == BUILTIN:
        path, name, title = None, "Built-in scene", "generated"
        splats, viewpoints = builtin.make_scene(progress=progress), dict(builtin.VIEWPOINTS)
    else:
        path = Path(source)
        name, title, viewpoints = path.name, detect(path).title, {}
        splats = load(path, progress, drop_invalid=drop_invalid)
    if weights is not None:
        splats, kept = load_weights(splats, weights), weights
    else:
        kept = weights_path(path)
        splats = _with_weights(splats, kept)
    return Scene(name, splats, title, path, viewpoints, kept)


def _with_weights(splats: Splats, beside: Path) -> Splats:
    """The scene with the weights that lie beside it; what is wrong with them becomes a note."""
    if not beside.is_file():
        return splats
    try:
        return load_weights(splats, beside)
    except SceneFormatError as error:
        return replace(splats, notes=(*splats.notes, f"weights not used: {error}"))
