"""`Mode`: what a blending mode is to the renderers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...scenes.progress import Progress
from ...scenes.splats import Splats
from ..scene_facts import SceneFacts
from .layers import Canvas, Layers


def _scene_itself(facts: SceneFacts) -> Splats:
    return facts.splats


@dataclass(frozen=True)
class Mode:
    """A blending mode.

    Attributes:
        name: as in `Settings.mode`.
        summary: one line for menus and help.
        composite: the definition in float64: fills a canvas from the layers of a frame.
        settings: names of the settings that only this mode reads.
        accumulates: frames of other seeds average to a better picture.
        scene: the splats that are drawn, where they are not the scene's own.
        rows: which splats of the scene these are, where they are the same in another order.
        lacks: what a scene must have and this one has not, as a sentence with the remedy, or None.
        prepared: whether a frame can be drawn at once. Drawing prepares where nobody has; a window
            must not wait for that.
        prepare: makes what the scene needs first, for a thread; may be cancelled by its progress.
        weights: the field of `Splats` that serves this mode and that `voile bake` fills, or "".
    """

    name: str
    summary: str
    composite: Callable[[Layers, Canvas], None]
    settings: tuple[str, ...] = ()
    accumulates: bool = False
    scene: Callable[[SceneFacts], Splats] = _scene_itself
    rows: Callable[[SceneFacts], NDArray[np.integer] | None] = lambda facts: None
    lacks: Callable[[SceneFacts], str | None] = lambda facts: None
    prepared: Callable[[SceneFacts], bool] = lambda facts: True
    prepare: Callable[[SceneFacts, Progress], object] = lambda facts, progress: None
    weights: str = ""

    def in_order(self, facts: SceneFacts) -> Splats:
        """The splats that are drawn, in the order of the scene's: what is painted on them is made
        from these."""
        return self.scene(facts) if self.rows(facts) is None else facts.splats
