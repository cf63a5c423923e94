"""Baking a scene: the pictures its weights are found from, for command line and window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..scenes.errors import VoileError
from ..scenes.oit import OitWeights
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .descend import descend
from .fit import fit
from .learn import Check, check_torch, learn
from .sample_views import sample_views

SIZE, LARGE = (320, 180), (640, 360)
"""Of the pictures that weights are found from, pixels. The fit takes large ones, in which splats
cover enough pixels to be measured; learning takes both, for its weights should not hold at one size
only."""

FIT_VIEWS, LEARN_VIEWS, CHECK_VIEWS, HELD_VIEWS = 96, 600, 10, 16
"""Cameras to fit to, to learn from, to choose the best by, and to report on: all different ones."""


class BakeError(VoileError):
    """Nothing can be baked as asked; the text says what would work."""


@dataclass(frozen=True, eq=False)
class Bakery:
    """Finds the weights of one scene.

    Attributes:
        splats: the scene.
        anchors: cameras that people are known to look from; half of all views are near them.
    """

    splats: Splats
    anchors: Sequence[Camera] = ()

    def __post_init__(self) -> None:
        if len(self.splats) == 0:
            raise BakeError("the scene has no splats to bake anything for")

    def fit(self, progress: Progress = silent, *, keep_best: bool = False) -> OitWeights:
        """Weights of mode `weighted`; arguments and errors as `fit` and `descend`."""
        views, first = self._sample(FIT_VIEWS, 1), 0.4
        large = [each.resized(*LARGE) for each in views[: FIT_VIEWS // 2]]
        start = fit(
            *(self.splats, large, lambda part, stage: progress(first * part, stage)),
            keep_best=keep_best,
        )
        return descend(
            *(self.splats, start, views),
            lambda part, stage: progress(first + (1.0 - first) * part, stage),
            keep_best=keep_best,
        )

    def learn(
        self,
        start: OitWeights,
        seconds: float,
        progress: Progress = silent,
        history: list[Check] | None = None,
        *,
        steps: int | None = None,
    ) -> OitWeights:
        """Weights of mode `learned`, found from others; as `learn`."""
        views, checked = self._sample(LEARN_VIEWS, 2), self._sample(CHECK_VIEWS, 3)
        return learn(
            *(self.splats, start, views, checked, progress),
            seconds=seconds,
            steps=steps,
            history=history,
        )

    def held_back(self) -> list[Camera]:
        """Cameras that no weights were found from."""
        large = [each.resized(*LARGE) for each in self.anchors]
        return [*self._sample(HELD_VIEWS, 4), *large]

    def _sample(self, count: int, seed: int) -> list[Camera]:
        cameras = sample_views(self.splats, count, seed=seed, size=SIZE, anchors=self.anchors)
        # In twos, for every second one may be near an anchor.
        return [c.resized(*LARGE) if k & 2 else c for k, c in enumerate(cameras)]


def improved(
    splats: Splats,
    part: str,
    anchors: Sequence[Camera] = (),
    progress: Progress = silent,
    *,
    seconds: float = 600.0,
    history: list[Check] | None = None,
) -> Splats:
    """The scene with better weights: what cancelling leaves unfinished counts too.

    Args:
        splats: the scene; weights that it has are what learning begins with.
        part: "fitted" or "learned", a field of `Splats`.
        anchors: as in `Bakery`.
        progress: reports progress with the dB so far; where it raises Cancelled, the best so far is
            taken.
        seconds: how long to learn.
        history: is filled with every check of what was learned, the first one of its start.

    Returns:
        `splats` itself where nothing better was found.

    Raises:
        Cancelled: there was nothing yet that could be kept.
        BakeError: there is nothing to bake, or no PyTorch to learn with.
    """
    bakery = Bakery(splats, anchors)
    if part == "fitted":
        return replace(splats, fitted=bakery.fit(progress, keep_best=True))
    check_torch()  # before a fit that would be for nothing
    fitted, begun = splats.fitted, 0.0
    if fitted is None:
        begun = 0.1
        fitted = bakery.fit(lambda part, stage: progress(begun * part, stage), keep_best=True)
        splats = replace(splats, fitted=fitted)
    start = splats.learned or fitted
    learned = bakery.learn(
        start,
        seconds,
        lambda part, stage: progress(begun + (1.0 - begun) * part, stage),
        history,
    )
    return splats if learned is start else replace(splats, learned=learned)
