"""`CameraPath`: a smooth motion of the camera through keys, saved as JSON.

Positions follow centripetal Catmull-Rom splines (Yuksel 2011: no cusps, no loops between keys), in
the pyramid form of Barry and Goldman (1988). Orientations follow the same pyramid with great arcs
in place of straight lines (Schlag 1991). How fast each is run through is a monotone cubic of time
(Fritsch and Carlson 1980), so the camera passes every key at its time, never turns back between
two, and never jumps in speed. Where the first and the last key are one view, the path is closed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..scenes.errors import VoileError
from ..scenes.json_text import JsonError, decode
from .camera import Camera
from .output import write_whole
from .projection import quats_to_matrices

Vector = NDArray[np.float64]
Blend = Callable[[Vector, Vector, float], Vector]

LARGEST = 16 << 20
"""Bytes beyond which a file is no path."""

MOST_KEYS = 10_000
LONGEST = 24 * 3600.0
_SAME = 1e-9


class PathError(VoileError, ValueError):
    """A path's keys make no motion, or its file cannot be read; the text names the key."""


@dataclass(frozen=True, eq=False)
class Key:
    """A view that the camera passes.

    Attributes:
        time: when, seconds from the beginning.
        position: (3,) where the camera stands, world units.
        orientation: (4,) unit quaternion (w, x, y, z), turns camera axes (OpenCV) into the world.
        fov_y: vertical angle of view, degrees.
    """

    time: float
    position: Vector
    orientation: Vector
    fov_y: float

    @classmethod
    def of(cls, camera: Camera, time: float) -> Key:
        """The view of a camera as a key."""
        quat = quaternion(camera.world_to_camera[:3, :3].T)
        return cls(time, np.array(camera.position), quat, camera.fov_y)

    def camera(self, width: int, height: int, near: float = 0.01) -> Camera:
        """The camera of this view for a picture of `width` x `height` pixels."""
        matrix = np.eye(4)
        matrix[:3, :3] = quats_to_matrices(self.orientation[None])[0].T
        matrix[:3, 3] = -matrix[:3, :3] @ self.position
        focal = 0.5 * height / math.tan(math.radians(self.fov_y) / 2)
        return Camera(width, height, focal, focal, width / 2, height / 2, matrix, near)


