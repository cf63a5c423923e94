"""Cameras that frame a scene: named views, orbits, and the places that come with a scene.

Directions are relative to the scene's up vector. The right axis of the front view is world X (made
perpendicular to up), which gives the front views of the three usual worlds: Y down looks along +Z
(INRIA, OpenCV), Y up looks along -Z (OpenGL), Z up looks along +Y (Blender).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..scenes.content import Content
from ..scenes.errors import VoileError
from ..scenes.splats import Splats
from .camera import Camera

if TYPE_CHECKING:
    from ..scenes.scene import Scene
    from ..scenes.viewpoint import Viewpoint

Vector = NDArray[np.float64]

VIEWS: tuple[str, ...] = ("front", "back", "left", "right", "top", "bottom", "iso")
"""Names that `named_view` knows. `left` is seen from the left side, and so on."""

FOV_Y = 50.0
"""Vertical angle of view where nothing else says one, degrees."""

_SAMPLES = 200_000  # splats looked at for percentiles
_TAIL = 0.02  # share of opacity in each tail that may be an outlier
_FENCE = 0.25  # how far beyond the percentiles splats still count, in percentile ranges
_REACH = 2.0  # standard deviations of a splat that must be inside the picture
_MARGIN = 1.04  # room around the bounding sphere


class ViewError(VoileError, ValueError):
    """There is no view of that name; the text lists those there are."""


def bounding_sphere(scene: Splats | Content) -> tuple[Vector, float]:
    """Centre (3,) and radius of the scene without its outliers, and of all meshes, world units.

    Stray splats far from everything are common in captures. Per axis, the opacity-weighted 2nd and
    98th percentiles, widened by a quarter of their distance, fence the scene in; the sphere is
    centred on the box of the splats inside and reaches two standard deviations of those beyond
    their centres (the largest 2 % of splats by size are not asked: one huge, faint splat must not
    shrink the rest). An empty scene gives the unit sphere at the origin; the radius is never 0.
    """
    content = Content.of(scene)
    corners = [mesh.vertices for mesh in content.meshes if len(mesh.vertices)]
    if not corners:
        return _sphere_of_splats(content.splats)
    points = np.concatenate(corners).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    center, radius = (low + high) / 2, 0.0  # where there are no splats
    if len(content.splats):
        center, radius = _sphere_of_splats(content.splats)
        low, high = np.minimum(low, center - radius), np.maximum(high, center + radius)
    middle = (low + high) / 2
    reach = max(
        float(np.linalg.norm(points - middle, axis=1).max()),
        float(np.linalg.norm(center - middle)) + radius,
        1e-6 * max(1.0, float(np.abs(middle).max())),
    )
    return middle, reach


def _sphere_of_splats(splats: Splats) -> tuple[Vector, float]:
    step = -(-len(splats) // _SAMPLES)
    if len(splats) == 0:
        return np.zeros(3), 1.0
    weights = splats.opacities[::step].astype(np.float64)
    if not weights.sum() > 0:
        weights = np.ones(len(weights))
    sample = splats.means[::step]
    low, high = np.array(
        [weighted_quantiles(sample[:, axis], weights, (_TAIL, 1 - _TAIL)) for axis in range(3)]
    ).T
    room = _FENCE * (high - low) + 1e-6 * np.abs(high)
    inside = ((splats.means >= low - room) & (splats.means <= high + room)).all(axis=1)
    if not inside.any():  # each axis passes some splats, all three together none
        inside[:] = True
    means = splats.means[inside].astype(np.float64)
    center = (means.min(axis=0) + means.max(axis=0)) / 2
    sizes = _REACH * splats.scales.max(axis=1)
    largest = weighted_quantiles(sizes[::step], weights, (1 - _TAIL,))[0]
    reach = np.linalg.norm(means - center, axis=1) + np.minimum(sizes[inside], largest)
    smallest = 1e-6 * max(1.0, float(np.abs(center).max()))
    return center, max(float(reach.max()), smallest)


def weighted_quantiles(
    values: ArrayLike, weights: ArrayLike, quantiles: tuple[float, ...]
) -> Vector:
    """The smallest value at which the running share of weight reaches each quantile."""
    values, weights = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    rows = np.searchsorted(share, np.asarray(quantiles) * share[-1])
    return values[order[np.minimum(rows, len(order) - 1)]]


def named_view(
    scene: Splats | Content, name: str, width: int, height: int, fov_y: float = FOV_Y
) -> Camera:
    """A camera that shows the whole scene from a side named in `VIEWS`; `fov_y` in degrees.

    Raises:
        ViewError: an unknown name.
    """
    right, up, forward = scene_axes(Content.of(scene).splats.up)
    # Where the camera stands seen from the centre, and which way is up in the picture.
    sides: dict[str, tuple[Vector, Vector]] = {
        "front": (-forward, up),
        "back": (forward, up),
        "left": (-right, up),
        "right": (right, up),
        "top": (up, forward),
        "bottom": (-up, -forward),
        "iso": (right * 0.6 - forward + up * 0.6, up),
    }
    if name not in sides:
        raise ViewError(f"there is no view {name!r}; there are {', '.join(sides)}")
    side, picture_up = sides[name]
    center, radius = bounding_sphere(scene)
    # The sphere touches the frustum's planes on the narrower side of the picture.
    half_y = math.radians(fov_y) / 2
    half_x = math.atan(math.tan(half_y) * width / height)
    distance = _MARGIN * radius / math.sin(min(half_x, half_y))
    eye = center + side / np.linalg.norm(side) * distance
    return Camera.look_at(
        eye, center, picture_up, width=width, height=height, fov_y=fov_y, **_planes(distance)
    )


def scene_axes(up: ArrayLike) -> tuple[Vector, Vector, Vector]:
    """Unit vectors right, up and forward of the front view for a scene's up vector (3,)."""
    up = np.asarray(up, np.float64)
    up = up / np.linalg.norm(up)
    right = np.array([1.0, 0.0, 0.0])
    right -= up * (right @ up)
    if np.linalg.norm(right) < 1e-3:  # up is X itself
        right = np.array([0.0, 1.0, 0.0]) - up * up[1]
    right /= np.linalg.norm(right)
    return right, up, np.cross(up, right)


