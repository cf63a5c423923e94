"""`PosterMix`: frames without posters and with each of them become one, on the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import moderngl

from ...scenes.content import Content
from ..frame import FrameRequest
from ..modes.binned import depth_unit
from ..posters import clear_posters, needs_host, textures_of, variants
from ..renderer import RenderError
from ..scene_facts import facts_of
from .meshes import NO_MESH, MeshPass, SeenMeshes
from .programs import PIXEL_GROUP, Programs, set_uniforms
from .target import Kept, Target
from .timers import StageTimers

COLOUR, DEPTH, LAYERS = range(3)
"""Texture units."""

BARE = -1
"""Number of the frame without posters."""


@dataclass(frozen=True)
class Drawn:
    """What a frame took beside what the GPU counts: keys that were sorted, and milliseconds."""

    keys: int
    sorting: dict[str, float]


class Mixed(NamedTuple):
    """A frame on its way: the sum so far, and a layer for every poster with its alpha and depth."""

    sum: Target
    layers: moderngl.TextureArray


class DrawContent(Protocol):
    """Draws a content without clear posters into targets, which are those of every such frame."""

    def __call__(
        self, content: Content, request: FrameRequest, /, *, timed: bool = True
    ) -> tuple[list[Target], Drawn]: ...


class PosterMix:
    """Weights of posters at every pixel, and the sum of frames by them.

    Args:
        ctx, programs, timers, meshes: of the renderer; the context is current whenever a method is
            called.
    """

    def __init__(
        self, ctx: moderngl.Context, programs: Programs, timers: StageTimers, meshes: MeshPass
    ) -> None:
        self._ctx, self._programs, self._timers, self._meshes = ctx, programs, timers, meshes
        self._kept = Kept()

    def draw(
        self, content: Content, request: FrameRequest, draw_content: DrawContent
    ) -> tuple[list[Target], Drawn]:
        """Mixes the frames without the clear posters of a content and with each of them alone.

        Raises:
            RenderError: too little memory, or what `needs_host`.
        """
        if needs_host(request):
            raise RenderError("medians and paint with clear posters are mixed by render()")
        clear, camera = clear_posters(content), request.camera
        bare, *alone = variants(content, clear)
        unit = depth_unit(facts_of(content.splats), camera)
        with self._timers.stage("posters"):
            into = self._begin(request, len(clear))
            for k, each in enumerate(clear):
                self._meshes.upload((each.mesh(camera.world_to_camera),), textures_of(content))
                self._keep(into, k, self._meshes.draw(request, unit))
            for k, each in enumerate(alone):
                targets, _ = draw_content(each, request, timed=False)
                self._add(into, k, targets[0])
        targets, drawn = draw_content(bare, request)
        with self._timers.stage("mix posters"):
            self._add(into, BARE, targets[0])
        return [into.sum], drawn

    def _begin(self, request: FrameRequest, count: int) -> Mixed:
        """Starts a frame of so many posters."""
        ctx, camera = self._ctx, request.camera
        size = camera.width, camera.height
        key = size, "float32", request.depth
        total = self._kept.get("sum", key, lambda: Target(ctx, *key))
        total.framebuffer.clear(0.0, 0.0, 0.0, 0.0)
        shape = *size, count
        layers = self._kept.get("posters", shape, lambda: ctx.texture_array(shape, 2, dtype="f4"))
        return Mixed(total, layers)

    def _keep(self, into: Mixed, number: int, seen: SeenMeshes) -> None:
        """Keeps alpha and depth of a poster that was drawn alone."""
        program = self._programs.compute("poster_seen.comp", NO_MESH=NO_MESH)
        set_uniforms(program, number=number)
        seen.image.use(COLOUR)
        seen.depth.use(DEPTH)
        into.layers.bind_to_image(0, read=False, write=True)
        self._run(program, into)

    def _add(self, into: Mixed, number: int, frame: Target) -> None:
        """Adds the frame in which a poster is there and opaque."""
        with_depth = frame.depth is not None
        program = self._programs.compute("poster_mix.comp", WITH_DEPTH=with_depth)
        set_uniforms(program, number=number, count=into.layers.layers)
        frame.color.use(COLOUR)
        into.layers.use(LAYERS)
        into.sum.color.bind_to_image(0, read=True, write=True)
        if frame.depth is not None and into.sum.depth is not None:
            frame.depth.use(DEPTH)
            into.sum.depth.bind_to_image(1, read=True, write=True)
        self._run(program, into)

    def release(self) -> None:
        """Frees the textures."""
        self._kept.release()

    def _run(self, program: moderngl.ComputeShader, into: Mixed) -> None:
        width, height = into.sum.color.size
        self._ctx.memory_barrier()
        program.run(-(-width // PIXEL_GROUP), -(-height // PIXEL_GROUP))
        self._ctx.memory_barrier()
