"""`Baker`: finds the weights of the open scene in a thread, and keeps them in its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..render.views import from_viewpoint
from ..scenes.errors import SceneFormatError
from ..scenes.oit_file import save_weights
from ..scenes.progress import Progress
from ..scenes.scene import Scene
from ..scenes.splats import Splats
from ..scenes.viewpoint import Viewpoint
from .tasks import OneTask, Task

LEARN_SECONDS = 600.0
"""How long learning goes on unless it is stopped."""


@dataclass(frozen=True, eq=False)
class Baked:
    """What was found.

    Attributes:
        part: the field of `Splats` that it was for.
        before, after: the scene; the same one where nothing better was found.
        path: where the weights are kept.
        unsaved: why they are not, None where they are.
        gain: dB against the sorted picture before and after learning, over views that were not
            learned from; None where nothing was learned.
    """

    part: str
    before: Splats
    after: Splats
    path: Path
    unsaved: SceneFormatError | None
    gain: tuple[float, float] | None = None

    def better(self, part: str) -> bool:
        """Whether a part of the weights is a new one."""
        return getattr(self.after, part) is not getattr(self.before, part)


class Baker(OneTask):
    """One bake at a time. What is found is kept even where it is cancelled, or the window closed.

    Signals:
        baked: the Baked.
    """

    baked = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._splats: Splats | None = None

    @property
    def splats(self) -> Splats | None:
        """The scene that something is baked for."""
        return self._splats if self.running else None

    def start(self, scene: Scene, part: str) -> None:
        """Finds better weights of a scene; `part`: the field of `Splats` to fill."""
        if self.running:
            return
        splats, viewpoints = scene.splats, list(scene.viewpoints.values())
        path = scene.weights
        assert path is not None  # whatever was opened has a place for them

        def work(progress: Progress) -> Baked:
            return bake(splats, part, viewpoints, path, progress)

        self._splats = splats
        task = Task("baking", work, self, keep=True)
        task.done.connect(self.baked)
        self._run(task, "Getting ready")


def bake(
    splats: Splats, part: str, viewpoints: Sequence[Viewpoint], path: Path, progress: Progress
) -> Baked:
    """For a thread: finds and saves. Raises as `improved`; that they cannot be saved is told."""
    from ..render import baking  # loads Numba and the kernels

    anchors = [from_viewpoint(each, *baking.SIZE) for each in viewpoints]
    checks = []
    after = baking.improved(splats, part, anchors, progress, seconds=LEARN_SECONDS, history=checks)
    unsaved = None
    if after is not splats:
        try:
            save_weights(after, path)
        except SceneFormatError as error:
            fix = (
                "Make the folder writable; or keep them elsewhere by `voile bake SCENE -o FILE` "
                "and open the scene by `voile view SCENE --weights FILE`."
            )
            unsaved = SceneFormatError(error.path, error.field, error.problem, fix)
    gain = (checks[0].quality, max(each.quality for each in checks)) if checks else None
    return Baked(part, splats, after, path, unsaved, gain)
