"""`GLMean`: the mean of frames that stays on the GPU."""

from __future__ import annotations

import moderngl

from ..renderer import RenderError
from .frame import GLFrame
from .programs import PIXEL_GROUP, Programs, set_uniforms
from .target import Target


class GLMean:
    """A `Mean` of a renderer's `GLFrame`s; the caller keeps its context current around every call.

    It is float32, and moves by a part of each frame: after a thousand of them it is within 1e-6 of
    their mean in float64.

    Args:
        ctx, programs: of the renderer, which outlives the mean.
    """

    def __init__(self, ctx: moderngl.Context, programs: Programs) -> None:
        self._ctx, self._programs = ctx, programs
        self._target: Target | None = None
        self._changes = 0  # a frame that shows the mean is valid while this is what it was

    def add(self, frame: GLFrame, count: int) -> GLFrame:
        """As `Mean.add`; the frame that is returned is valid until the next call of any method.

        Raises:
            RenderError: the driver has no memory for it.
        """
        self._changes += 1
        target = self._target_for(frame)
        pairs = [(frame.color, target.color, "rgba32f")]
        if frame.depth is not None and target.depth is not None:
            pairs.append((frame.depth, target.depth, "rg32f"))  # sums, whose quotient comes last
        for new, mean, layout in pairs:
            program = self._programs.compute("mean.comp", MEAN_FORMAT=layout)
            set_uniforms(program, share=1.0 / count)
            new.use(0)
            mean.bind_to_image(0, read=True, write=True)
            self._ctx.memory_barrier()
            program.run(-(-frame.width // PIXEL_GROUP), -(-frame.height // PIXEL_GROUP))
        self._ctx.memory_barrier()
        changes = self._changes
        return frame.shown_from(target, lambda: self._changes == changes)

    def release(self) -> None:
        """Frees everything."""
        self._changes += 1
        self._free()

    def _target_for(self, frame: GLFrame) -> Target:
        key = (frame.width, frame.height), "float32", frame.depth is not None
        if self._target is None or self._target.key != key:
            self._free()
            try:
                self._target = Target(self._ctx, *key)
            except moderngl.Error as error:
                raise RenderError(
                    f"the OpenGL driver has no memory for the mean of frames ({error}). "
                    "Draw it smaller."
                ) from error
        return self._target

    def _free(self) -> None:
        if self._target is not None:
            self._target.release()
        self._target = None
