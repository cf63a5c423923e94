"""Cameras for measuring a scene where there are no photographs: places people look from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..scenes.splats import Splats
from .camera import Camera
from .views import FOV_Y, bounding_sphere, named_view, scene_axes

Vector = NDArray[np.float64]

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_ELEVATION = -5.0, 55.0  # degrees above the horizon
_DISTANCE = 0.35, 1.1  # times that of the front view
_JITTER = 0.25  # radii of the scene by which targets stray
_TURN, _NOD, _ZOOM = 20.0, 10.0, 0.2  # how far a given camera strays: degrees, and of its distance


def sample_views(
    splats: Splats,
    count: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = (320, 180),
    anchors: Sequence[Camera] = (),
) -> list[Camera]:
    """`count` cameras around a scene, the same for the same seed.

    Azimuths follow the golden ratio, so that any first few of them are spread evenly. Where there
    are anchors, every second camera is one of them moved a little.

    Args:
        splats: the scene.
        count: number of cameras.
        seed: of everything that is drawn at random.
        size: width and height, pixels.
        anchors: cameras that people are known to look from.
    """
    rng = np.random.default_rng(seed)
    center, radius = bounding_sphere(splats)
    front = named_view(splats, "front", *size)
    reach = float(np.linalg.norm(front.position - center))
    start = rng.random()
    cameras = []
    for k in range(count):
        if anchors and k % 2:
            anchor = anchors[int(rng.integers(len(anchors)))]
            cameras.append(_near(anchor, center, radius, splats.up, rng, size))
            continue
        azimuth = math.tau * ((start + k * _GOLDEN) % 1.0)
        elevation = math.radians(rng.uniform(*_ELEVATION))
        distance = reach * rng.uniform(*_DISTANCE)
        target = center + rng.uniform(-_JITTER, _JITTER, 3) * radius
        offset = _direction(splats.up, azimuth, elevation) * distance
        cameras.append(
            Camera.look_at(
                *(target + offset, target, splats.up),
                width=size[0],
                height=size[1],
                fov_y=FOV_Y,
                near=front.near,
                far=front.far,
            )
        )
    return cameras


def _near(
    anchor: Camera,
    center: Vector,
    radius: float,
    up: tuple[float, float, float],
    rng: np.random.Generator,
    size: tuple[int, int],
) -> Camera:
    """A camera beside another one that looks at about the same thing."""
    forward = anchor.world_to_camera[2, :3]
    # What it looks at is taken to be as far away as the scene's centre.
    distance = max(float((center - anchor.position) @ forward), 0.25 * radius)
    target = anchor.position + forward * distance
    right, above, ahead = scene_axes(up)
    back = -forward
    elevation = math.asin(float(np.clip(back @ above, -1.0, 1.0)))
    azimuth = math.atan2(float(back @ right), float(-(back @ ahead)))
    azimuth += math.radians(rng.uniform(-_TURN, _TURN))
    elevation += math.radians(rng.uniform(-_NOD, _NOD))
    elevation = min(max(elevation, math.radians(-89.0)), math.radians(89.0))
    distance *= rng.uniform(1.0 - _ZOOM, 1.0 + _ZOOM)
    target = target + rng.uniform(-0.2, 0.2, 3) * _JITTER * distance
    return Camera.look_at(
        target + _direction(up, azimuth, elevation) * distance,
        *(target, up),
        width=size[0],
        height=size[1],
        fov_y=anchor.fov_y,
        near=anchor.near,
        far=anchor.far,
    )


def _direction(up: tuple[float, float, float], azimuth: float, elevation: float) -> Vector:
    """Unit vector from the scene to a camera; azimuth 0 is in front, 90 degrees on the right."""
    right, above, ahead = scene_axes(up)
    flat = math.sin(azimuth) * right - math.cos(azimuth) * ahead
    return math.cos(elevation) * flat + math.sin(elevation) * above