class CameraPath:
    """A motion through two keys or more.

    Args:
        keys: in any order.

    Raises:
        PathError: fewer than two keys, two at one time, or numbers that make no view.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(sorted(keys, key=lambda key: key.time))
        if not 2 <= len(keys) <= MOST_KEYS:
            raise PathError(f"a path has 2 to {MOST_KEYS} keys; this has {len(keys)}")
        for k, key in enumerate(self.keys):
            _check(key, k)
        for k, (a, b) in enumerate(pairwise(self.keys)):
            if b.time - a.time < 1e-3:
                raise PathError(f"keys {k + 1} and {k + 2} are both at {a.time:g} s; move one")

    @property
    def start(self) -> float:
        """Time of the first key, seconds."""
        return self.keys[0].time

    @property
    def end(self) -> float:
        """Time of the last key, seconds."""
        return self.keys[-1].time

    @property
    def duration(self) -> float:
        """Seconds from the first key to the last."""
        return self.end - self.start

    @cached_property
    def closed(self) -> bool:
        """Whether it ends as it began, so that it may be run around for ever."""
        first, last = self.keys[0], self.keys[-1]
        return (
            len(self.keys) > 2
            and _distance(first.position, last.position) < 1e-6
            and _angle(first.orientation, last.orientation) < 1e-6
        )

    @cached_property
    def _tracks(self) -> tuple[_Track, _Track]:
        times = [key.time for key in self.keys]
        positions = _Track(times, [k.position for k in self.keys], _distance, _lerp, self.closed)
        turns = _Track(times, [k.orientation for k in self.keys], _angle, slerp, self.closed)
        return positions, turns

    def at(self, time: float) -> Key:
        """The view at a time; before the first key that one's, after the last that one's."""
        time = min(max(time, self.start), self.end)
        positions, turns = self._tracks
        orientation = turns.at(time)
        times = np.array([key.time for key in self.keys])
        angles = np.array([key.fov_y for key in self.keys])
        fov_y = float(monotone(times, angles, time))
        return Key(time, positions.at(time), orientation / np.linalg.norm(orientation), fov_y)

    def cameras(self, fps: float, width: int, height: int, near: float = 0.01) -> list[Camera]:
        """A camera for each frame of a film; a closed path leaves out its last, which is the first.

        Raises:
            PathError: no frame rate.
        """
        return [self.at(t).camera(width, height, near) for t in self.times(fps)]

    def times(self, fps: float) -> list[float]:
        """When the frames of a film are, seconds."""
        if not (math.isfinite(fps) and 0 < fps <= 1000):
            raise PathError(f"the frame rate is {fps:g}; it must be more than 0, up to 1000")
        steps = math.floor(self.duration * fps + 1e-6)
        count = steps if self.closed and abs(steps / fps - self.duration) < 1e-6 else steps + 1
        return [self.start + k / fps for k in range(max(count, 1))]

    # As JSON

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, as `from_dict` reads them."""
        return {"keys": keys_as_numbers(self.keys)}

    @classmethod
    def from_dict(cls, values: Any) -> CameraPath:
        """A path from plain numbers. Raises PathError."""
        try:
            spec = msgspec.convert(values, _FileSpec)
        except msgspec.ValidationError as error:
            raise PathError(f"path: {error}") from error
        return cls([key.key() for key in spec.keys])

    @classmethod
    def load(cls, path: str | Path) -> CameraPath:
        """Reads a JSON file. Raises PathError: names the file and what is wrong."""
        path = Path(path)
        try:
            if path.stat().st_size > LARGEST:
                raise PathError(f"{path}: too large for a camera path; choose another")
            return cls.from_dict(decode(path.read_bytes(), dict[str, Any]))
        except OSError as error:
            raise PathError(f"{path}: cannot be read: {error.strerror or error}") from error
        except JsonError as error:
            raise PathError(f"{path}: not a camera path: {error}") from error
        except PathError as error:
            if str(path) in str(error):
                raise
            raise PathError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Writes it as JSON, whole or not at all. Raises OutputError."""
        data = msgspec.json.format(msgspec.json.encode(self.to_dict()))
        write_whole(Path(path), lambda to: to.write_bytes(data))


class _KeySpec(msgspec.Struct):
    time: float
    position: Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
    orientation: Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]
    fov_y: float = 50.0

    def key(self) -> Key:
        quat = np.array(self.orientation, np.float64)
        length = math.hypot(*self.orientation)
        if math.isfinite(length) and length > 1e-6:
            quat = quat / length
        return Key(self.time, np.array(self.position, np.float64), quat, self.fov_y)


class _FileSpec(msgspec.Struct):
    keys: Annotated[list[_KeySpec], msgspec.Meta(max_length=MOST_KEYS)]


def keys_as_numbers(keys: Sequence[Key]) -> list[dict[str, Any]]:
    """Keys as plain numbers, of which there may be fewer than make a path."""
    return [
        {
            "time": key.time,
            "position": key.position.tolist(),
            "orientation": key.orientation.tolist(),
            "fov_y": key.fov_y,
        }
        for key in keys
    ]


def keys_from_numbers(values: Any) -> tuple[Key, ...]:
    """The keys that `keys_as_numbers` was given. Raises PathError."""
    try:
        keys = tuple(spec.key() for spec in msgspec.convert(values, list[_KeySpec]))
    except msgspec.ValidationError as error:
        raise PathError(f"path: {error}") from error
    for number, key in enumerate(keys):
        _check(key, number)
    return keys if len(keys) < 2 else CameraPath(keys).keys


def _check(key: Key, number: int) -> None:
    name = f"key {number + 1}"
    if not (math.isfinite(key.time) and abs(key.time) <= LONGEST):
        raise PathError(f"{name}: time is {key.time}; it must be within {LONGEST:g} s")
    if not (np.isfinite(key.position).all() and np.abs(key.position).max() < 1e12):
        raise PathError(f"{name}: position is {key.position.tolist()}; it must be finite")
    if not abs(float(np.linalg.norm(key.orientation)) - 1) < 1e-6:
        raise PathError(f"{name}: orientation is {key.orientation.tolist()}; it must not be zero")
    if not 0.1 <= key.fov_y <= 179:
        raise PathError(f"{name}: fov_y is {key.fov_y}; it must be 0.1 to 179 degrees")


# Curves


class _Track:
    """Values at times, as a centripetal spline of them run through at a monotone pace.

    Args:
        times, values: of the keys.
        distance: of two values; knots are spaced by its square root.
        blend: (a, b, share) -> the value on the way from a to b, also beyond either.
        closed: whether the last value is the first.
    """

    def __init__(
        self,
        times: Sequence[float],
        values: Sequence[Vector],
        distance: Callable[[Vector, Vector], float],
        blend: Blend,
        closed: bool,
    ) -> None:
        self._blend, self._times = blend, np.array(times)
        steps = [math.sqrt(distance(a, b)) for a, b in pairwise(values)]
        # Keys where nothing moves share a knot: the camera rests between them.
        self._knots = np.concatenate([[0.0], np.cumsum([s if s > 1e-6 else 0.0 for s in steps])])
        distinct = [0] + [k + 1 for k, s in enumerate(steps) if s > 1e-6]
        at = [float(self._knots[k]) for k in distinct]
        own = [values[k] for k in distinct]
        if len(own) > 1:  # one more at either end: around the circle, or straight on
            if closed and len(own) > 2:
                before, after = (own[-2], at[0] - at[-1] + at[-2]), (own[1], at[-1] + at[1] - at[0])
            else:
                before = blend(own[1], own[0], 2.0), 2 * at[0] - at[1]
                after = blend(own[-2], own[-1], 2.0), 2 * at[-1] - at[-2]
            own, at = [before[0], *own, after[0]], [before[1], *at, after[1]]
        self._own, self._at = own, at

    def at(self, time: float) -> Vector:
        """The value at a time between the first key's and the last's."""
        if len(self._own) == 1:
            return self._own[0]
        u = float(monotone(self._times, self._knots, time))
        k = min(max(int(np.searchsorted(self._at, u, "right")) - 1, 1), len(self._at) - 3)
        t, p, mix = self._at[k - 1 : k + 3], self._own[k - 1 : k + 3], self._blend
        a = [mix(p[i], p[i + 1], (u - t[i]) / (t[i + 1] - t[i])) for i in range(3)]
        b = [mix(a[i], a[i + 1], (u - t[i]) / (t[i + 2] - t[i])) for i in range(2)]
        return mix(b[0], b[1], (u - t[1]) / (t[2] - t[1]))


def monotone(x: Vector, y: Vector, at: float) -> float:
    """A cubic through (x, y) that has no extremum but at the points (Fritsch and Carlson 1980)."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    k = min(max(int(np.searchsorted(x, at, "right")) - 1, 0), len(h) - 1)

    def slope(i: int) -> float:
        if 0 < i < len(h):
            if d[i - 1] * d[i] <= 0:
                return 0.0
            a, b = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            return (a + b) / (a / d[i - 1] + b / d[i])
        return float(d[0] if i == 0 else d[-1])

    s = (at - x[k]) / h[k]
    m0, m1 = h[k] * slope(k), h[k] * slope(k + 1)
    rise = y[k + 1] - y[k]
    # Hermite's form, with the rise in front so that equal ends stay exactly equal.
    return y[k] + rise * s * s * (3 - 2 * s) + m0 * s * (1 - s) ** 2 - m1 * s * s * (1 - s)


