"""What is worked out once per scene and used by every renderer of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SH_C0
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .cells import Cells, build_cells
from .once import Once
from .views import bounding_sphere


class SceneFacts:
    """Facts of a scene, found when first asked for. Immutable as the scene is.

    May be asked by several threads at once; what takes long is made by one of them.

    Attributes:
        memo: what others keep here by name: found from centres, shapes and colours alone.
    """

    def __init__(self, splats: Splats) -> None:
        self._splats = ref(splats)  # the facts must not keep alive what they are kept for
        self._cells: Once[Cells] = Once()
        self._relearned: Once[Splats | None] = Once()
        self.memo: dict[str, Any] = {}

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

    @property
    def cells(self) -> Cells:
        """The scene in cells; made within seconds when first asked for."""
        return self.make_cells()

    @property
    def has_cells(self) -> bool:
        """Whether the cells are made."""
        return self._cells.made

    def make_cells(self, progress: Progress = silent) -> Cells:
        """The scene in cells. Raises Cancelled where `progress` does; nothing is kept then."""
        return self._cells.get(lambda report: build_cells(self.splats, report), progress)

    @property
    def relearned(self) -> Splats | None:
        """The scene with the opacities and colours that were learned; None where none were."""
        return self._relearned.get(lambda _: _relearn(self.splats))

    @property
    def has_relearned(self) -> bool:
        """Whether `relearned` is made."""
        return self._relearned.made

    def adopt(self, other: SceneFacts) -> None:
        """Takes over what is known of a scene that differs in its weights or materials alone."""
        if "_sphere" in other.__dict__:
            self.__dict__["_sphere"] = other._sphere
        if other.has_cells:
            self._cells.put(other.cells)
        self.memo = other.memo


def _relearn(splats: Splats) -> Splats | None:
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
    with _LOCK:
        facts = _KNOWN.get(splats)
        if facts is None:
            facts = _KNOWN[splats] = SceneFacts(splats)
        return facts


_LOCK = threading.Lock()
_KNOWN: WeakKeyDictionary[Splats, SceneFacts] = WeakKeyDictionary()
