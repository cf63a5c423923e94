"""`GLRenderer`: the interactive default, on any GPU with OpenGL 4.3 and on Mesa's software driver.

One compute pass culls, projects and colours each splat once; then the blending mode draws one
triangle per splat, as often as it wants. Where it needs an order, that is sorted on the CPU.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import moderngl
import numpy as np

from ...kernels.cpu.sort import depth_order
from ...scenes.content import Content
from ...scenes.splats import Splats
from ...shaders import ShaderError
from ..accumulate import same_view
from ..camera import Camera
from ..frame import Frame, FrameRequest
from ..inspect import by_cpu, with_views
from ..meshes.cpu import draw_meshes
from ..modes import MODES
from ..modes.binned import depth_unit
from ..paint import Paint
from ..posters import clear_posters, needs_host, posed, textures_of, with_posters
from ..renderer import Capabilities, RenderError, check_mode, rows_for, scene_for
from ..scene_facts import facts_of
from ..settings import Settings
from ..shading import gbuffer_paint, lit_by_samples, relights
from . import modes, scene_buffers
from .coats import Coats
from .context import Limits, check_context, headless_context
from .drawing import DISC_BYTES, FOOTPRINT_BYTES, Drawing
from .frame import GLFrame, Measured
from .lights import LightBuffers
from .lit import LitPass
from .mean import GLMean
from .meshes import MeshPass, SeenMeshes
from .posters import Drawn, PosterMix
from .programs import Programs
from .projection import project
from .scene_buffers import SceneBuffers
from .target import Kept, Target
from .timers import StageTimers


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
        self._content: Content | None = None
        self._storage = Settings().storage  # of the scenes
        self._scenes: list[SceneBuffers] = []  # the uploaded one, then one that a mode put in place
        self._order: moderngl.Buffer | None = None
        self._footprints: moderngl.Buffer | None = None
        self._targets: list[Target] = []  # one, or one for each coat of paint
        self._coats = Kept()
        self._discs = Kept()
        self._gbuffer: tuple[tuple[object, ...], Camera, Paint] | None = None
        self._mode = ""
        self._blending: modes.Blending | None = None
        self._drawn = 0  # frames so far; a GLFrame is current while this is its number
        with self._current():
            ctx = self._ctx
            self._programs = Programs(ctx)
            self._counters = ctx.buffer(reserve=4)
            self._timers = StageTimers(ctx)
            self._meshes = MeshPass(ctx, self._programs)
            self._posters = PosterMix(ctx, self._programs, self._timers, self._meshes)
            self._lights = LightBuffers(ctx)
            self._lit = LitPass(ctx, self._lights)

    @property
    def ctx(self) -> moderngl.Context:
        """The context drawn in."""
        return self._ctx

    @property
    def capabilities(self) -> Capabilities:
        device = str(self._ctx.info["GL_RENDERER"])
        return Capabilities(modes.NAMES, device, self._limits.max_side, medians=modes.MEDIANS)

    @property
    def _splats(self) -> Splats | None:
        return None if self._content is None else self._content.splats

    def upload(self, scene: Splats | Content) -> None:
        """Copies the scene to the GPU; the array of means is kept by reference for sorting.

        Where nothing but the weights is new, nothing is copied; where the harmonics are the same
        array as before, only the rest is.

        Raises:
            RenderError: the scene does not fit the GPU's memory; the renderer then has no scene.
        """
        content = Content.of(scene)
        with self._current():
            self._drawn += 1
            self._upload_splats(content.splats)
            try:
                self._meshes.upload(content.meshes, textures_of(content))
            except RenderError:
                self._free_scene()
                raise
            self._content = content

    def _upload_splats(self, splats: Splats) -> None:
        before = self._splats
        if splats is before:
            return
        if before is not None and scene_buffers.same(before, splats):
            self._free_blending()  # it may keep the weights
            self._scenes[0].splats = splats
            return
        if before is not None and scene_buffers.same_harmonics(before, splats):
            self._free_blending()
            for other in self._scenes[1:]:
                other.release()
            self._scenes = self._scenes[:1]
            self._scenes[0].rewrite(splats)
            return
        self._free_scene()
        ctx, count = self._ctx, max(len(splats), 1)
        self._buffers_of(splats)
        try:
            self._order = ctx.buffer(reserve=4 * count, dynamic=True)
            self._footprints = ctx.buffer(reserve=FOOTPRINT_BYTES * count)
        except moderngl.Error as error:
            self._free_scene()
            raise _too_large(splats, error) from error

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    @with_views(by_cpu)
    @with_posters(draw_meshes, needs_host)
    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame and downloads it. Raises as `draw`."""
        with self._current():
            return self.draw(request).download()

    def draw(self, request: FrameRequest) -> GLFrame:
        """Draws one frame and leaves it on the GPU, without waiting for it.

        Raises:
            RenderError: no scene, a mode this backend lacks, a scene that lacks what the mode
                needs, a size beyond the driver's limit or its memory.
        """
        check_mode(self, request)
        camera = request.camera
        content = self._content
        if content is None:
            raise RenderError("the gl renderer has no scene; call upload() before drawing")
        if max(camera.width, camera.height) > self._limits.max_side:
            raise RenderError(
                f"the image is {camera.width}x{camera.height}; this OpenGL driver draws at most "
                f"{self._limits.max_side} pixels a side. Draw it smaller or by the cpu backend."
            )
        with self._current():
            self._drawn += 1
            self._timers.begin()
            if clear_posters(content):
                targets, drawn = self._posters.draw(content, request, self._draw_content)
            else:
                targets, drawn = self._draw_content(content, request)
        number, total = self._drawn, len(content.splats)
        samples = request.settings.light_samples
        light = {"light_samples": samples} if lit_by_samples(content, request.settings) else {}
        held = {"keys": drawn.keys, "device_bytes": self._held_bytes()}

        def measure() -> Measured:
            visible = int(np.frombuffer(self._counters.read(), np.uint32)[0])
            stats = {"splats": total, "visible": visible, **held, **light}
            return Measured(drawn.sorting | self._timers.read(), stats)

        return GLFrame(
            targets,
            measure,
            lambda: self._drawn == number,
            self._current,
            request.paint is not None and not relights(content, request.settings, request.paint),
        )

    def new_mean(self) -> GLMean:
        """Adds up frames of this renderer; to be released before it is closed."""
        return GLMean(self._ctx, self._programs)

    def _draw_content(
        self, whole: Content, request: FrameRequest, *, timed: bool = True
    ) -> tuple[list[Target], Drawn]:
        """Draws a content that has no clear posters into the targets of the request."""
        camera, content = request.camera, posed(whole, request.camera)
        stage = self._timers.stage if timed else _untimed
        splats, facts = scene_for(request, content.splats), facts_of(content.splats)
        if relit := relights(content, request.settings, request.paint):
            request = replace(request, paint=self._gbuffer_paint(content, request))
        self._store_by(request.settings.storage)
        targets, blending = self._targets_for(request), self._blending_for(request.settings.mode)
        sorting: dict[str, float] = {}
        count = len(splats)
        if blending.ORDERED:
            start = time.perf_counter()
            count = self._sort(splats, camera)
            sorting["sort"] = (time.perf_counter() - start) * 1e3
        seen: SeenMeshes | None = None
        if whole.posters:  # some may turn with the camera
            self._meshes.upload(content.meshes, textures_of(whole))
        if content.meshes:
            with stage("meshes"):
                seen = self._meshes.draw(request, depth_unit(facts, camera))
        assert self._footprints is not None
        drawing = Drawing(
            ctx=self._ctx,
            programs=self._programs,
            timers=self._timers,
            request=request,
            facts=facts,
            scene=self._buffers_of(splats),
            count=count,
            order=self._order if blending.ORDERED else None,
            footprints=self._footprints,
            discs=self._discs_for(splats),
            block_bytes=self._block_bytes,
            target=targets[0],
            limits=None if seen is None else seen.depth,
            timed=timed,
        )
        with stage("project"):
            project(drawing, self._counters)
        if count:
            self._blend(drawing, targets, blending)
        else:
            for target in targets:
                target.framebuffer.clear(0.0, 0.0, 0.0, 0.0)
        if relit or seen is not None:
            with stage("shade"):
                if relit:
                    self._lit.add_splats(drawing, content, targets[1:])
                if seen is not None:
                    if any(mesh.material for mesh in content.meshes):
                        self._lit.add_meshes(drawing, content, seen, self._meshes)
                    self._meshes.put_under(seen, content, drawing, self._lights)
        return targets, Drawn(count if blending.ORDERED else 0, sorting)

    def _gbuffer_paint(self, content: Content, request: FrameRequest) -> Paint:
        """The same object for the same view, so that it is copied to the GPU once."""
        camera, kept = request.camera, self._gbuffer
        settings = request.settings
        drawn = MODES[settings.mode].in_order(facts_of(content.splats))
        smoothing = settings.normal_smoothing, settings.normal_reach
        key = content, drawn, request.paint, settings.relight, *smoothing
        if kept is None or kept[0] != key or not same_view(kept[1], camera):
            paint = gbuffer_paint(content, camera, settings, request.paint)
            kept = self._gbuffer = key, camera, paint
        return kept[2]

    def _blend(self, drawing: Drawing, targets: list[Target], blending: modes.Blending) -> None:
        """Fills the targets: by the colours of the splats, or each by a coat of paint."""
        paint, splats = drawing.request.paint, drawing.facts.splats
        if paint is None:
            blending.draw(drawing)
            return
        rows, scene = rows_for(drawing.request, splats), drawing.scene
        # The key holds the objects: by their ids alone others could be taken for them.
        coats = self._coats.get(
            "paint", (paint, scene), lambda: Coats(self._ctx, paint, rows, scene)
        )
        with self._timers.stage("paint"):
            coats.put_on(drawing, 0)
        blending.draw(drawing)
        if len(targets) > 1:
            with self._timers.stage("other coats"):
                for k, target in enumerate(targets[1:], start=1):
                    coats.put_on(drawing, k)
                    blending.draw(replace(drawing, target=target, timed=False))

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
            self._meshes.release()
            self._posters.release()
            self._lit.release()
            self._lights.release()
            self._free_targets()
            self._counters.release()
            self._programs.release()
        if self._owns_context:
            self._ctx.release()

    def _sort(self, splats: Splats, camera: Camera) -> int:
        """Puts the splats beyond the near plane into draw order; returns how many there are."""
        order, _ = depth_order(splats.means, camera.world_to_camera, camera.near)
        if len(order) and self._order is not None:
            self._order.write(order[::-1].tobytes())
        return len(order)

    def _buffers_of(self, splats: Splats) -> SceneBuffers:
        """A scene on the GPU, copied there when it is first asked for."""
        for scene in self._scenes:
            if scene.splats is splats:
                return scene
        try:
            scene = SceneBuffers(self._ctx, splats, self._block_bytes, self._storage)
        except moderngl.Error as error:
            raise _too_large(splats, error) from error
        for other in self._scenes[1:]:
            other.release()
        self._scenes[1:] = [scene]
        return scene

    def _store_by(self, storage: str) -> None:
        """Has scenes kept in another precision; they are copied anew when next drawn."""
        if storage != self._storage:
            self._free_blending()  # it may keep something of the scene
            for scene in self._scenes:
                scene.release()
            self._scenes.clear()
            self._storage = storage
            assert self._splats is not None
            try:
                self._buffers_of(self._splats)
            except RenderError:
                self._free_scene()
                raise

    def _blending_for(self, mode: str) -> modes.Blending:
        """The mode's passes; those of the mode before, and their images, are freed."""
        if self._blending is None or mode != self._mode:
            self._free_blending()
            self._blending, self._mode = modes.blending(mode), mode
        return self._blending

    def _discs_for(self, splats: Splats) -> moderngl.Buffer | None:
        """Room for what only surfels have, where a scene has any."""
        if splats.kind == "3d":
            return None
        size = DISC_BYTES * len(splats)
        return self._discs.get("surfels", size, lambda: self._ctx.buffer(reserve=size))

    def _targets_for(self, request: FrameRequest) -> list[Target]:
        """Where the frame ends in. Paint is more than colours: float16 would round it."""
        camera, paint = request.camera, request.paint
        precision = request.settings.precision if paint is None else "float32"
        size = camera.width, camera.height
        keys = [(size, precision, request.depth)]
        keys += [(size, precision, False)] * (0 if paint is None else paint.coats - 1)
        if [target.key for target in self._targets] != keys:
            self._free_targets()
            try:
                for key in keys:
                    self._targets.append(Target(self._ctx, *key))
            except moderngl.Error as error:
                raise RenderError(
                    f"the OpenGL driver cannot make a {camera.width}x{camera.height} "
                    f"{precision} image ({error}). Draw it smaller."
                ) from error
        return self._targets

    def _free_targets(self) -> None:
        for target in self._targets:
            target.release()
        self._targets = []

    def _held_bytes(self) -> int:
        """Memory of the scene and the target on the device; what modes collect into not counted."""
        buffers = [self._order, self._footprints]
        for scene in self._scenes:
            buffers += [each for b in scene.blocks for each in (b.geometry, b.harmonics)]
        held = sum(buffer.size for buffer in buffers if buffer is not None)
        return held + sum(target.bytes for target in self._targets)

    def _free_scene(self) -> None:
        self._free_blending()  # it may keep something of the scene
        self._coats.release()
        self._discs.release()
        self._gbuffer = None
        for resource in (*self._scenes, self._order, self._footprints):
            if resource is not None:
                resource.release()
        self._scenes.clear()
        self._order = self._footprints = self._content = None

    def _free_blending(self) -> None:
        if self._blending is not None:
            self._blending.release()
        self._blending = None

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


def _untimed(name: str) -> AbstractContextManager[None]:
    return nullcontext()


def _too_large(splats: Splats, error: Exception) -> RenderError:
    return RenderError(
        f"a scene of {len(splats)} splats does not fit this OpenGL device ({error}). "
        "Use fewer splats, or the cpu backend."
    )
