"""`binned` with OpenGL: bins are float32 textures, four to a texture, collected by blending.

Whatever the precision of the target: a splat's own share is taken out of its bin again, and
float16 has not enough digits for that difference.
"""

from __future__ import annotations

import moderngl

from ...modes.binned import depth_unit
from ..drawing import ADD, LARGEST, VALUES, Column, Drawing
from ..target import Kept, Sums
from .weighted import resolve, weighted_sums

REFINE_GROUP = 8
"""Side of a work group of modes/binned_refine.comp, pixels."""


BINS, SEEN = 2, 10
"""First texture units of the bins and of what is seen of them."""


class Blending:
    """Moments, bins before each refinement and after the last, parts, sums, one pass of pixels."""

    ORDERED = False

    def __init__(self) -> None:
        self._kept = Kept()

    def draw(self, drawing: Drawing) -> None:
        """Draws every splat 4 + `refine` times."""
        settings, ctx, size = drawing.request.settings, drawing.ctx, drawing.size
        groups = settings.bins // 4
        unit = min(depth_unit(drawing.facts, drawing.request.camera), LARGEST)
        defines: dict[str, object] = {"BINS": settings.bins}
        with drawing.stage("weigh"):
            columns = {VALUES: self._thicknesses(drawing)}
        with drawing.stage("moments"):
            moments = self._kept.get("moments", size, lambda: Sums(ctx, size, (4,)))
            drawing.splats(
                moments.framebuffer,
                "modes/binned_moments.frag",
                ADD,
                defines=defines,
                depth_unit=unit,
            )
        with drawing.stage("bins"):
            bins = self._kept.get("bins", (size, groups), lambda: Sums(ctx, size, (4,) * groups))
            read: list[moderngl.Texture | moderngl.TextureArray] = [*moments.textures]
            for step in range(settings.refine + 1):
                if step:
                    edges = self._refine(drawing, bins, defines)
                    read, defines = [*moments.textures, edges], defines | {"REFINED": True}
                drawing.splats(
                    bins.framebuffer,
                    "modes/binned_collect.frag",
                    ADD,
                    columns=columns,
                    textures=read,
                    defines=defines,
                    depth_unit=unit,
                )
        with drawing.stage("share"):
            parts = self._kept.get("parts", (size, groups), lambda: Sums(ctx, size, (4,) * groups))
            _use(bins, BINS)
            drawing.splats(
                parts.framebuffer,
                "modes/binned_share.frag",
                ADD,
                columns=columns,
                textures=read,
                defines=defines,
                depth_unit=unit,
            )
            seen = self._divide(drawing, bins, parts)
        with drawing.stage("composite"):
            sums = weighted_sums(self._kept, drawing)
            _use(bins, BINS)
            seen.use(SEEN)
            drawing.splats(
                sums.framebuffer,
                "modes/binned_composite.frag",
                ADD,
                columns=columns,
                textures=read,
                defines=defines,
                depth_unit=unit,
            )
            resolve(drawing, sums)

    def release(self) -> None:
        """Frees thicknesses, moments, bins, edges, parts and sums."""
        self._kept.release()

    def _thicknesses(self, drawing: Drawing) -> Column:
        ctx, count = drawing.ctx, drawing.count
        kept = self._kept.get("thicknesses", count, lambda: ctx.buffer(reserve=4 * count))
        values = Column(kept, 4)
        drawing.each(
            "modes/thickness.comp",
            {VALUES: values},
            {},
            view_axis=tuple(drawing.request.camera.world_to_camera[2, :3]),
            splat_scale=drawing.request.settings.splat_scale,
        )
        return values

    def _divide(self, drawing: Drawing, bins: Sums, parts: Sums) -> moderngl.TextureArray:
        """W_k / E_k of all bins."""
        ctx, (width, height), groups = drawing.ctx, drawing.size, len(bins.textures)
        shape = width, height, groups
        seen = self._kept.get("seen", shape, lambda: ctx.texture_array(shape, 4, dtype="f4"))
        program = drawing.programs.compute("modes/binned_seen.comp", BINS=4 * groups)
        seen.bind_to_image(0, read=False, write=True)
        _use(bins, BINS)
        _use(parts, SEEN)
        ctx.memory_barrier()
        program.run(-(-width // REFINE_GROUP), -(-height // REFINE_GROUP))
        ctx.memory_barrier()
        return seen

    def _refine(
        self, drawing: Drawing, bins: Sums, defines: dict[str, object]
    ) -> moderngl.TextureArray:
        """Moves the edges; before the first time, which `defines` tells, they are equally far."""
        ctx, (width, height), groups = drawing.ctx, drawing.size, len(bins.textures)
        shape = width, height, groups
        edges = self._kept.get("edges", shape, lambda: ctx.texture_array(shape, 4, dtype="f4"))
        program = drawing.programs.compute("modes/binned_refine.comp", **defines)
        edges.bind_to_image(0, read=True, write=True)
        _use(bins, BINS)
        ctx.memory_barrier()  # what was drawn by the edges has been read from them
        program.run(-(-width // REFINE_GROUP), -(-height // REFINE_GROUP))
        ctx.memory_barrier()
        return edges


def _use(textures: Sums, first: int) -> None:
    """Binds textures to the units from `first` on, where the shaders have them."""
    for unit, texture in enumerate(textures.textures, start=first):
        texture.use(unit)
