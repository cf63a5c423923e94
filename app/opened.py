"""`OpenedScene`: a scene with what the window needs to show it, opened in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..render.views import bounding_sphere
from ..scenes.material_names import coat_named
from ..scenes.mesh import Mesh
from ..scenes.progress import Progress, silent
from ..scenes.scene import Scene, open_scene
from . import session_file
from .session_file import SUFFIX, Restored


@dataclass(frozen=True, eq=False)
class OpenedScene:
    """A scene ready to be shown, with what its navigation needs.

    Attributes:
        scene: the scene.
        source: what was asked for, a path or the name of a scene of Voile's own.
        center, radius: bounding sphere without outliers, world units.
        meshes: those that are in it.
        document: the same object for a scene and its edited versions.
        base: the first scene of a session file, where that was opened.
        restored: how a session was seen.
        recovered: whether it was kept by itself, and no person has saved it.
    """

    scene: Scene
    source: str
    center: NDArray[np.float64]
    radius: float
    meshes: tuple[Mesh, ...] = ()
    document: object = field(default_factory=object)
    base: str = ""
    restored: Restored | None = None
    recovered: bool = False


def open_for_window(
    source: str,
    progress: Progress = silent,
    weights: Path | None = None,
    meshes: Sequence[Path] = (),
    material: str | None = None,
) -> OpenedScene:
    """Opens a scene and measures it; for a thread. Arguments and errors as `open_scene`.

    `material` is what all of it is made of, a name or a .vnm file; MaterialError where it is none.
    """
    restored, base, path = None, "", Path(source)
    if path.suffix.lower() == SUFFIX:
        scene, restored = session_file.read(path, progress)
        base = scene.source
    else:
        scene = open_scene(source, progress, weights=weights, meshes=meshes)
    if material is not None:
        scene = scene.with_look(coat_named(material), scene.lights)
    progress(1.0, "Finding the scene's extent")
    center, radius = bounding_sphere(scene.content)
    recovered = restored is not None and path.name.startswith("recovered-")
    return OpenedScene(
        *(scene, source, center, radius, scene.meshes),
        base=base,
        restored=restored,
        recovered=recovered,
    )
