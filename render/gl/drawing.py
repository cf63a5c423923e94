"""`Drawing`: what a blending mode draws with; it knows splats and pixels, and no equation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import zip_longest

import moderngl

from ..frame import FrameRequest
from ..scene_facts import SceneFacts
from .programs import GROUP_SIZE, Programs, set_uniforms
from .scene_buffers import SceneBuffers
from .target import Target
from .timers import StageTimers

FOOTPRINT_BYTES = 64
"""Size of struct Footprint of shaders/footprint.glsl."""

DISC_BYTES = 48
"""Size of struct Disc of shaders/surfel.glsl."""

ORDER, GEOMETRY, HARMONICS, FOOTPRINTS, COUNTERS, VALUES, COLUMN = range(7)
"""Bindings of storage blocks; `VALUES` and `COLUMN` are for modes."""

DISCS = 7
"""Binding of `Drawing.discs`."""

BESIDE = COLUMN
"""What lies beside the blocks of a scene; no mode has a column while it is bound."""

LIMITS = 15
"""Texture unit of `Drawing.limits`: the last of those that every stage has."""

LARGEST = 1e30
"""Lengths are cut to this before they become uniforms, so that their sums stay in float32."""


@dataclass(frozen=True)
class Blend:
    """How a fragment joins what is there: an equation and two factors of it."""

    equation: int = moderngl.FUNC_ADD
    factors: tuple[int, int] = (moderngl.ONE, moderngl.ONE)


ADD = Blend()
OVER = Blend(factors=(moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA))
LEAST = Blend(moderngl.MIN)


@dataclass(frozen=True)
class Column:
    """A buffer with `stride` bytes for every place of the draw order, a multiple of 4."""

    buffer: moderngl.Buffer
    stride: int


@dataclass(frozen=True, eq=False)
class Drawing:
    """One frame on its way.

    Attributes:
        ctx, programs, timers: of the renderer.
        request: what is to be drawn.
        facts: of the scene that was uploaded.
        scene: the splats that are drawn.
        count: how many of them have a footprint in `footprints`, in draw order.
        order: which splat is at each place of the draw order; None where each is at its own.
        block_bytes: largest storage block that may be bound.
        target: what the frame ends in.
        discs: beside the footprints, where the scene has surfels.
        limits: depths beyond which splats are not seen at a pixel, where there are meshes.
        timed: whether its stages are timed, or are part of one that is.
    """

    ctx: moderngl.Context
    programs: Programs
    timers: StageTimers
    request: FrameRequest
    facts: SceneFacts
    scene: SceneBuffers
    count: int
    order: moderngl.Buffer | None
    footprints: moderngl.Buffer
    block_bytes: int
    target: Target
    discs: moderngl.Buffer | None = None
    limits: moderngl.Texture | None = None
    timed: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image, pixels."""
        return self.request.camera.width, self.request.camera.height

    @property
    def with_depth(self) -> bool:
        """Whether the target has a depth texture."""
        return self.target.depth is not None

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Times what is drawn inside; the name is shown to users."""
        return self.timers.stage(name) if self.timed else nullcontext()

    def use_limits(self) -> object:
        """Binds the limits, where there are any; the macro LIMITED of shaders that read them."""
        if self.limits is None:
            return False
        self.limits.use(LIMITS)
        return LIMITS

    def use_discs(self) -> bool:
        """Binds the discs, where there are any; the macro SURFELS of shaders that read them."""
        if self.discs is None:
            return False
        self.discs.bind_to_storage_buffer(DISCS)
        return True

    def each(
        self,
        shader: str,
        columns: Mapping[int, Column],
        defines: Mapping[str, object],
        beside: Sequence[moderngl.Buffer] = (),
        /,
        **uniforms: object,
    ) -> None:
        """Runs a compute shader once per splat that is drawn.

        It is given the storage blocks of splat_project.comp and `columns` by binding, all of them
        from the place `first_place`; and like it, it passes over splats of other blocks. `beside`
        has a buffer for each block of the scene, for binding `BESIDE`.
        """
        program = self.programs.compute(
            shader, ORDERED=self.order is not None, SURFELS=self.discs is not None, **defines
        )
        set_uniforms(program, met_near=self.request.camera.near, **uniforms)
        for start, size in self._chunks():
            self._bind(start, size, columns)
            for block, other in zip_longest(self.scene.blocks, beside):
                if other is not None:
                    other.bind_to_storage_buffer(BESIDE)
                block.geometry.bind_to_storage_buffer(GEOMETRY)
                (block.harmonics or block.geometry).bind_to_storage_buffer(HARMONICS)
                set_uniforms(program, count=size, first_place=start)
                set_uniforms(program, first_splat=block.first, splat_count=block.count)
                program.run(-(-size // GROUP_SIZE))
        self.ctx.memory_barrier()

    def splats(
        self,
        into: moderngl.Framebuffer,
        shader: str,
        blend: Blend,
        *,
        clear: float = 0.0,
        columns: Mapping[int, Column] | None = None,
        textures: Sequence[moderngl.Texture | moderngl.TextureArray] = (),
        defines: Mapping[str, object] | None = None,
        **uniforms: object,
    ) -> None:
        """Draws all footprints in draw order by a fragment shader into a framebuffer.

        Args:
            into: where; cleared to `clear` first.
            shader: the fragment shader; it includes covered.glsl.
            blend: how they join.
            clear: value of all channels before.
            columns: by binding; where there is one at `VALUES`, the shader has it as `value`.
            textures: for the units from 0 up.
            defines: for the shaders; NUMBERS gives the fragment shader `number`.
            uniforms: of the shaders.
        """
        columns = columns or {}
        program = self.programs.draw(
            "splat_draw.vert",
            shader,
            VALUES=VALUES in columns,
            LIMITED=self.use_limits(),
            SURFELS=self.discs is not None,
            **(defines or {}),
        )
        width, height = self.size
        set_uniforms(program, to_clip=(2.0 / width, 2.0 / height), **uniforms)
        set_uniforms(program, met_near=self.request.camera.near)
        self._begin(into, blend, textures)
        into.clear(clear, clear, clear, clear)
        with _triangles(self.ctx, program) as triangles:
            for start, size in self._chunks():
                self._bind(start, size, columns)
                set_uniforms(program, first_place=start)
                triangles.render(moderngl.TRIANGLES, vertices=3 * size)
        self._end()

    def pixels(
        self,
        into: moderngl.Framebuffer,
        shader: str,
        textures: Sequence[moderngl.Texture],
        *,
        blend: Blend | None = None,
        by_chunk: bool = False,
        defines: Mapping[str, object] | None = None,
        **uniforms: object,
    ) -> None:
        """Runs a fragment shader once per pixel of a framebuffer.

        Args:
            into: where.
            shader: the fragment shader; WITH_DEPTH is defined as it is for the target.
            textures: for the units from 0 up.
            blend: how the result joins what is there; None overwrites it.
            by_chunk: once per pixel and chunk of the footprints, which are bound.
            defines: for the shader.
            uniforms: of the shader.
        """
        program = self.programs.draw(
            "screen.vert",
            shader,
            WITH_DEPTH=self.with_depth,
            SURFELS=by_chunk and self.discs is not None,
            **(defines or {}),
        )
        set_uniforms(program, met_near=self.request.camera.near, **uniforms)
        self._begin(into, blend, textures)
        with _triangles(self.ctx, program) as triangles:
            for start, size in self._chunks() if by_chunk else [(0, 0)]:
                if by_chunk:
                    self._bind(start, size, {})
                    set_uniforms(program, first_place=start, count=size)
                triangles.render(moderngl.TRIANGLES, vertices=3)
        self._end()

    def _begin(
        self,
        into: moderngl.Framebuffer,
        blend: Blend | None,
        textures: Sequence[moderngl.Texture | moderngl.TextureArray],
    ) -> None:
        ctx = self.ctx
        into.use()
        ctx.scissor = None
        if blend is None:
            ctx.enable_only(moderngl.NOTHING)
        else:
            ctx.enable_only(moderngl.BLEND)
            ctx.blend_equation = blend.equation, blend.equation
            ctx.blend_func = blend.factors
        for unit, texture in enumerate(textures):
            texture.use(unit)

    def _end(self) -> None:
        """Leaves blending as whoever shares the context expects it: off, and adding."""
        self.ctx.disable(moderngl.BLEND)
        self.ctx.blend_equation = moderngl.FUNC_ADD, moderngl.FUNC_ADD

    def _chunks(self) -> Iterator[tuple[int, int]]:
        """(start, size) of pieces of the draw order whose footprints fit one storage block."""
        # Starts are multiples of 64 places, so that all columns are cut at aligned offsets.
        step = max(64, self.block_bytes // FOOTPRINT_BYTES // 64 * 64)
        for start in range(0, self.count, step):
            yield start, min(step, self.count - start)

    def _bind(self, start: int, size: int, columns: Mapping[int, Column]) -> None:
        bound = {FOOTPRINTS: Column(self.footprints, FOOTPRINT_BYTES), **columns}
        if self.order is not None:
            bound[ORDER] = Column(self.order, 4)
        if self.discs is not None:
            bound[DISCS] = Column(self.discs, DISC_BYTES)
        for binding, column in bound.items():
            column.buffer.bind_to_storage_buffer(
                binding, column.stride * start, column.stride * size
            )


@contextmanager
def _triangles(ctx: moderngl.Context, program: moderngl.Program) -> Iterator[moderngl.VertexArray]:
    """Vertices without attributes: the vertex shaders count."""
    array = ctx.vertex_array(program, [])
    try:
        yield array
    finally:
        array.release()
