"""Meshes with OpenGL: what is nearest at each pixel, and how it is put behind the splats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from ...scenes.content import Content
from ...scenes.mesh import Mesh
from ...scenes.texture import Texture
from ..display import to_light
from ..frame import FrameRequest
from ..renderer import RenderError
from ..shading.deferred import material_index
from .drawing import VALUES, Drawing
from .lights import LightBuffers
from .programs import PIXEL_GROUP, Programs, set_uniforms
from .projection import camera_uniforms
from .target import Kept, Target
from .textures import Textures

UNLIT = -2
"""In place of a material: a mesh that shows its own colours."""

NO_MESH = 3e38
"""Depth of a pixel without a mesh."""


class SeenMeshes:
    """Textures of the nearest surface at each pixel.

    Attributes:
        depth: R float32 view depth, `NO_MESH` where there is none.
        normal: RGBA float32, on the side that is seen, and the size of a pixel on the texture.
        tangent: RGBA float32, and which mesh.
        uv: RG float32.
        image: RGBA float16 linear light of the mesh's texture.
    """

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int]) -> None:
        self._textures: list[moderngl.Texture] = []
        self._depth: moderngl.Renderbuffer | None = None
        try:
            for components, dtype in ((1, "f4"), (4, "f4"), (4, "f4"), (2, "f4"), (4, "f2")):
                self._textures.append(ctx.texture(size, components, dtype=dtype))
            self._depth = ctx.depth_renderbuffer(size)
            self.framebuffer = ctx.framebuffer(self._textures, self._depth)
        except BaseException:
            self._release_images()
            raise
        self.depth, self.normal, self.tangent, self.uv, self.image = self._textures

    def release(self) -> None:
        """Frees the memory."""
        self.framebuffer.release()
        self._release_images()

    def _release_images(self) -> None:
        for image in (*self._textures, self._depth):
            if image is not None:
                image.release()


@dataclass(frozen=True)
class _Uploaded:
    mesh: Mesh
    vertices: moderngl.Buffer
    faces: moderngl.Buffer


class MeshPass:
    """The meshes of a scene in GPU memory, and their textures.

    Args:
        ctx, programs: of the renderer; the context is current whenever a method is called.
    """

    def __init__(self, ctx: moderngl.Context, programs: Programs) -> None:
        self._ctx, self._programs = ctx, programs
        self._kept = Kept()
        self._uploaded: list[_Uploaded] = []
        self._textures = Textures(ctx)

    def upload(self, meshes: tuple[Mesh, ...], keep: Sequence[Texture] = ()) -> None:
        """Copies meshes to the GPU, but those that are there.

        Args:
            meshes: what is drawn from now on.
            keep: textures that are wanted later, beside theirs.

        Raises:
            RenderError: too little memory; then there are none.
        """
        known = {id(each.mesh): each for each in self._uploaded}
        wanted = {id(mesh) for mesh in meshes}
        for key, each in known.items():
            if key not in wanted:
                each.vertices.release()
                each.faces.release()
        self._uploaded = [known[id(mesh)] for mesh in meshes if id(mesh) in known]
        made = {id(each.mesh): each for each in self._uploaded}
        try:
            for mesh in meshes:
                if id(mesh) not in made:
                    made[id(mesh)] = self._copy(mesh)
                    self._uploaded.append(made[id(mesh)])
            own = [mesh.texture for mesh in meshes if mesh.texture is not None]
            self._textures.keep([*own, *keep])
        except moderngl.Error as error:
            self.release()
            raise RenderError(
                f"the meshes do not fit this OpenGL device ({error}). Use the cpu backend."
            ) from error
        self._uploaded = [made[id(mesh)] for mesh in meshes]

    def draw(self, request: FrameRequest, unit: float) -> SeenMeshes:
        """The nearest surface of every pixel.

        Args:
            request: of the frame.
            unit: about how far the scene reaches, world units.
        """
        ctx, camera = self._ctx, request.camera
        size = camera.width, camera.height
        seen = self._kept.get("meshes", size, lambda: SeenMeshes(ctx, size))
        program = self._programs.draw("mesh.vert", "mesh.frag")
        set_uniforms(
            program,
            **camera_uniforms(camera),
            near=camera.near,
            view_axis=tuple(camera.world_to_camera[2, :3]),
            depth_unit=min(unit, 1e18),
        )
        seen.framebuffer.use()
        ctx.scissor = None
        seen.framebuffer.clear(NO_MESH, 0.0, 0.0, 0.0, depth=1.0)
        ctx.enable_only(moderngl.DEPTH_TEST)
        ctx.depth_func = "<"
        for number, each in enumerate(self._uploaded):
            if len(each.mesh.faces):
                self._bind_texture(program, each.mesh.texture)
                set_uniforms(program, number=number)
                array = ctx.vertex_array(
                    program,
                    [(each.vertices, "3f 3f 3f 2f", *_ATTRIBUTES)],
                    each.faces,
                )
                array.render(moderngl.TRIANGLES)
                array.release()
        ctx.enable_only(moderngl.NOTHING)
        return seen

    def bind_albedos(self, content: Content) -> None:
        """Binds colour and material of each mesh."""
        ctx = self._ctx

        def make() -> moderngl.Buffer:
            rows = [
                (
                    *to_light(np.array(mesh.color)),
                    UNLIT if mesh.unlit else material_index(content, mesh.material),
                )
                for mesh in content.meshes
            ]
            return ctx.buffer(np.array(rows, np.float32).tobytes())

        key = content.meshes, content.materials
        self._kept.get("albedos", key, make).bind_to_storage_buffer(VALUES)

    def put_under(
        self, seen: SeenMeshes, content: Content, drawing: Drawing, lights: LightBuffers
    ) -> None:
        """Shades the matte surface and puts it behind what is drawn into the target."""
        ctx, target = self._ctx, drawing.target
        program = self._programs.compute(
            "mesh_under.comp",
            WITH_DEPTH=target.depth is not None,
            COLOUR_FORMAT=colour_format(target),
            NO_MESH=NO_MESH,
            UNLIT=UNLIT,
            MEDIAN=drawing.request.median,
        )
        camera = drawing.request.camera
        set_uniforms(program, **camera_uniforms(camera))
        lights.bind(program, content, drawing.request)
        self.bind_albedos(content)
        for unit, texture in enumerate((seen.depth, seen.normal, seen.tangent, seen.image)):
            texture.use(unit)
        target.color.bind_to_image(0, read=True, write=True)
        if target.depth is not None:
            target.depth.bind_to_image(1, read=True, write=True)
        ctx.memory_barrier()
        program.run(-(-camera.width // PIXEL_GROUP), -(-camera.height // PIXEL_GROUP))
        ctx.memory_barrier()

    def release(self) -> None:
        """Frees meshes and textures."""
        self._kept.release()
        for each in self._uploaded:
            each.vertices.release()
            each.faces.release()
        self._uploaded.clear()
        self._textures.release()

    def _bind_texture(self, program: moderngl.Program, texture: Texture | None) -> None:
        set_uniforms(program, textured=texture is not None)
        if texture is None:
            set_uniforms(program, cutoff=0.0)
            return
        mirrored = tuple(wrap == "mirror" for wrap in texture.wrap)
        set_uniforms(program, cutoff=texture.cutoff, mirrored=mirrored)
        self._textures.bind(texture, 0)

    def _copy(self, mesh: Mesh) -> _Uploaded:
        columns = (mesh.vertices, mesh.normals, mesh.tangents, mesh.uvs)
        vertices = self._buffer(np.concatenate(columns, axis=1).tobytes())
        try:
            return _Uploaded(mesh, vertices, self._buffer(mesh.faces.tobytes()))
        except moderngl.Error:
            vertices.release()
            raise

    def _buffer(self, data: bytes) -> moderngl.Buffer:
        return self._ctx.buffer(data) if data else self._ctx.buffer(reserve=4)


_ATTRIBUTES = "vertex", "vertex_normal", "vertex_tangent", "vertex_uv"


def colour_format(target: Target) -> str:
    """A target's colour as image units name it."""
    return "rgba16f" if target.color.dtype == "f2" else "rgba32f"
