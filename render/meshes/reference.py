"""The definition: a ray through every pixel centre against every triangle, in float64.

Moeller and Trumbore 1997, "Fast, Minimum Storage Ray/Triangle Intersection".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import LEAST_SLANT, SEAM
from ...scenes.mesh import Mesh
from ..camera import Camera
from ..display import to_light
from .surface import Surface
from .texture import sample

Float64 = NDArray[np.float64]


def draw_meshes(meshes: Sequence[Mesh], camera: Camera) -> Surface:
    """What every pixel sees. A triangle counts from z > near on, from either side."""
    height, width = camera.height, camera.width
    rays = _rays(camera, 0.5, 0.5)
    depth = np.full((height, width), np.inf)
    which = np.full((height, width), -1, np.int32)
    uvs, normals = np.zeros((height, width, 2)), np.zeros((height, width, 3))
    tangents = np.zeros((height, width, 3))
    footprints, albedos = np.zeros((height, width)), np.zeros((height, width, 3))
    alphas = np.zeros((height, width))
    for number, mesh in enumerate(meshes):
        for face in mesh.faces:
            corners = mesh.vertices[face].astype(np.float64)
            z, weights = _meet(corners, camera.position, rays)
            inside = (weights.min(axis=-1) >= -SEAM) & (z > camera.near) & (z < depth)
            if not inside.any():
                continue
            uv = mesh.uvs[face].astype(np.float64)
            albedo = np.broadcast_to(to_light(np.asarray(mesh.color)), (*inside.shape, 3))
            alpha = np.ones(inside.shape)
            if mesh.texture is not None:
                texels = _footprint(corners, uv * mesh.texture.size, camera)
                found = np.zeros((*inside.shape, 4))
                found[inside] = sample(mesh.texture, weights[inside] @ uv, texels[inside])
                inside &= found[..., 3] >= mesh.texture.cutoff
                albedo, alpha = albedo * found[..., :3], found[..., 3]
            albedos[inside], alphas[inside] = albedo[inside], alpha[inside]
            depth[inside], which[inside] = z[inside], number
            uvs[inside] = weights[inside] @ uv
            across = _across(corners, camera.position)
            normal = _unit(weights[inside] @ mesh.normals[face].astype(np.float64))
            normal = np.where((normal @ across < 0.0)[:, None], -normal, normal)
            normals[inside] = normal
            tangents[inside] = weights[inside] @ mesh.tangents[face].astype(np.float64)
            stretch = _stretch(normal, across, -_unit(rays[inside]))
            footprints[inside] = _footprint(corners, uv, camera)[inside] * stretch
    return Surface(
        depth.astype(np.float32),
        which,
        uvs.astype(np.float32),
        normals.astype(np.float32),
        tangents.astype(np.float32),
        footprints.astype(np.float32),
        albedos.astype(np.float32),
        alphas.astype(np.float32),
    )


def _rays(camera: Camera, dx: float, dy: float) -> Float64:
    """(H, W, 3) world directions of length such that one step is one unit of view depth."""
    y, x = np.mgrid[: camera.height, : camera.width].astype(np.float64)
    view = np.stack(
        [
            (x + dx - camera.cx) / camera.fx,
            (y + dy - camera.cy) / camera.fy,
            np.ones_like(x),
        ],
        axis=-1,
    )
    return view @ camera.world_to_camera[:3, :3]


def _meet(corners: Float64, eye: Float64, rays: Float64) -> tuple[Float64, Float64]:
    """View depth, and barycentric coordinates (H, W, 3), of where rays meet a triangle's plane."""
    first, second = corners[1] - corners[0], corners[2] - corners[0]
    across = np.cross(rays, second)
    det = across @ first
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(np.abs(det) > 1e-300, 1.0 / det, np.nan)
        offset = eye - corners[0]
        u = (across @ offset) * inverse
        q = np.cross(offset, first)
        v = (rays @ q) * inverse
        z = (second @ q) * inverse
    weights = np.stack([1 - u - v, u, v], axis=-1)
    return np.nan_to_num(z, nan=-1.0), np.nan_to_num(weights, nan=-1.0)


def _across(corners: Float64, eye: Float64) -> Float64:
    """(3,) unit, across a triangle, on the side that is seen."""
    across = _unit(np.cross(corners[1] - corners[0], corners[2] - corners[0]))
    return -across if across @ (corners[0] - eye) > 0.0 else across


def _stretch(normal: Float64, across: Float64, to_viewer: Float64) -> Float64:
    """(P,) how much longer a pixel is on the round surface that a flat triangle stands for."""
    round_slant = np.sum(normal * to_viewer, axis=-1)
    return np.maximum(to_viewer @ across / np.maximum(round_slant, LEAST_SLANT), 1.0)


def _unit(v: Float64) -> Float64:
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    return v / np.where(length > 0, length, 1.0)


def _footprint(corners: Float64, uv: Float64, camera: Camera) -> Float64:
    """(H, W) how far texture coordinates move from pixel to pixel, by central differences."""
    step = 1e-3

    def at(dx: float, dy: float) -> Float64:
        return _meet(corners, camera.position, _rays(camera, 0.5 + dx, 0.5 + dy))[1] @ uv

    along_x = (at(step, 0) - at(-step, 0)) / (2 * step)
    along_y = (at(0, step) - at(0, -step)) / (2 * step)
    return np.maximum(np.linalg.norm(along_x, axis=-1), np.linalg.norm(along_y, axis=-1))
