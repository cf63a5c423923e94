"""`Placement`: where a node stands in the scene: turned, scaled evenly, moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import VoileError

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

SMALLEST, LARGEST = 1e-4, 1e4
"""Limits of the scale."""


_CHUNK = 1 << 14  # points placed at a time, so that temporaries stay in the cache


class PlacementError(VoileError, ValueError):
    """Numbers that place nothing; the text names the field."""


@dataclass(frozen=True)
class Placement:
    """x -> scale * R x + translation.

    Attributes:
        rotation: unit quaternion wxyz of R; normalised on construction.
        translation: world units.
        scale: uniform, 1e-4 to 1e4.
    """

    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    translation: Vector = (0.0, 0.0, 0.0)
    scale: float = 1.0

    def __post_init__(self) -> None:
        length = math.sqrt(sum(q * q for q in self.rotation))
        if not (math.isfinite(length) and length > 1e-9):
            raise PlacementError(f"rotation is {self.rotation}; it must not be zero")
        if not all(map(math.isfinite, self.translation)):
            raise PlacementError(f"translation is {self.translation}; it must be finite")
        if not SMALLEST <= self.scale <= LARGEST:
            raise PlacementError(f"scale is {self.scale}; it must be {SMALLEST:g} to {LARGEST:g}")
        w, x, y, z = self.rotation
        if abs(length - 1.0) > 1e-12:
            object.__setattr__(self, "rotation", (w / length, x / length, y / length, z / length))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) the rotation R."""
        return quaternion_matrix(self.rotation)

    def apply(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) points placed; worked out in float64, returned as float32."""
        matrix, out = self.scale * self.matrix.T, np.empty_like(points)
        with np.errstate(over="ignore"):  # whoever places a scene looks whether it fits
            for start in range(0, len(points), _CHUNK):
                rows = slice(start, start + _CHUNK)
                out[rows] = points[rows].astype(np.float64) @ matrix + self.translation
        return out

    def then(self, other: Placement) -> Placement:
        """This placement followed by another."""
        moved = other.scale * other.matrix @ np.array(self.translation) + other.translation
        x, y, z = map(float, moved)
        scale = min(max(self.scale * other.scale, SMALLEST), LARGEST)
        return Placement(multiply(other.rotation, self.rotation), (x, y, z), scale)

    @classmethod
    def about(
        cls, pivot: ArrayLike, rotation: Quaternion = (1.0, 0.0, 0.0, 0.0), scale: float = 1.0
    ) -> Placement:
        """Turns and scales about a point (3,), which stays where it is."""
        pivot = np.asarray(pivot, np.float64)
        x, y, z = map(float, pivot - scale * quaternion_matrix(rotation) @ pivot)
        return cls(rotation, (x, y, z), scale)


IDENTITY = Placement()


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """Hamilton product: the rotation b followed by a."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def multiply_all(a: Quaternion, quats: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4) unit quaternions wxyz, each followed by the rotation a."""
    w, x, y, z = a
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]], np.float32)
    turned = quats @ left.T
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    return turned


def axis_angle(axis: ArrayLike, angle: float) -> Quaternion:
    """Quaternion of a turn about an axis (3,) by an angle in radians."""
    axis = np.asarray(axis, np.float64)
    x, y, z = map(float, math.sin(angle / 2) * axis / np.linalg.norm(axis))
    return (math.cos(angle / 2), x, y, z)


def from_euler(degrees: Vector) -> Quaternion:
    """Quaternion of turns about the world's x, then y, then z axis, degrees."""
    q: Quaternion = (1.0, 0.0, 0.0, 0.0)
    for axis, angle in zip(np.eye(3), degrees):
        q = multiply(axis_angle(axis, math.radians(angle)), q)
    return q


def to_euler(rotation: Quaternion) -> Vector:
    """Degrees about x, y and z, as `from_euler` takes them; y within +-90."""
    m = quaternion_matrix(rotation)  # Rz Ry Rx
    y = math.asin(min(max(-float(m[2, 0]), -1.0), 1.0))
    if abs(m[2, 0]) > 1.0 - 1e-9:  # x and z turn about one axis: let it be z
        x, z = 0.0, math.atan2(-float(m[0, 1]), float(m[1, 1]))
    else:
        x = math.atan2(float(m[2, 1]), float(m[2, 2]))
        z = math.atan2(float(m[1, 0]), float(m[0, 0]))
    return (math.degrees(x), math.degrees(y), math.degrees(z))


def quaternion_matrix(q: Quaternion) -> NDArray[np.float64]:
    """(3, 3) rotation of a unit quaternion wxyz."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
