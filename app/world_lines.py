"""Lines of the world in a picture: projected, and cut off where they pass the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..render.camera import Camera

Lines = NDArray[np.float64]

_FAR = 20_000.0  # pixels: painters lose precision beyond


def project_lines(camera: Camera, lines: Lines) -> Lines:
    """Pixels (M, 2, 2) of the parts of lines (N, 2, 3) in front of the camera and near the picture.

    Lines that pass the near plane are cut there, and then at the picture with room around it
    (Liang and Barsky 1984), so that none is drawn from behind the eye.
    """
    view = lines @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    near = camera.near
    a, b = view[:, 0], view[:, 1]
    span = np.where(b[:, 2] == a[:, 2], 1.0, b[:, 2] - a[:, 2])
    crossing = a + (b - a) * ((near - a[:, 2]) / span)[:, None]
    start = np.where((a[:, 2] < near)[:, None], crossing, a)
    end = np.where((b[:, 2] < near)[:, None], crossing, b)
    kept = (a[:, 2] >= near) | (b[:, 2] >= near)
    points = np.stack([start[kept], end[kept]], axis=1)
    depth = np.maximum(points[..., 2:], near)
    scale, centre = np.array([camera.fx, camera.fy]), np.array([camera.cx, camera.cy])
    pixels = points[..., :2] / depth * scale + centre
    return _inside(pixels, camera.width, camera.height)


def _inside(pixels: Lines, width: int, height: int) -> Lines:
    """The parts of lines within the picture and as much around it."""
    low, high = np.array([-width, -height]), np.array([2 * width, 2 * height])
    low, high = np.maximum(low, -_FAR), np.minimum(high, _FAR)
    start, way = pixels[:, 0], pixels[:, 1] - pixels[:, 0]
    safe = np.where(way == 0, 1e-300, way)
    to_low, to_high = (low - start) / safe, (high - start) / safe
    enter = np.maximum(np.minimum(to_low, to_high).max(axis=1), 0.0)
    leave = np.minimum(np.maximum(to_low, to_high).min(axis=1), 1.0)
    kept = enter < leave
    parts = np.stack([enter, leave], axis=1)[kept]
    return start[kept][:, None] + way[kept][:, None] * parts[..., None]


def frustum_lines(camera: Camera, depth: float) -> Lines:
    """(10, 2, 3) the pyramid of a camera's view up to a depth, with a mark where its top is."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0.35, 0), (0.65, 0), (0.5, -0.22)])
    pixels = corners * (camera.width, camera.height)
    rays = np.ones((len(pixels), 3))
    rays[:, :2] = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    axes = camera.world_to_camera[:3, :3]
    points = camera.position + depth * rays @ axes
    edges = [(0, 1), (1, 2), (2, 3), (3, 0), (4, 6), (6, 5)]
    sides = [np.stack([camera.position, points[k]]) for k in range(4)]
    return np.stack([*sides, *(np.stack([points[i], points[j]]) for i, j in edges)])
