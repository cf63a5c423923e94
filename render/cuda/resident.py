"""`Resident`: what of a scene is on the GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.sources import STORAGES
from ...scenes.splats import Splats
from .frame import DeviceScene
from .packing import pack_colors, pack_shapes, scale_range
from .plan import Tensor
from .work import Work

SMALL = 1 << 20
"""Bytes of an array that is copied by way of pinned memory, so that nobody waits."""


class Resident:
    """Splats as kernels read them, and other arrays of a scene; each is copied once.

    Args:
        work: which copies them.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._scenes: WeakKeyDictionary[Splats, DeviceScene] = WeakKeyDictionary()
        self._arrays: dict[Any, tuple[ReferenceType[NDArray[Any]], Tensor]] = {}
        self._made: dict[str, tuple[Any, tuple[Tensor, ...]]] = {}

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
            self.array(splats.means),
            to_device(pack_shapes(splats, span, storage)),
            to_device(pack_colors(splats.sh, storage)),
            STORAGES.index(storage),
            *span,
            splats.kind != "3d",
        )
        self._scenes[splats] = scene
        return scene

    def array(self, array: NDArray[Any], dtype: Any = None) -> Tensor:
        """Any other array, for as long as it lives: lights, meshes and settings come and go."""
        key = id(array), dtype
        if key not in self._arrays:
            sent = self._copy(np.asarray(array, dtype))
            self._arrays[key] = ref(array, lambda _: self._arrays.pop(key, None)), sent
        return self._arrays[key][1]

    def made(
        self, name: str, key: Any, make: Callable[[], tuple[NDArray[Any], ...]]
    ) -> tuple[Tensor, ...]:
        """Arrays that are made of something else, which `key` holds and tells from others."""
        known = self._made.get(name)
        if known is None or known[0] != key:
            self._made.pop(name, None)  # the memory is free before more is asked for
            known = self._made[name] = key, tuple(map(self._copy, make()))
        return known[1]

    def clear(self) -> None:
        """Lets go of everything."""
        self._scenes.clear()
        self._arrays.clear()
        self._made.clear()

    def _copy(self, array: NDArray[Any]) -> Tensor:
        return self._work.send(array) if array.nbytes < SMALL else self._work.to_device(array)
