"""Neural materials with OpenGL: a compute pass over the pixels for each shape of net."""

from __future__ import annotations

from collections.abc import Sequence

import moderngl

from ...kernels.constants import LEAST_WEIGHT, MOST_TINT, SKY_COLUMNS, SKY_ROWS
from ...scenes.content import Content
from ...scenes.material import NetShape, shapes_of
from ..materials.glsl import glsl_of, pack, place_rows
from ..shading.deferred import own_latents_at
from ..shading.environment import gain
from .drawing import COLUMN, LIMITS, Drawing
from .lights import LightBuffers
from .meshes import NO_MESH, MeshPass, SeenMeshes, colour_format
from .programs import PIXEL_GROUP, set_uniforms
from .projection import camera_uniforms
from .target import Kept, Target
from .timers import is_software

DATA = LIMITS
"""Texture unit of the nets and latents; limits are no longer read."""

NETS = 7
"""Binding of the nets and latents where they are in a storage block."""

MARKER = "//MATERIAL"


class LitPass:
    """Materials of a content in GPU memory; the context is current whenever a method is called."""

    def __init__(self, ctx: moderngl.Context, lights: LightBuffers) -> None:
        self._ctx, self._lights = ctx, lights
        self._kept = Kept()
        # Mesa's software driver compiles and runs texture fetches far faster than blocks.
        self._in_texture = is_software(ctx)

    def add_splats(self, drawing: Drawing, content: Content, coats: Sequence[Target]) -> None:
        """Adds light on splats to the target; `coats` are what the G-buffer's coats blended to."""
        defines: dict[str, object] = {
            "COATS": len(coats), "MATERIALS": len(content.materials), "SPLATS": True,
        }  # fmt: skip
        for unit, coat in enumerate(coats, start=1):
            coat.color.use(unit)
        self._run(drawing, content, shapes_of(content.worn_by_splats), defines)

    def add_meshes(
        self, drawing: Drawing, content: Content, seen: SeenMeshes, meshes: MeshPass
    ) -> None:
        """Adds light on meshes behind what is drawn; they are put under it afterwards."""
        for unit, texture in enumerate(
            (seen.depth, seen.normal, seen.tangent, seen.uv, seen.image), start=1
        ):
            texture.use(unit)
        meshes.bind_albedos(content)
        self._run(drawing, content, shapes_of(content.worn_by_meshes), {"MESHES": True})

    def release(self) -> None:
        """Frees the memory."""
        self._kept.release()

    def _run(
        self, drawing: Drawing, content: Content, shapes: Sequence[NetShape],
        defines: dict[str, object],
    ) -> None:  # fmt: skip
        ctx, request, target = self._ctx, drawing.request, drawing.target
        camera, settings = request.camera, request.settings
        for shape in shapes:
            program = drawing.programs.generated(
                "lit.comp",
                MARKER,
                self._functions(shape),
                COLOUR_FORMAT=colour_format(target),
                LATENTS=-(-shape.latents // 4),
                SKY_ROWS=SKY_ROWS,
                SKY_COLUMNS=SKY_COLUMNS,
                LEAST_WEIGHT=LEAST_WEIGHT,
                MOST_TINT=MOST_TINT,
                NO_MESH=NO_MESH,
                **defines,
                **_own_latents(content, shape, defines),
            )
            self._bind_materials(content, shape)
            self._lights.bind(program, content, request)
            self._lights.bind_environment(content.lights.environment, 0)
            set_uniforms(
                program,
                **camera_uniforms(camera),
                gain=gain(settings),
                seed=request.seed,
                samples=settings.light_samples,
                width=camera.width,
                relight=settings.relight,
                tint=settings.material_tint,
                repeats=settings.material_scale / drawing.facts.radius,
            )
            target.color.bind_to_image(0, read=True, write=True)
            ctx.memory_barrier()
            program.run(-(-camera.width // PIXEL_GROUP), -(-camera.height // PIXEL_GROUP))
            ctx.memory_barrier()

    def _functions(self, shape: NetShape) -> str:
        if self._in_texture:
            return glsl_of(shape, source="texture", binding=DATA)
        return glsl_of(shape, source="block", half=True, binding=NETS)

    def _bind_materials(self, content: Content, shape: NetShape) -> None:
        """Nets and latents of the materials of a shape, and where each material lies in them."""
        ctx, half = self._ctx, not self._in_texture
        own = [material for material in content.materials if material.shape == shape]
        key = content.materials, shape

        def make_data() -> moderngl.Buffer | moderngl.Texture:
            data, _ = pack(own, half)
            if self._in_texture:
                return ctx.texture(data.shape[1::-1], 4, data.tobytes(), dtype="f4")
            return ctx.buffer(data.tobytes())

        def make_places() -> moderngl.Buffer:
            _, places = pack(own, half)
            return ctx.buffer(place_rows(content.materials, shape, places).tobytes())

        data = self._kept.get(f"nets {shape}", key, make_data)
        if isinstance(data, moderngl.Texture):
            data.use(DATA)
        else:
            data.bind_to_storage_buffer(NETS)
        self._kept.get(f"places {shape}", key, make_places).bind_to_storage_buffer(COLUMN)


def _own_latents(
    content: Content, shape: NetShape, defines: dict[str, object]
) -> dict[str, object]:
    """Where the splats' own latents are among the coats, if nets of this shape take them."""
    latent = content.splats.latent
    if "SPLATS" not in defines or latent is None or latent.shape[1] != shape.latents:
        return {}
    coat = own_latents_at(len(content.materials)) // 3 - 1  # the colour's is not among them
    return {"OWN": coat, "OWN_LATENTS": shape.latents}
