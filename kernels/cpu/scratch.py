"""Memory that is kept between frames."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Named buffers that grow and are reused: fresh pages cost more than the work done on them.

    Serves one frame at a time, whose threads may ask for different names at once. An array is valid
    until its name is asked for again.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[Any]] = {}

    def array(self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An uninitialised C-contiguous array."""
        shape = (shape,) if isinstance(shape, int) else shape
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) < size or buffer.dtype != dtype:
            # An eighth more, so that a camera flight does not allocate at every frame.
            buffer = self._buffers[name] = np.empty(size + size // 8, dtype)
        return buffer[:size].reshape(shape)
