"""`MaterialPreviews`: spheres of materials, drawn in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ..render.materials.quality import neural_surface, shown, sphere
from ..scenes.material import NeuralMaterial
from ..scenes.progress import Progress
from .tasks import OneTask, Task

SIZE = 96
"""Pixels along a side."""

_SAMPLES = 12  # of light, a pixel


@lru_cache(maxsize=64)
def preview(material: NeuralMaterial, size: int = SIZE) -> NDArray[np.uint8]:
    """(size, size, 4) a sphere under a sky, clear around it; drawn once."""
    picture = shown(sphere(neural_surface(material), max(material.size), size, _SAMPLES))
    y, x = np.mgrid[:size, :size] + 0.5 - size / 2
    # The last pixel of the sphere fades out: outside of it the picture is sky.
    alpha = np.clip(size / 2.2 - 0.5 - np.hypot(x, y), 0, 1)
    return (np.dstack([picture, alpha]) * 255 + 0.5).astype(np.uint8)


class MaterialPreviews(OneTask):
    """Draws previews one after the other.

    Signals:
        drawn: the material and its picture, as of `preview`.
    """

    drawn = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: list[NeuralMaterial] = []
        self.ended.connect(self._next)

    def ask(self, materials: Sequence[NeuralMaterial]) -> None:
        """Draws these as well; `drawn` follows for each."""
        self._wanted += materials
        self._next()

    def close(self, seconds: float) -> list[str]:
        """Draws no more of them."""
        self._wanted.clear()
        return super().close(seconds)

    def _next(self) -> None:
        if self.running or not self._wanted:
            return
        materials, self._wanted = self._wanted, []

        def work(progress: Progress) -> None:
            for k, material in enumerate(materials):
                progress(k / len(materials), f"Drawing {material.name}")
                self.drawn.emit(material, preview(material))

        self._run(Task("material previews", work, self), "Drawing previews")
