"""Matte surfaces (Lambert 1760): meshes without a material."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..camera import Camera
from ..display import to_display
from ..meshes.surface import Surface
from ..settings import Settings
from .environment import environment_frame, gain, irradiance
from .lamps import lamp_light


def shade_matte(
    content: Content, surface: Surface, camera: Camera, settings: Settings
) -> NDArray[np.float64]:
    """(H, W, 3) display colours of what is seen of the meshes; 0 where none is.

    L = albedo (E(n) / pi + sum over lamps of light max(0, n . w)), without shadows; albedo alone
    where a mesh is unlit.
    """
    seen = surface.mesh >= 0
    shown = np.zeros((*seen.shape, 3))
    normals = surface.normals[seen].astype(np.float64)
    lights = content.lights
    turned = environment_frame(content.splats.up, settings.environment_rotation)
    light = irradiance(lights.environment, turned, normals) * (gain(settings) / np.pi)
    points = points_seen(surface, camera)[seen]
    for direction, strength in lamp_light(lights.lamps, points):
        light += strength * np.maximum(np.sum(normals * direction, axis=-1, keepdims=True), 0.0)
    unlit = np.array([mesh.unlit for mesh in content.meshes], np.bool_)[surface.mesh[seen]]
    light[unlit] = 1.0
    shown[seen] = to_display(surface.albedos[seen] * light)
    return shown


def points_seen(surface: Surface, camera: Camera) -> NDArray[np.float64]:
    """(H, W, 3) world coordinates of what is seen at each pixel; 0 where there is no mesh."""
    return positions(np.where(surface.mesh >= 0, surface.depth, 0.0), camera)


def positions(depth: NDArray[np.floating], camera: Camera) -> NDArray[np.float64]:
    """(H, W, 3) world coordinates at view depths (H, W)."""
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    rays = np.stack(
        [(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], axis=-1
    )
    z = np.asarray(depth, np.float64)[..., None]
    return camera.position + z * (rays @ camera.world_to_camera[:3, :3])
