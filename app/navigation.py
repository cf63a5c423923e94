"""`Navigator`: how mouse and keys move the camera. Pure geometry, no Qt.

The view is a turntable: a target, a distance, and two angles relative to the up vector. The angles
give the camera's axes directly, without a cross product of the view direction and up, so looking
straight up or down is an ordinary view and nothing flips there. A third angle, the roll, is 0
unless a trackball or the camera of a photograph brings one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from ..render.camera import Camera
from ..render.views import FOV_Y, scene_axes

Vector = NDArray[np.float64]

UP_AXES: dict[str, tuple[float, float, float]] = {
    "+Y": (0.0, 1.0, 0.0),
    "−Y": (0.0, -1.0, 0.0),  # a minus sign, as wide as the plus above it
    "+Z": (0.0, 0.0, 1.0),
    "−Z": (0.0, 0.0, -1.0),
    "+X": (1.0, 0.0, 0.0),
    "−X": (-1.0, 0.0, 0.0),
}
"""The up vectors that a menu offers, by label."""

VIEW_ANGLES: dict[str, tuple[float, float]] = {
    "front": (0.0, 0.0),
    "back": (math.pi, 0.0),
    "left": (math.pi / 2, 0.0),
    "right": (-math.pi / 2, 0.0),
    "top": (0.0, -math.pi / 2),
    "bottom": (0.0, math.pi / 2),
    "iso": (-math.atan(0.6), -math.atan(0.6 / math.hypot(0.6, 1.0))),
}
"""Azimuth and elevation of the views of `render.views.named_view`."""

ORBIT_SPEED = math.pi
"""Angle that a drag over the whole height of the picture turns the view by, radians."""

ZOOM_STEP = 1.15
"""Factor of the distance for one notch of the wheel."""

NEAREST = 0.02
"""Least distance from eye to target in scene radii; zooming on moves the target ahead instead."""

FARTHEST = 200.0
"""Greatest distance from eye to target, in scene radii."""

FLY_SPEED = 0.5
"""Scene radii flown a second where nothing else is said."""

BALL = 0.5
"""Radius of the trackball, in heights of the picture."""

FAST, SLOW = 4.0, 0.25
"""Factors of the flying speed while Shift or Alt is held."""

FIT_MARGIN = 1.04
"""Room around the bounding sphere when the scene is framed."""


@dataclass(frozen=True)
class View:
    """All that says where a `Navigator` looks from, in its units; equal where nothing differs."""

    target: tuple[float, float, float]
    distance: float
    azimuth: float
    elevation: float
    fov_y: float
    up: tuple[float, float, float]
    roll: float = 0.0


class Navigator:
    """Where the user looks from.

    Attributes:
        target: (3,) the point that orbits turn about, world units.
        distance: from the eye to the target, world units.
        azimuth: angle of the view direction about `up`, from the front view's, radians.
        elevation: angle of the view direction above the horizon, within +-pi/2, radians.
        roll: angle by which the camera is turned about the view direction, clockwise, radians.
        fov_y: vertical angle of view, degrees.
        center, radius: bounding sphere of the scene; scales every speed and limit.
        changed: emitted after every change.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.target: Vector = np.zeros(3)
        self.distance = 3.0
        self.azimuth = 0.0
        self.elevation = 0.0
        self.roll = 0.0
        self.fov_y = FOV_Y
        self.center: Vector = np.zeros(3)
        self.radius = 1.0
        self._up: Vector = np.array([0.0, -1.0, 0.0])

    # The view as vectors

    @property
    def up(self) -> Vector:
        """(3,) unit vector that stays up in the picture."""
        return self._up

    @up.setter
    def up(self, up: ArrayLike) -> None:
        """Changes the up vector; eye and view direction stay, the picture rolls."""
        down = self.rotation()[1]
        forward = self.forward
        up = np.asarray(up, np.float64)
        self._up = up / np.linalg.norm(up)
        self._aim(forward, -down)
        self.changed.emit()

    @property
    def view(self) -> View:
        """Where it looks from, to come back to by `restore`.

        Numbers are Python's own, whatever it was moved by: a session file can keep no others.
        """
        x, y, z = map(float, self.target)
        up_x, up_y, up_z = map(float, self._up)
        distance, fov_y = float(self.distance), float(self.fov_y)
        azimuth, elevation, roll = map(float, (self.azimuth, self.elevation, self.roll))
        return View((x, y, z), distance, azimuth, elevation, fov_y, (up_x, up_y, up_z), roll)

    def restore(self, view: View) -> None:
        """Goes back to a view."""
        self.target, self._up = np.array(view.target), np.array(view.up)
        self.distance, self.fov_y = view.distance, view.fov_y
        self.azimuth, self.elevation, self.roll = view.azimuth, view.elevation, view.roll
        self.changed.emit()

    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) the camera's axes in the world as rows: right, down, forward."""
        right0, up, forward0 = scene_axes(self._up)
        level = math.cos(self.azimuth) * forward0 + math.sin(self.azimuth) * right0
        forward = math.cos(self.elevation) * level + math.sin(self.elevation) * up
        right = np.cross(level, up)
        down = np.cross(forward, right)
        c, s = math.cos(self.roll), math.sin(self.roll)
        return np.stack([c * right + s * down, c * down - s * right, forward])

    @property
    def forward(self) -> Vector:
        """(3,) unit view direction."""
        return self.rotation()[2]

    @property
    def eye(self) -> Vector:
        """(3,) where the camera stands."""
        return self.target - self.distance * self.forward

    def camera(self, width: int, height: int) -> Camera:
        """The camera of this view for a picture of `width` x `height` pixels."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation()
        matrix[:3, 3] = -matrix[:3, :3] @ self.eye
        focal = 0.5 * height / math.tan(math.radians(self.fov_y) / 2)
        # A tiny scene needs a nearer plane, a huge one a farther one.
        near = min(0.01, 0.01 * self.distance)
        far = max(1000.0, 100.0 * max(self.distance, self.radius))
        return Camera(width, height, focal, focal, width / 2, height / 2, matrix, near, far)

    # Placing the view

    def set_scene(self, center: ArrayLike, radius: float, up: ArrayLike) -> None:
        """Takes a scene's bounding sphere and up vector, before the view is placed."""
        self.center = np.asarray(center, np.float64)
        self.radius = float(radius)
        up = np.asarray(up, np.float64)
        self._up = up / np.linalg.norm(up)
        self.changed.emit()

    def look_at(
        self, eye: ArrayLike, target: ArrayLike, up: ArrayLike | None = None, fov_y: float = FOV_Y
    ) -> None:
        """Stands at `eye` and turns about `target`; `up` matters when looking along the axis."""
        eye, target = np.asarray(eye, np.float64), np.asarray(target, np.float64)
        offset = target - eye
        self.distance = max(float(np.linalg.norm(offset)), 1e-9)
        self.target = target
        self.fov_y = fov_y
        self._aim(offset / self.distance, self._up if up is None else np.asarray(up, np.float64))
        self.changed.emit()

    def look_from(self, view: str, aspect: float) -> None:
        """Shows the whole scene from a side in `VIEW_ANGLES`, upright for the user's up vector."""
        self.azimuth, self.elevation, self.roll = *VIEW_ANGLES[view], 0.0
        self.frame(aspect)

    def frame(self, aspect: float) -> None:
        """Keeps the direction and shows the whole scene; `aspect`: width over height."""
        half_y = math.radians(self.fov_y) / 2
        half = min(half_y, math.atan(math.tan(half_y) * aspect))
        self.target = self.center.copy()
        self.distance = FIT_MARGIN * self.radius / math.sin(half)
        self.changed.emit()

    def flip(self) -> None:
        """Turns the picture upside down: up becomes its opposite."""
        self.up = -self._up

    def stand(self, camera: Camera) -> None:
        """Takes the place of a camera, its roll as well; turns about what is ahead of it."""
        forward = camera.world_to_camera[2, :3]
        ahead = float((self.center - camera.position) @ forward)
        self.distance = ahead if ahead > NEAREST * self.radius else self.radius
        self.target = camera.position + self.distance * forward
        self.fov_y = camera.fov_y
        self._take(camera.world_to_camera[:3, :3])
        self.changed.emit()

    def place(self, **values: ArrayLike) -> None:
        """Changes the view by numbers, and leaves the rest.

        Args:
            values: of "eye" and "target", (3,), world units; "azimuth", "elevation" and "roll",
                degrees; "distance"; "fov_y".
        """
        eye = np.asarray(values.get("eye", self.eye), np.float64)
        target = np.asarray(values.get("target", self.target), np.float64)
        if {"eye", "target"} & values.keys() and np.linalg.norm(target - eye) > 1e-9:
            roll = self.roll
            self.target, self.distance = target, float(np.linalg.norm(target - eye))
            self._aim((target - eye) / self.distance, -self.rotation()[1])
            self.roll = roll
        for name in ("azimuth", "elevation", "roll"):
            if name in values:
                setattr(self, name, math.radians(float(np.asarray(values[name]))))
        self.elevation = min(max(self.elevation, -math.pi / 2), math.pi / 2)
        for name in ("distance", "fov_y"):
            if name in values:
                setattr(self, name, float(np.asarray(values[name])))
        self.changed.emit()

    # Moving; drags are in fractions of the picture's height, x right, y down

    def orbit(self, dx: float, dy: float) -> None:
        """Turns the view about the target; the scene follows the drag."""
        self._turn_by(dx, dy)
        self.changed.emit()

    def trackball(self, x: float, y: float, dx: float, dy: float) -> None:
        """Turns the scene like a ball under the cursor; no direction is up.

        Args:
            x, y: where the drag comes from, from the picture's centre in fractions of its height.
            dx, dy: how far it goes.
        """
        before, after = _on_ball(x, y), _on_ball(x + dx, y + dy)
        self._take(_turn(before, after) @ self.rotation())
        self.changed.emit()

    def look(self, dx: float, dy: float) -> None:
        """Turns the head: the eye stays, the target swings; the picture follows the drag."""
        eye = self.eye
        self._turn_by(-dx, -dy)
        self.target = eye + self.distance * self.forward
        self.changed.emit()

    def pan(self, dx: float, dy: float) -> None:
        """Moves along the picture plane so that the target's depth follows the cursor."""
        right, down, _ = self.rotation()
        self.target = self.target - (right * dx + down * dy) * self._plane_height()
        self.changed.emit()

    def zoom(self, notches: float, x: float = 0.0, y: float = 0.0) -> None:
        """Goes nearer (positive) or farther; the point under the cursor stays under it.

        Args:
            notches: wheel steps.
            x, y: the cursor from the picture's centre, in fractions of its height, right and down.
        """
        wanted = self.distance * ZOOM_STEP**-notches
        least, most = NEAREST * self.radius, FARTHEST * self.radius
        distance = min(max(wanted, min(least, self.distance)), max(most, self.distance))
        right, down, forward = self.rotation()
        under_cursor = (right * x + down * y) * self._plane_height()
        self.target = self.target + under_cursor * (1 - distance / self.distance)
        # At the least distance the eye still goes on, by pushing the target ahead.
        self.target = self.target + forward * max(0.0, distance - wanted) * (notches > 0)
        self.distance = distance
        self.changed.emit()

    def fly(
        self, right: float, up: float, ahead: float, seconds: float, speed: float = FLY_SPEED
    ) -> None:
        """Moves eye and target; directions in -1 to 1, speed in scene radii a second."""
        axes = self.rotation()
        motion = axes[0] * right - axes[1] * up + axes[2] * ahead
        self.target = self.target + motion * (speed * self.radius * seconds)
        self.changed.emit()

    def _turn_by(self, dx: float, dy: float) -> None:
        c, s = math.cos(self.roll), math.sin(self.roll)
        dx, dy = c * dx - s * dy, s * dx + c * dy
        self.azimuth = math.remainder(self.azimuth + dx * ORBIT_SPEED, math.tau)
        limit = math.pi / 2
        self.elevation = min(max(self.elevation - dy * ORBIT_SPEED, -limit), limit)

    def _plane_height(self) -> float:
        """World units that the picture is high at the target's depth."""
        return 2 * self.distance * math.tan(math.radians(self.fov_y) / 2)

    def _take(self, axes: NDArray[np.float64]) -> None:
        """All three angles from the camera's axes, (3, 3) rows right, down, forward."""
        self._aim(axes[2], -axes[1])
        right, down, _ = self.rotation()
        self.roll = math.atan2(float(axes[0] @ down), float(axes[0] @ right))
        if abs(self.roll) < 1e-9:
            self.roll = 0.0

    def _aim(self, forward: Vector, picture_up: Vector) -> None:
        """Angles of a view direction; straight up or down `picture_up` tells the azimuth."""
        self.roll = 0.0
        right0, up, forward0 = scene_axes(self._up)
        self.elevation = math.asin(min(max(float(forward @ up), -1.0), 1.0))
        level = forward - up * (forward @ up)
        if np.linalg.norm(level) < 1e-6:
            # Looking down, the picture's top is where the level direction points; up, the reverse.
            level = picture_up * -math.copysign(1.0, self.elevation)
        self.azimuth = math.atan2(float(level @ right0), float(level @ forward0))


def _on_ball(x: float, y: float) -> Vector:
    """(3,) direction in camera axes of the point of the trackball under a cursor.

    A sphere that goes over into a hyperbola, so that there is no edge (Bell; Holroyd).
    """
    square = x * x + y * y
    inside = square <= BALL * BALL / 2
    depth = math.sqrt(BALL * BALL - square) if inside else BALL * BALL / (2 * math.sqrt(square))
    point = np.array([x, y, -depth])
    return point / np.linalg.norm(point)


def _turn(before: Vector, after: Vector) -> NDArray[np.float64]:
    """(3, 3) the smallest rotation that takes one unit vector to another."""
    axis, cosine = np.cross(before, after), float(before @ after)
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)
