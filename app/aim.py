"""`Aim`: handles that turn a direction, such as that of the sun. Pure geometry, no Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..render.camera import Camera
from ..scenes.placement import Placement, axis_angle
from .gizmo import FREE, Float64, Gizmo, Handle, across

REACH = 13.0
"""How far from the tip the mouse may be, pixels."""

AZIMUTH, HEIGHT = 0, 1
"""The handles that are rings: about up, and through up and the direction."""


class Aim(Gizmo):
    """Two rings, and the tip of the direction, which goes where the mouse goes (`FREE`).

    Args:
        direction: (3,) not zero.
        up: (3,) not zero, which way is up.
        pivot, camera: as of `Gizmo`.
    """

    color = "#f0c674"

    def __init__(
        self, direction: ArrayLike, up: ArrayLike, pivot: ArrayLike, camera: Camera
    ) -> None:
        super().__init__("rotate", pivot, camera)
        self.direction, upwards = _unit(direction), _unit(up)
        level = across(upwards, self.direction)
        if abs(float(self.direction @ upwards)) > 1.0 - 1e-9:  # overhead: as it is seen
            level = across(upwards, self._forward)
        self.axes = np.stack([upwards, np.cross(upwards, level)])
        self.tip = self._project((self.pivot + self._unit * self.direction)[None])[0]

    def handles(self) -> list[Handle]:
        """The rings, and the arrow from the tip to the pivot."""
        if not self.visible:
            return []
        rings = [Handle(axis, self._ring(axis)) for axis in (AZIMUTH, HEIGHT)]
        return [*rings, Handle(FREE, np.stack([self.tip, self.center]))]

    def hit(self, x: float, y: float) -> int | None:
        """The handle at a pixel; of the arrow, the tip."""
        if self.visible and math.dist((x, y), self.tip) <= REACH:
            return FREE
        axis = super().hit(x, y)
        return None if axis == FREE else axis

    def drag(self, axis: int, start: tuple[float, float], end: tuple[float, float]) -> Placement:
        """What a drag of a handle does, from and to a pixel."""
        if axis != FREE:
            return super().drag(axis, start, end)
        x, y = self.tip + np.subtract(end, start)
        after = self._on_sphere((float(x), float(y)))
        about = np.cross(self.direction, after)
        sine, cosine = float(np.linalg.norm(about)), float(self.direction @ after)
        if sine < 1e-9:
            return Placement()
        return Placement.about(self.pivot, axis_angle(about, math.atan2(sine, cosine)))

    def _on_sphere(self, pixel: tuple[float, float]) -> Float64:
        """(3,) direction of the sphere's point at a pixel, on the side of the eye where the tip is.

        Beside the sphere it is that of the nearest point of its rim.
        """
        ray, radius = self._ray(pixel), self._unit
        eye = self.camera.position - self.pivot
        distance = float(np.linalg.norm(eye))
        if distance <= radius:
            return self.direction  # the eye is inside: there is no rim
        towards = -eye / distance
        sine = radius / distance  # of the angle between the middle and the rim
        if float(ray @ towards) < math.sqrt(1.0 - sine**2):
            ray = math.sqrt(1.0 - sine**2) * towards + sine * across(towards, ray)
        nearest = -float(eye @ ray)
        half = math.sqrt(max(radius**2 - (distance**2 - nearest**2), 0.0))
        tip = radius * self.direction - eye
        near = float(tip @ tip) <= distance**2 - radius**2  # the rim is at equality
        return _unit(eye + (nearest - half if near else nearest + half) * ray)


def _unit(vector: ArrayLike) -> Float64:
    vector = np.asarray(vector, np.float64)
    return vector / np.linalg.norm(vector)