def _lerp(a: Vector, b: Vector, share: float) -> Vector:
    return a + (b - a) * share


def _distance(a: Vector, b: Vector) -> float:
    return float(np.linalg.norm(b - a))


def _angle(a: Vector, b: Vector) -> float:
    """Angle of the turn from one orientation to another, radians."""
    apart, together = float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b))
    return 4 * math.atan2(min(apart, together), max(apart, together))


def slerp(a: Vector, b: Vector, share: float) -> Vector:
    """On the great arc from one unit quaternion to another, the short way (Shoemake 1985)."""
    cosine = float(a @ b)
    if cosine < 0:
        b, cosine = -b, -cosine
    angle = math.atan2(float(np.linalg.norm(b - a * cosine)), cosine)
    if angle < _SAME:
        return a
    return (math.sin((1 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle)


def quaternion(matrix: NDArray[np.float64]) -> Vector:
    """(4,) unit (w, x, y, z), w >= 0, of a (3, 3) rotation (Shepperd 1978)."""
    m = np.asarray(matrix, np.float64)
    squares = np.array([np.trace(m), m[0, 0], m[1, 1], m[2, 2]])
    largest = int(np.argmax(squares))
    quat = np.array([1 + squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    if largest:
        i, j, k = ((0, 1, 2), (1, 2, 0), (2, 0, 1))[largest - 1]
        quat[1 + i] = 1 + m[i, i] - m[j, j] - m[k, k]
        quat[1 + j], quat[1 + k] = m[j, i] + m[i, j], m[k, i] + m[i, k]
        quat[0] = m[k, j] - m[j, k]
    quat /= np.linalg.norm(quat)
    return quat if quat[0] >= 0 else -quat
