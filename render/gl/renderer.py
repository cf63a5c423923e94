"""`GLRenderer`: the interactive default, on any GPU with OpenGL 4.3 and on Mesa's software driver.

Depth order on the CPU (parallel radix sort), then one compute pass that culls, projects and colours
each splat once, then one triangle per splat blended back to front into a float target.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import moderngl
import numpy as np

from ...kernels.constants import JACOBIAN_MARGIN
from ...kernels.cpu.sort import depth_order
from ...scenes.splats import SH_COEFFICIENTS, Splats
from ...shaders import ShaderError
from ..camera import Camera
from ..frame import Frame, FrameRequest
from ..renderer import Capabilities, RenderError, check_mode
from .context import Limits, check_context, headless_context
from .frame import GLFrame, Measured
from .programs import GROUP_SIZE, Programs, set_uniforms
from .scene_buffers import SceneBuffers
from .target import COLOUR_MAX, Target
from .timers import StageTimers

FOOTPRINT_BYTES = 64  # struct Footprint of shaders/footprint.glsl
ORDER, GEOMETRY, HARMONICS, FOOTPRINTS, COUNTERS = range(
    5
)  # bindings of shaders/splat_project.comp


class GLRenderer:
    """Draws with OpenGL. Used only from the thread of its context.

    Args:
        ctx: a context to draw in, made current by the caller around every call (a window's). None
            makes a headless one that the renderer owns and makes current itself.
        block_bytes: largest storage block to use; None takes the driver's limit.

    Raises:
        BackendUnavailable: no driver, or one older than OpenGL 4.3.
    """

    name = "gl"

    def __init__(
        self, ctx: moderngl.Context | None = None, *, block_bytes: int | None = None
    ) -> None:
        self._owns_context = ctx is None
        self._ctx = headless_context() if ctx is None else ctx
        self._inside = False  # moderngl restores the wrong context when blocks are nested
        check_context(self._ctx)
        self._limits = Limits.of(self._ctx)
        self._block_bytes = block_bytes or self._limits.block_bytes
        self._splats: Splats | None = None
        self._scene: SceneBuffers | None = None
        self._order: moderngl.Buffer | None = None
        self._footprints: moderngl.Buffer | None = None
        self._target: Target | None = None
        self._drawn = 0  # frames so far; a GLFrame is current while this is its number
        with self._current():
            ctx = self._ctx
            self._programs = Programs(ctx)
            self._counters = ctx.buffer(reserve=4)
            self._timers = StageTimers(ctx, ("project", "rasterize"))

    @property
    def ctx(self) -> moderngl.Context:
        """The context drawn in."""
        return self._ctx

    @property
    def capabilities(self) -> Capabilities:
        device = str(self._ctx.info["GL_RENDERER"])
        return Capabilities(frozenset({"sorted"}), device, self._limits.max_side)

    def upload(self, splats: Splats) -> None:
        """Copies the scene to the GPU; the array of means is kept by reference for sorting.

        Raises:
            RenderError: the scene does not fit the GPU's memory; the renderer then has no scene.
        """
        with self._current():
            self._drawn += 1
            self._free_scene()
            ctx, count = self._ctx, max(len(splats), 1)
            try:
                self._scene = SceneBuffers(ctx, splats, self._block_bytes)
                self._order = ctx.buffer(reserve=4 * count, dynamic=True)
                self._footprints = ctx.buffer(reserve=FOOTPRINT_BYTES * count)
            except moderngl.Error as error:
                self._free_scene()
                raise RenderError(
                    f"a scene of {len(splats)} splats does not fit this OpenGL device ({error}). "
                    "Use fewer splats, or the cpu backend."
                ) from error
            self._splats = splats

    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame and downloads it. Raises as `draw`."""
        with self._current():
            return self.draw(request).download()

    def draw(self, request: FrameRequest) -> GLFrame:
        """Draws one frame and leaves it on the GPU, without waiting for it.

        Raises:
            RenderError: no scene, a mode this backend lacks, a size beyond the driver's limit or
                its memory.
        """
        check_mode(self, request)
        camera = request.camera
        if self._splats is None:
            raise RenderError("the gl renderer has no scene; call upload() before drawing")
        if max(camera.width, camera.height) > self._limits.max_side:
            raise RenderError(
                f"the image is {camera.width}x{camera.height}; this OpenGL driver draws at most "
                f"{self._limits.max_side} pixels a side. Draw it smaller or by the cpu backend."
            )
        with self._current():
            self._drawn += 1
            target = self._target_for(request)
            start = time.perf_counter()
            order, _ = depth_order(self._splats.means, camera.world_to_camera, camera.near)
            count = len(order)
            if count and self._order is not None:
                self._order.write(order[::-1].tobytes())
            sorting = (time.perf_counter() - start) * 1e3
            with self._timers.stage("project"):
                self._project(request, count)
            with self._timers.stage("rasterize"):
                self._rasterize(request, target, count)
        number, total = self._drawn, len(self._splats)

        def measure() -> Measured:
            timings = {"sort": sorting} | self._timers.read()
            visible = int(np.frombuffer(self._counters.read(), np.uint32)[0])
            return Measured(timings, {"splats": total, "visible": visible})

        return GLFrame(target, measure, lambda: self._drawn == number, self._current)

    def reload_shaders(self) -> ShaderError | None:
        """Takes up edited shader files. Returns why one does not compile; the old one stays."""
        with self._current():
            return self._programs.reload()

    def close(self) -> None:
        """Frees everything; frames that are still on the GPU are lost."""
        if self._drawn < 0:
            return
        with self._current():
            self._drawn = -1
            self._free_scene()
            if self._target is not None:
                self._target.release()
            self._counters.release()
            self._programs.release()
        if self._owns_context:
            self._ctx.release()

    def _project(self, request: FrameRequest, count: int) -> None:
        """Writes the footprints of `count` splats in draw order, block by block."""
        self._counters.write(b"\0\0\0\0")
        scene, splats, settings = self._scene, self._splats, request.settings
        if not count or scene is None or splats is None:
            return
        degree = min(settings.max_sh_degree, SH_COEFFICIENTS.index(splats.sh.shape[1]))
        program = self._programs.compute(
            "splat_project.comp",
            SH_DEGREE=degree,
            ANTIALIAS=settings.uses_antialiasing(splats.antialiased),
        )
        set_uniforms(
            program,
            sh_stride=scene.sh_stride,
            splat_scale=settings.splat_scale,
            colour_max=COLOUR_MAX[settings.precision],
            **camera_uniforms(request.camera),
        )
        self._counters.bind_to_storage_buffer(COUNTERS)
        for start, size in self._chunks(count):
            self._bind_chunk(start, size)
            for block in scene.blocks:
                block.geometry.bind_to_storage_buffer(GEOMETRY)
                (block.harmonics or block.geometry).bind_to_storage_buffer(HARMONICS)
                set_uniforms(program, count=size, first_splat=block.first, splat_count=block.count)
                program.run(-(-size // GROUP_SIZE))
        self._ctx.memory_barrier()

    def _rasterize(self, request: FrameRequest, target: Target, count: int) -> None:
        """Blends the triangles of `count` footprints, which are back to front."""
        ctx, camera = self._ctx, request.camera
        target.framebuffer.use()
        ctx.scissor = None
        target.framebuffer.clear(0.0, 0.0, 0.0, 0.0)
        if not count:
            return
        program = self._programs.draw(
            "splat_draw.vert", "splat_draw.frag", WITH_DEPTH=target.depth is not None
        )
        ctx.enable_only(moderngl.BLEND)
        ctx.blend_equation = moderngl.FUNC_ADD, moderngl.FUNC_ADD
        ctx.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        set_uniforms(program, to_clip=(2.0 / camera.width, 2.0 / camera.height))
        triangles = ctx.vertex_array(program, [])
        try:
            for start, size in self._chunks(count):
                self._bind_chunk(start, size)
                triangles.render(moderngl.TRIANGLES, vertices=3 * size)
        finally:
            triangles.release()
            ctx.disable(moderngl.BLEND)

    def _chunks(self, count: int) -> Iterator[tuple[int, int]]:
        """(start, size) of pieces of the draw order whose footprints fit one storage block."""
        # Starts are multiples of 64 entries, so that both buffers are cut at aligned offsets.
        step = max(64, self._block_bytes // FOOTPRINT_BYTES // 64 * 64)
        for start in range(0, count, step):
            yield start, min(step, count - start)

    def _bind_chunk(self, start: int, size: int) -> None:
        assert self._order is not None
        assert self._footprints is not None
        self._order.bind_to_storage_buffer(ORDER, 4 * start, 4 * size)
        self._footprints.bind_to_storage_buffer(
            FOOTPRINTS, FOOTPRINT_BYTES * start, FOOTPRINT_BYTES * size
        )

    def _target_for(self, request: FrameRequest) -> Target:
        camera = request.camera
        key = (camera.width, camera.height), request.settings.precision, request.depth
        if self._target is None or self._target.key != key:
            if self._target is not None:
                self._target.release()
                self._target = None
            try:
                self._target = Target(self._ctx, *key)
            except moderngl.Error as error:
                raise RenderError(
                    f"the OpenGL driver cannot make a {camera.width}x{camera.height} "
                    f"{key[1]} image ({error}). Draw it smaller."
                ) from error
        return self._target

    def _free_scene(self) -> None:
        for resource in (self._scene, self._order, self._footprints):
            if resource is not None:
                resource.release()
        self._scene = self._order = self._footprints = self._splats = None

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Makes an own context current, and after the outermost block the one before it."""
        if not self._owns_context or self._inside:
            yield
            return
        self._inside = True
        try:
            with self._ctx:
                yield
        finally:
            self._inside = False


def camera_uniforms(camera: Camera) -> dict[str, object]:
    """Uniforms of shaders/splat_project.comp that a camera gives."""
    eye = camera.position
    high = eye.astype(np.float32)
    low = (eye - high).astype(np.float32)
    focal = np.array([camera.fx, camera.fy])
    principal = np.array([camera.cx, camera.cy])
    size = np.array([camera.width, camera.height], np.float64)
    # As gsplat does it; a centred principal point gives 1.3 tan(fov / 2) of Kerbl et al. 2023.
    margin = JACOBIAN_MARGIN * 0.5 * size / focal
    return {
        "rotation": tuple(camera.world_to_camera[:3, :3].T.ravel()),  # GLSL takes columns
        "eye_high": tuple(high),
        "eye_low": tuple(low),
        "focal": tuple(focal),
        "principal": tuple(principal),
        "slope_low": tuple(-principal / focal - margin),
        "slope_high": tuple((size - principal) / focal + margin),
        "size": tuple(size),
    }