def orbit(camera: Camera, center: ArrayLike, up: ArrayLike, count: int) -> list[Camera]:
    """`count` cameras, the first `camera` itself, turned in equal steps about an axis.

    The axis runs through `center` (3,) along `up` (3,); seen from above the camera moves
    counter-clockwise.
    """
    center = np.asarray(center, np.float64)
    axis = np.asarray(up, np.float64)
    axis = axis / np.linalg.norm(axis)
    cameras = [camera]
    for step in range(1, count):
        motion = np.eye(4)
        motion[:3, :3] = _rotation(axis, math.tau * step / count)
        motion[:3, 3] = center - motion[:3, :3] @ center
        moved = camera.world_to_camera @ np.linalg.inv(motion)
        cameras.append(replace(camera, world_to_camera=moved))
    return cameras[: max(count, 0)]


def _rotation(axis: Vector, angle: float) -> NDArray[np.float64]:
    """(3, 3) rotation about a unit axis by an angle in radians (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)


def from_viewpoint(viewpoint: Viewpoint, width: int, height: int) -> Camera:
    """The camera of a place that came with a scene."""
    distance = float(np.linalg.norm(np.subtract(viewpoint.target, viewpoint.position)))
    return Camera.look_at(
        viewpoint.position,
        viewpoint.target,
        viewpoint.up,
        width=width,
        height=height,
        fov_y=viewpoint.fov_y,
        **_planes(distance),
    )


def start_view(scene: Scene, width: int, height: int) -> Camera:
    """Where to stand when a scene opens: its first viewpoint, else the whole scene obliquely."""
    for viewpoint in scene.viewpoints.values():
        return from_viewpoint(viewpoint, width, height)
    return named_view(scene.content, "iso", width, height)


def _planes(distance: float) -> dict[str, Any]:
    """near and far for something looked at from `distance`; tiny scenes need a nearer plane."""
    return {"near": min(0.01, distance * 0.01), "far": max(1000.0, distance * 100.0)}
