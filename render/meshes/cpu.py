"""Meshes by the kernels, over all threads; the same bytes for any number of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...kernels.cpu import mesh as kernels
from ...kernels.cpu.texture import Image
from ...kernels.cpu.workers import Workers, shared_workers, thread_count
from ...scenes.mesh import Mesh
from ...scenes.texture import WRAPS, Texture
from ..camera import Camera
from ..display import to_light
from ..kernel_view import view_of
from .surface import Surface

_BAND = 32
"""Rows of pixels that are drawn together."""

_CHUNK = 1 << 13
"""Triangles that are set up together."""

_WHITE = Texture(np.full((1, 1, 4), 255, np.uint8))


def draw_meshes(meshes: Sequence[Mesh], camera: Camera, workers: Workers | None = None) -> Surface:
    """What every pixel sees of the meshes; see `Surface` and, for the definition, `reference`."""
    workers = workers or shared_workers(thread_count())
    height, width = camera.height, camera.width
    view = view_of(camera)
    depth = np.full((height, width), np.inf, np.float32)
    which = np.full((height, width), -1, np.int32)
    seen = np.zeros((height, width, kernels.SURFACE), np.float32)
    eye = np.array(camera.position, np.float64)
    bands = -(-height // _BAND)
    for number, mesh in enumerate(meshes):
        arrays = (mesh.vertices, mesh.faces, mesh.uvs, mesh.normals, mesh.tangents)
        vertices, faces, uvs, normals, tangents = (np.require(a, None, ["C", "W"]) for a in arrays)
        texture = mesh.texture or _WHITE
        wrap = np.array([WRAPS.index(wrap) for wrap in texture.wrap])
        image = Image(*texture.packed, wrap, float(texture.cutoff))
        color = to_light(np.array(mesh.color)).astype(np.float32)
        edges = np.empty((len(faces), kernels.SETUP))
        rows = np.empty((len(faces), 4), np.int32)

        def set_up(k: int, vertices=vertices, faces=faces, edges=edges, rows=rows) -> None:
            kernels.set_up(
                vertices, faces, view.rotation, view.translation, view.focal, view.centre,
                view.size, view.near, k * _CHUNK, min((k + 1) * _CHUNK, len(faces)), edges, rows,
            )  # fmt: skip

        workers.map(set_up, -(-len(faces) // _CHUNK))
        triangle = np.full((height, width), -1, np.int32)

        def draw(
            k: int, vertices=vertices, faces=faces, uvs=uvs, normals=normals, tangents=tangents,
            edges=edges, rows=rows, triangle=triangle, number=number, image=image, color=color,
        ) -> None:  # fmt: skip
            top, bottom = k * _BAND, min((k + 1) * _BAND, height)
            kernels.rasterize(
                edges, rows, faces, uvs, image, view.near, top, bottom, depth, triangle
            )
            kernels.look_up(
                edges, vertices, faces, uvs, normals, tangents, eye, image, triangle, top, bottom,
                seen,
            )  # fmt: skip
            band = slice(top, bottom)
            drawn = triangle[band] >= 0
            which[band][drawn] = number
            seen[band, :, kernels.RED : kernels.ALPHA][drawn] *= color

        workers.map(draw, bands)
    return Surface(
        depth,
        which,
        seen[..., : kernels.NX],
        seen[..., kernels.NX : kernels.TX],
        seen[..., kernels.TX : kernels.FOOTPRINT],
        seen[..., kernels.FOOTPRINT],
        seen[..., kernels.RED : kernels.ALPHA],
        seen[..., kernels.ALPHA],
    )
