"""What is worked out once per scene and used by every renderer of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SH_C0
from ..scenes.splats import Splats
from .cells import Cells, build_cells
from .views import bounding_sphere


class SceneFacts:
    """Facts of a scene, found when first asked for. Immutable as the scene is."""

    def __init__(self, splats: Splats) -> None:
        self._splats = ref(splats)  # the facts must not keep alive what they are kept for

    @property
    def splats(self) -> Splats:
        """The scene."""
        splats = self._splats()
        assert splats is not None, "facts are used only while their scene is held"
        return splats

    @cached_property
    def _sphere(self) -> tuple[NDArray[np.float64], float]:
        return bounding_sphere(self.splats)

    @property
    def center(self) -> NDArray[np.float64]:
        """(3,) centre of the scene's bounding sphere, world units."""
        return self._sphere[0]

    @property
    def radius(self) -> float:
        """Radius of the scene's bounding sphere, world units."""
        return self._sphere[1]

    @cached_property
    def cells(self) -> Cells:
        """The scene in cells; made within seconds when first asked for."""
        return build_cells(self.splats)

    @cached_property
    def relearned(self) -> Splats | None:
        """The scene with the opacities and colours that were learned; None where none were."""
        splats = self.splats
        learned = splats.learned
        if learned is None:
            return None
        changes = {}
        if learned.opacities is not None:
            changes["opacities"] = learned.opacities
        if learned.colors is not None:
            sh = splats.sh.copy()
            sh[:, 0] += learned.colors / np.float32(SH_C0)
            changes["sh"] = sh
        return replace(splats, **changes)


def facts_of(splats: Splats) -> SceneFacts:
    """The facts of a scene, kept for as long as the scene is."""
    facts = _KNOWN.get(splats)
    if facts is None:
        facts = _KNOWN[splats] = SceneFacts(splats)
    return facts


_KNOWN: WeakKeyDictionary[Splats, SceneFacts] = WeakKeyDictionary()
