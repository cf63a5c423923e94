"""`sorted` with OpenGL: blended back to front into the target itself.

A median depth is that of the splat at which the transmittance comes to 0.5. Blending says only what
is left in the end, so each pixel looks for that splat by halves: a pass over the splats in front of
the middle of where it may be, for every digit of their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import moderngl

from ..drawing import ADD, OVER, Blend, Drawing
from ..programs import PIXEL_GROUP, set_uniforms
from ..target import Kept, Sums

MULTIPLY = Blend(factors=(moderngl.ZERO, moderngl.ONE_MINUS_SRC_COLOR))
"""Leaves 1 - alpha of what is there."""


class Blending:
    """The premultiplied "over" operator; what median depths are found with is kept."""

    ORDERED = True

    def __init__(self) -> None:
        self._kept = Kept()

    def draw(self, drawing: Drawing) -> None:
        """One pass, and for median depths one for every binary digit of the number of splats."""
        with drawing.stage("rasterize"):
            drawing.splats(
                drawing.target.framebuffer,
                "modes/sorted.frag",
                OVER,
                defines={"WITH_DEPTH": drawing.with_depth},
            )
        if drawing.request.median and drawing.target.depth is not None:
            with drawing.stage("median"):
                self._find_medians(drawing, drawing.target.depth)

    def release(self) -> None:
        """Frees what medians were found with."""
        self._kept.release()

    def _find_medians(self, drawing: Drawing, depth: moderngl.Texture) -> None:
        ctx, size = drawing.ctx, drawing.size
        left = self._kept.get("left", size, lambda: Sums(ctx, size, (1,)))
        ends = self._kept.get("ends", size, lambda: ctx.texture(size, 2, dtype="u4"))
        halve = drawing.programs.compute("modes/sorted_halve.comp")
        # Before the first pass: nothing is known.
        set_uniforms(halve, count=drawing.count, begin=True)
        self._run(drawing, halve, ends, left.textures[0])
        set_uniforms(halve, begin=False)
        for _ in range(drawing.count.bit_length()):
            drawing.splats(
                left.framebuffer,
                "modes/sorted_left.frag",
                MULTIPLY,
                clear=1.0,
                textures=[ends],
                defines={"NUMBERS": True},
            )
            self._run(drawing, halve, ends, left.textures[0])
        with _only(ctx, depth) as target:
            drawing.splats(
                target,
                "modes/sorted_median.frag",
                ADD,
                textures=[ends],
                defines={"NUMBERS": True},
            )

    def _run(
        self,
        drawing: Drawing,
        halve: moderngl.ComputeShader,
        ends: moderngl.Texture,
        left: moderngl.Texture,
    ) -> None:
        width, height = drawing.size
        left.use(0)
        ends.bind_to_image(0, read=True, write=True)
        drawing.ctx.memory_barrier()
        halve.run(-(-width // PIXEL_GROUP), -(-height // PIXEL_GROUP))
        drawing.ctx.memory_barrier()


@contextmanager
def _only(ctx: moderngl.Context, texture: moderngl.Texture) -> Iterator[moderngl.Framebuffer]:
    """A framebuffer of one texture."""
    made = ctx.framebuffer([texture])
    try:
        yield made
    finally:
        made.release()
