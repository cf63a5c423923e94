"""`Motion`: the camera path that is being made, as a model without Qt."""

from __future__ import annotations

from dataclasses import replace

from psygnal import Signal

from ..render.camera import Camera
from ..render.camera_path import CameraPath, Key, PathError

STEP = 2.0
"""Seconds from the last key to one that is added behind it."""

APART = 0.02
"""Seconds that two keys are apart at least."""


class Motion:
    """Keys in the order of their times, and the time that is looked at.

    Attributes:
        kept: the keys that a file holds.
        changed: emitted when the keys are others.
        moved: emitted when the time that is looked at is another.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self) -> None:
        self._keys: tuple[Key, ...] = ()
        self.kept: tuple[Key, ...] = ()
        self._path: CameraPath | None = None
        self._time = 0.0

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys; the first is at any time."""
        return self._keys

    @keys.setter
    def keys(self, keys: tuple[Key, ...]) -> None:
        keys = tuple(sorted(keys, key=lambda key: key.time))
        path = None if len(keys) < 2 else CameraPath(keys)
        self._keys, self._path = keys, path
        self.changed.emit()
        self.time = self._time

    @property
    def unsaved(self) -> bool:
        """Whether there are keys that no file holds."""
        return bool(self._keys) and self._keys != self.kept

    @property
    def path(self) -> CameraPath | None:
        """What the keys make; None where they are fewer than two."""
        return self._path

    @property
    def end(self) -> float:
        """Time of the last key, seconds; 0 without keys."""
        return self._keys[-1].time if self._keys else 0.0

    @property
    def start(self) -> float:
        """Time of the first key, seconds; 0 without keys."""
        return self._keys[0].time if self._keys else 0.0

    @property
    def time(self) -> float:
        """The time that is looked at, seconds, within the path."""
        return self._time

    @time.setter
    def time(self, time: float) -> None:
        time = min(max(time, self.start), self.end)
        if time != self._time:
            self._time = time
            self.moved.emit()

    def now(self) -> Key | None:
        """The view at the time that is looked at."""
        if self._path is not None:
            return self._path.at(self._time)
        return self._keys[0] if self._keys else None

    def at_time(self) -> int | None:
        """Which key is looked at, None where the time is between two."""
        near = (k for k, key in enumerate(self._keys) if abs(key.time - self._time) < APART / 2)
        return next(near, None)

    def add(self, camera: Camera) -> int:
        """A key of a view: behind the last, or at the time where that is between two.

        Returns:
            Its place.
        """
        between = self._keys and self.start < self._time < self.end and self.at_time() is None
        time = self._time if between else (self.end + STEP if self._keys else 0.0)
        self.keys = (*self._keys, Key.of(camera, time))
        self.time = time
        return next(k for k, key in enumerate(self._keys) if key.time == time)

    def put(self, row: int, camera: Camera) -> None:
        """Gives a key another view."""
        self._set(row, Key.of(camera, self._keys[row].time))

    def move(self, row: int, time: float) -> None:
        """Gives a key another time, between those of its neighbours."""
        keys = self._keys
        low = keys[row - 1].time + APART if row else 0.0
        high = keys[row + 1].time - APART if row + 1 < len(keys) else 3600.0
        self._set(row, replace(keys[row], time=min(max(time, low), high)))

    def set_fov(self, row: int, degrees: float) -> None:
        """Gives a key another angle of view."""
        self._set(row, replace(self._keys[row], fov_y=min(max(degrees, 1.0), 150.0)))

    def remove(self, row: int) -> None:
        """Takes a key out."""
        self.keys = tuple(key for k, key in enumerate(self._keys) if k != row)

    def close(self) -> None:
        """Ends where it began: the first view once more, behind the last.

        Raises:
            PathError: there are no two keys to come back from.
        """
        if len(self._keys) < 2:
            raise PathError("a path needs two keys before it can be closed")
        self.keys = (*self._keys, replace(self._keys[0], time=self.end + STEP))

    def _set(self, row: int, key: Key) -> None:
        self.keys = tuple(key if k == row else other for k, other in enumerate(self._keys))
