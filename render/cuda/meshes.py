"""Meshes by CUDA (`mesh.cu`, `lit_meshes.cu`): what of them is on the GPU, and the launches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.sources import LARGE_TRIANGLE, MESH_TILE, TRIANGLE_EDGES
from ...scenes.content import Content
from ...scenes.texture import LINEAR, WRAPS
from ..camera import Camera
from ..display import to_light
from ..kernel_view import view_of
from ..shading.deferred import material_index
from .lighting import Light
from .plan import Buffers, Plan
from .resident import Resident

_POINTERS = "vertices", "normals", "tangents", "uvs", "faces", "texels", "levels"

MESH = np.dtype(
    [(name, np.int64) for name in _POINTERS]
    + [("first", np.int32), ("level_count", np.int32), ("wraps", np.int32, 2)]
    + [("material", np.int32), ("unlit", np.int32), ("color", np.float32, 3)]
    + [("cutoff", np.float32)]
)
"""`Mesh` of mesh.cuh."""


def pack_mesh_view(camera: Camera) -> NDArray[np.float64]:
    """(22,) float64, `MeshView` of mesh.cuh."""
    view = view_of(camera)
    parts = (
        view.rotation, view.translation, view.focal, view.centre, view.size, view.near,
        camera.position,
    )  # fmt: skip
    return np.concatenate([np.ravel(part) for part in parts]).astype(np.float64)


class Meshes:
    """The meshes of a frame on the device.

    Args:
        content: with posters as meshes; at least one.
        camera: of the frame.
        light: that falls on them.
        buffers, resident: memory.

    Attributes:
        limits: (H, W) float32 depths, beyond which no splat is seen.
        behind: (H, W, 4) float32 display colours, and 1 where a mesh is or 0.
    """

    def __init__(
        self, content: Content, camera: Camera, light: Light, buffers: Buffers, resident: Resident
    ) -> None:
        self._light, self._resident = light, resident
        self._count = sum(len(mesh.faces) for mesh in content.meshes)
        size = camera.height, camera.width
        self.limits = buffers.get("limits", *size)
        self.behind = buffers.get("behind", *size, 4)
        self._nearest = buffers.get("nearest", *size, dtype="int64")
        self._large = buffers.get("large triangles", self._count, LARGE_TRIANGLE, dtype="int32")
        # Written anew for every frame, so that it stays where it is: billboards are other meshes
        # in every view.
        rows = mesh_rows(content, resident)
        self._arguments = (
            buffers.send("meshes", rows.view(np.int32)),
            len(rows),
            buffers.send("mesh view", pack_mesh_view(camera)),
            resident.array(LINEAR),
            buffers.get("edges", self._count, TRIANGLE_EDGES, dtype="float64"),
            self._nearest,
            camera.width,
            camera.height,
        )
        self._tiles = -(-camera.width // MESH_TILE) * -(-camera.height // MESH_TILE)

    def draw(self, plan: Plan) -> None:
        """Lists the launches that find what is nearest, and show what of it has no material."""
        pixels, given = len(self.limits.flatten()), self._arguments
        large_count = plan.zeros(1)
        plan.each("clear_nearest", pixels, pixels, self._nearest)
        plan.each("draw_triangles", self._count, *given, self._count, self._large, large_count)
        plan.launch(
            "draw_large_triangles", self._tiles, (MESH_TILE**2, 1), *given, self._large, large_count
        )
        plan.each(
            "show_meshes", pixels, *given, *self._light.arguments, self._light.view, self.limits,
            self.behind,
        )  # fmt: skip

    def light(self, plan: Plan) -> None:
        """Lists the launches that light what of it has a material."""
        self._light.put_on_meshes(plan, self._arguments, self.behind)


def mesh_rows(content: Content, resident: Resident) -> NDArray[Any]:
    """(M,) of `MESH`; arrays of meshes that are new are copied."""
    rows, first = np.zeros(len(content.meshes), MESH), 0

    def address(array: NDArray[Any], dtype: Any = None) -> int:
        return resident.array(array, dtype).data_ptr()

    for row, mesh in zip(rows, content.meshes):
        for name in _POINTERS[:5]:
            row[name] = address(getattr(mesh, name))
        if (texture := mesh.texture) is not None:
            texels, levels = texture.packed
            row["texels"], row["levels"] = address(texels), address(levels, np.int32)
            row["level_count"], row["cutoff"] = len(levels), texture.cutoff
            row["wraps"] = [WRAPS.index(wrap) for wrap in texture.wrap]
        row["first"], row["unlit"] = first, mesh.unlit
        row["material"] = material_index(content, mesh.material)
        row["color"] = to_light(np.array(mesh.color))
        first += len(mesh.faces)
    return rows
