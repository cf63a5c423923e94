"""`Gizmo`: handles that move, turn and scale something on screen. Pure geometry, no Qt.

It stands at a point of the world and keeps its size on screen. Lines are in pixels of the camera;
drags become a `Placement` relative to where they began.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..render.camera import Camera
from ..scenes.placement import LARGEST, SMALLEST, Placement, axis_angle

Float64 = NDArray[np.float64]
Kind = Literal["move", "rotate", "scale"]

LENGTH = 90.0
"""Length of an arrow and radius of a ring, pixels."""

REACH = 8.0
"""How far beside a handle the mouse may be, pixels."""

FREE = 3
"""The handle that is no axis: move along the picture, turn about the view, scale."""

_RING = np.linspace(0.0, math.tau, 65)
_GRIP = 9.0  # half side of the square that moves along the picture, pixels
_EDGE_ON = 0.12  # a ring seen so flatly is dragged by its angle on screen


@dataclass(frozen=True)
class Handle:
    """A part that can be dragged: a row of `Gizmo.axes`, or `FREE`; and where it is drawn.

    Attributes:
        axis: what it acts along or about.
        line: (M, 2) pixels.
    """

    axis: int
    line: Float64


class Gizmo:
    """Handles of one kind at a point, as a camera sees them.

    Args:
        kind: what they do.
        pivot: (3,) where they stand and what they turn and scale about, world units.
        camera: of the picture they are drawn over.

    Attributes:
        axes: (A, 3) unit vectors that handles act along or about: the world's.
        color: of all handles; "" where each has that of its axis of the world.
    """

    color = ""

    def __init__(self, kind: Kind, pivot: ArrayLike, camera: Camera) -> None:
        self.kind: Kind = kind
        self.axes = np.eye(3)
        self.pivot = np.asarray(pivot, np.float64)
        self.camera = camera
        rotation = camera.world_to_camera[:3, :3]
        at = rotation @ self.pivot + camera.world_to_camera[:3, 3]
        self.visible = bool(at[2] > camera.near)
        self._unit = float(max(at[2], camera.near)) * LENGTH / camera.fx  # world units per LENGTH
        self._forward = rotation[2]
        self.center = self._project(self.pivot[None])[0]

    def handles(self) -> list[Handle]:
        """What can be dragged now, the free handle last."""
        if not self.visible:
            return []
        if self.kind == "scale":
            return [Handle(FREE, self._circle(LENGTH))]
        if self.kind == "rotate":
            rings = [Handle(axis, self._ring(axis)) for axis in range(len(self.axes))]
            return [*rings, Handle(FREE, self._circle(LENGTH + 14.0))]
        arrows = []
        for axis, direction in enumerate(self.axes):
            line = self._project(np.stack([self.pivot, self.pivot + self._unit * direction]))
            if np.linalg.norm(line[1] - line[0]) > 2 * _GRIP:  # not towards the eye
                arrows.append(Handle(axis, line))
        return [*arrows, Handle(FREE, self.center + _GRIP * _SQUARE)]

    def hit(self, x: float, y: float) -> int | None:
        """The axis of the handle at a pixel, the nearest one; None where there is none."""
        point, nearest = np.array([x, y]), {}
        for handle in self.handles():
            if self.kind == "move" and handle.axis == FREE:
                inside = bool((np.abs(point - self.center) <= _GRIP + 2).all())
                nearest[FREE] = -1.0 if inside else math.inf  # before the arrows that begin there
            else:
                nearest[handle.axis] = _distance(point, handle.line)
        axis = min(nearest, key=lambda a: nearest[a], default=None)
        return axis if axis is not None and nearest[axis] <= REACH else None

    def drag(self, axis: int, start: tuple[float, float], end: tuple[float, float]) -> Placement:
        """What a drag of a handle does, from and to a pixel."""
        if self.kind == "move":
            x, y, z = map(float, self._moved(axis, start, end))
            return Placement(translation=(x, y, z))
        if self.kind == "rotate":
            about = self._forward if axis == FREE else self.axes[axis]
            return Placement.about(self.pivot, axis_angle(about, self._turned(axis, start, end)))
        before = max(math.dist(start, self.center), 1.0)
        scale = math.dist(end, self.center) / before
        return Placement.about(self.pivot, scale=min(max(scale, SMALLEST), LARGEST))

    def _moved(self, axis: int, start: tuple[float, float], end: tuple[float, float]) -> Float64:
        if axis == FREE:
            normal = self._forward
            return self._on_plane(end, normal) - self._on_plane(start, normal)
        direction = self.axes[axis]
        return direction * (self._along(direction, end) - self._along(direction, start))

    def _along(self, direction: Float64, pixel: tuple[float, float]) -> float:
        """Where the line through the pivot is nearest to the ray of a pixel, world units."""
        ray = self._ray(pixel)
        across = float(ray @ direction)
        offset = self.camera.position - self.pivot
        # The shortest segment between two lines is perpendicular to both (unit directions).
        return float(offset @ direction - across * (offset @ ray)) / max(1.0 - across**2, 1e-6)

    def _turned(self, axis: int, start: tuple[float, float], end: tuple[float, float]) -> float:
        """The angle of a drag about an axis, radians."""
        direction = self._forward if axis == FREE else self.axes[axis]
        to_eye = self.camera.position - self.pivot
        facing = float(direction @ to_eye) / float(np.linalg.norm(to_eye))
        if axis == FREE or abs(facing) < _EDGE_ON:
            a, b = (math.atan2(p[1] - self.center[1], p[0] - self.center[0]) for p in (start, end))
            # On screen y points down: an angle that grows there turns about the view direction.
            return math.remainder(b - a, math.tau) * (1.0 if axis == FREE or facing < 0 else -1.0)
        first, last = (self._on_plane(p, direction) - self.pivot for p in (start, end))
        sine = float(direction @ np.cross(first, last))
        return math.atan2(sine, float(first @ last))

    def _on_plane(self, pixel: tuple[float, float], normal: Float64) -> Float64:
        """Where the ray of a pixel meets the plane through the pivot."""
        ray, eye = self._ray(pixel), self.camera.position
        slope = float(ray @ normal)
        if abs(slope) < 1e-6:
            slope = math.copysign(1e-6, slope)
        return eye + ray * float((self.pivot - eye) @ normal) / slope

    def _ray(self, pixel: tuple[float, float]) -> Float64:
        """(3,) unit direction of a pixel in the world."""
        camera = self.camera
        direction = np.array(
            [(pixel[0] - camera.cx) / camera.fx, (pixel[1] - camera.cy) / camera.fy, 1.0]
        )
        world = camera.world_to_camera[:3, :3].T @ direction
        return world / np.linalg.norm(world)

    def _project(self, points: Float64) -> Float64:
        return project(points, self.camera)

    def _ring(self, axis: int) -> Float64:
        normal = self.axes[axis]
        u = across(normal, np.eye(3)[(axis + 1) % 3])
        circle = np.cos(_RING)[:, None] * u + np.sin(_RING)[:, None] * np.cross(normal, u)
        return self._project(self.pivot + self._unit * circle)

    def _circle(self, radius: float) -> Float64:
        return self.center + radius * np.stack([np.cos(_RING), np.sin(_RING)], 1)


def across(normal: Float64, wanted: Float64) -> Float64:
    """(3,) unit vector perpendicular to the unit vector `normal`, towards `wanted` if it can be."""
    for vector in (wanted, *np.eye(3)):
        part = vector - normal * float(normal @ vector)
        length = float(np.linalg.norm(part))
        if length > 1e-6:
            return part / length
    raise AssertionError("one of the axes is not along the normal")


_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]])


def project(points: Float64, camera: Camera) -> Float64:
    """(M, 2) pixels of points (M, 3); what is behind the near plane is taken at it."""
    x, y, z = (points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]).T
    z = np.maximum(z, camera.near)
    return np.stack([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy], 1)


def _distance(point: Float64, line: Float64) -> float:
    """From a point to a polyline, pixels."""
    a, b = line[:-1], line[1:]
    along = b - a
    length = np.maximum(np.einsum("ij,ij->i", along, along), 1e-12)
    t = np.clip(np.einsum("ij,ij->i", point - a, along) / length, 0.0, 1.0)
    return float(np.linalg.norm(a + t[:, None] * along - point, axis=1).min())
