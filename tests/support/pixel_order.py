"""The picture with an order of its own for every pixel: by the depth where a splat is strongest.

As StopThePop (Radl et al. 2024) sorts; for few splats and small images.
"""

from __future__ import annotations

import numpy as np

from voile import Camera, Settings, Splats
from voile.render.projection import footprints, project, quats_to_matrices


def draw_in_pixel_order(splats: Splats, camera: Camera) -> np.ndarray:
    """(H, W, 3) colour over black."""
    projected = project(splats, camera, Settings())
    rays = pixel_rays(camera)
    shape = (len(projected.depths), camera.height, camera.width)
    alpha, depth = np.zeros(shape), np.full(shape, np.inf)
    for splat in footprints(projected, camera):
        alpha[splat.row][splat.window] = splat.alpha
        depth[splat.row] = strongest(splats, int(projected.splats[splat.row]), camera, rays)
    order = np.argsort(depth, axis=0, kind="stable")
    alpha = np.take_along_axis(alpha, order, axis=0)
    clear = np.cumprod(1.0 - alpha, axis=0)
    weight = alpha * np.concatenate([np.ones((1, *shape[1:])), clear[:-1]])
    return np.einsum("nhw,nhwc->hwc", weight, projected.colors[order]).astype(np.float32)


def pixel_rays(camera: Camera) -> np.ndarray:
    """(H, W, 3) directions through the pixels, with z = 1 in camera axes, in world axes."""
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    local = np.stack(
        [(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], axis=-1
    )
    return local @ camera.world_to_camera[:3, :3]


def strongest(splats: Splats, number: int, camera: Camera, rays: np.ndarray) -> np.ndarray:
    """(H, W) depth along z at which the Gaussian has its maximum on the ray of each pixel."""
    rotation = quats_to_matrices(splats.quats[number : number + 1].astype(np.float64))[0]
    inverse = rotation @ np.diag(splats.scales[number].astype(np.float64) ** -2) @ rotation.T
    offset = splats.means[number] - camera.position
    return (rays @ inverse @ offset) / np.einsum("hwi,ij,hwj->hw", rays, inverse, rays)
