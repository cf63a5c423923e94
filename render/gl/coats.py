"""Paint in GPU memory, in blocks beside those of the scene that is drawn."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from ..paint import Paint
from .drawing import Drawing
from .scene_buffers import SceneBuffers


class Coats:
    """The paint of a request, as `splat_paint.comp` reads it.

    Args:
        ctx: current context.
        paint: as many rows as the scene.
        rows: which row each splat of the scene that is drawn has; None where they are the same.
        scene: that is drawn.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        paint: Paint,
        rows: NDArray[np.integer] | None,
        scene: SceneBuffers,
    ) -> None:
        self._blocks: list[list[moderngl.Buffer]] = []
        try:
            for k in range(paint.coats):
                coat = paint.coat(k, rows)
                self._blocks.append([])
                for block in scene.blocks:
                    part = coat[block.first : block.first + block.count]
                    self._blocks[-1].append(ctx.buffer(part.tobytes()))
        except BaseException:
            self.release()
            raise

    def put_on(self, drawing: Drawing, k: int) -> None:
        """Gives the footprints of a frame the colours of a coat; the first goes on first."""
        # Whatever still reads the footprints of the coat before must have done so: Mesa draws late.
        drawing.ctx.memory_barrier()
        drawing.each("splat_paint.comp", {}, {}, self._blocks[k])

    def release(self) -> None:
        """Frees the memory."""
        for blocks in self._blocks:
            for buffer in blocks:
                buffer.release()
        self._blocks.clear()
