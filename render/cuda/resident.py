"""`Resident`: what of a scene is on the GPU."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.sources import STORAGES
from ...scenes.splats import Splats
from .frame import DeviceScene
from .packing import pack_colors, pack_shapes, scale_range
from .plan import Tensor
from .work import Work


class Resident:
    """Splats as kernels read them, and other arrays of a scene; each is copied once.

    Args:
        work: which copies them.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._scenes: WeakKeyDictionary[Splats, DeviceScene] = WeakKeyDictionary()
        self._arrays: dict[int, tuple[NDArray[Any], Tensor]] = {}

    def holds(self, splats: Splats, storage: str) -> bool:
        """Whether `scene` has nothing to copy."""
        known = self._scenes.get(splats)
        return known is not None and known.storage == STORAGES.index(storage)

    def scene(self, splats: Splats, storage: str) -> DeviceScene:
        """The splats, by setting `storage`."""
        known = self._scenes.get(splats)
        if known is not None and self.holds(splats, storage):
            return known
        span, to_device = scale_range(splats.scales), self._work.to_device
        self._scenes.pop(splats, None)
        scene = DeviceScene(
            known.means if known is not None else to_device(splats.means),
            to_device(pack_shapes(splats, span, storage)),
            to_device(pack_colors(splats.sh, storage)),
            STORAGES.index(storage),
            *span,
            splats.kind != "3d",
        )
        self._scenes[splats] = scene
        return scene

    def array(self, array: NDArray[Any], dtype: Any = None) -> Tensor:
        """Any other array. It is kept with its copy, so that its id is its own."""
        if id(array) not in self._arrays:
            sent = self._work.to_device(np.asarray(array, dtype))
            self._arrays[id(array)] = array, sent
        return self._arrays[id(array)][1]

    def clear(self) -> None:
        """Lets go of everything."""
        self._scenes.clear()
        self._arrays.clear()
