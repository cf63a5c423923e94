"""The pinhole camera. Axes, pixel centres and matrices are defined in docs/conventions.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyglm import glm

from ..scenes.captured import FARTHEST
from ..scenes.errors import VoileError
from ..scenes.json_text import JsonError, decode
from .output import write_whole

MAX_SIDE = 32768
"""Longest side of an image, pixels."""

LARGEST = 1 << 20
"""Bytes beyond which a file is no camera."""


class CameraError(VoileError, ValueError):
    """A camera's numbers make no picture; the text names the field."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera in OpenCV axes: x right, y down, z forward.

    Attributes:
        width, height: image size, pixels.
        fx, fy: focal lengths, pixels.
        cx, cy: principal point, pixels; the centre of the first pixel is at (0.5, 0.5).
        world_to_camera: (4, 4) float64 rigid transform.
        near, far: planes, world units; splats whose centre is at z <= near are not drawn. `far`
            only serves OpenGL's projection matrix, nothing is cut off there.

    Raises:
        CameraError: a size, focal length or matrix that makes no picture.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    world_to_camera: NDArray[np.float64]
    near: float = 0.01
    far: float = 1000.0

    def __post_init__(self) -> None:
        if not (0 < self.width <= MAX_SIDE and 0 < self.height <= MAX_SIDE):
            raise CameraError(
                f"camera size is {self.width}x{self.height}; each side must be 1 to {MAX_SIDE}"
            )
        for name in ("fx", "fy", "near", "far"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise CameraError(f"camera {name} is {value}; it must be a positive number")
        if self.far <= self.near:
            raise CameraError(f"camera far is {self.far}; it must be beyond near = {self.near}")
        if not (math.isfinite(self.cx) and math.isfinite(self.cy)):
            raise CameraError(f"camera cx, cy is ({self.cx}, {self.cy}); both must be finite")
        matrix = np.asarray(self.world_to_camera, np.float64)
        if matrix.shape != (4, 4) or not (np.abs(matrix) < FARTHEST).all():
            raise CameraError(f"camera world_to_camera must be 4x4 numbers within {FARTHEST:g}")
        rotation = matrix[:3, :3]
        if (
            not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
            or np.linalg.det(rotation) < 0
            or not np.allclose(matrix[3], (0, 0, 0, 1))
        ):
            raise CameraError(
                "camera world_to_camera must be a rotation and a translation (no scale, no mirror)"
            )
        matrix = np.ascontiguousarray(matrix)
        matrix.setflags(write=False)
        object.__setattr__(self, "world_to_camera", matrix)

    @classmethod
    def look_at(
        cls,
        position: ArrayLike,
        target: ArrayLike,
        up: ArrayLike = (0.0, -1.0, 0.0),
        *,
        width: int = 1280,
        height: int = 720,
        fov_y: float = 50.0,
        near: float = 0.01,
        far: float = 1000.0,
    ) -> Camera:
        """A camera at `position` that looks at `target`; `fov_y`: vertical angle, degrees."""
        eye = np.asarray(position, np.float64)
        forward = np.asarray(target, np.float64) - eye
        distance = float(np.linalg.norm(forward))
        if not (math.isfinite(distance) and distance > 0):
            raise CameraError(f"camera position and target must differ, both are {eye.tolist()}")
        forward /= distance
        right = np.cross(forward, np.asarray(up, np.float64))
        if np.linalg.norm(right) < 1e-9:  # looking along `up`: any right vector will do
            right = np.cross(forward, np.eye(3)[int(np.argmin(np.abs(forward)))])
        right /= np.linalg.norm(right)
        matrix = np.eye(4)
        matrix[:3, :3] = right, np.cross(forward, right), forward
        matrix[:3, 3] = -matrix[:3, :3] @ eye
        if not 0 < fov_y < 180:
            raise CameraError(f"camera fov_y is {fov_y}; it must be between 0 and 180 degrees")
        focal = 0.5 * height / math.tan(math.radians(fov_y) / 2)
        return cls(width, height, focal, focal, width / 2, height / 2, matrix, near, far)

    @property
    def position(self) -> NDArray[np.float64]:
        """(3,) centre of projection in world coordinates."""
        return -self.world_to_camera[:3, :3].T @ self.world_to_camera[:3, 3]

    @property
    def fov_y(self) -> float:
        """Vertical angle of view, degrees."""
        return math.degrees(2 * math.atan(0.5 * self.height / self.fy))

    def resized(self, width: int, height: int) -> Camera:
        """The same vertical view at another size: pixels stay as square as they were."""
        s = height / self.height
        cx = width / 2 + (self.cx - self.width / 2) * s
        return replace(
            self, width=width, height=height, fx=self.fx * s, fy=self.fy * s, cx=cx, cy=self.cy * s
        )

    def view_matrix(self) -> glm.mat4:
        """World to OpenGL's eye space (y up, looking along -z), for GLSL."""
        flipped = np.diag([1.0, -1.0, -1.0, 1.0]) @ self.world_to_camera
        return glm.mat4(*flipped.T.astype(np.float32).ravel().tolist())

    def projection_matrix(self) -> glm.mat4:
        """OpenGL's clip matrix of this camera, off-centre principal point included."""
        left, right = -self.cx / self.fx, (self.width - self.cx) / self.fx
        top, bottom = self.cy / self.fy, (self.cy - self.height) / self.fy
        n = self.near
        return glm.frustum(left * n, right * n, bottom * n, top * n, n, self.far)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, as `from_dict` reads them."""
        return {
            "width": self.width,
            "height": self.height,
            "fx": self.fx,
            "fy": self.fy,
            "cx": self.cx,
            "cy": self.cy,
            "world_to_camera": self.world_to_camera.tolist(),
            "near": self.near,
            "far": self.far,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Camera:
        """A camera from plain numbers; unknown keys are ignored, near and far may be missing."""
        try:
            spec = msgspec.convert(dict(values), _CameraSpec)
        except msgspec.ValidationError as error:
            raise CameraError(f"camera: {error}") from error
        return cls(
            spec.width,
            spec.height,
            spec.fx,
            spec.fy,
            spec.cx,
            spec.cy,
            np.array(spec.world_to_camera, np.float64),
            spec.near,
            spec.far,
        )

    @classmethod
    def load(cls, path: str | Path) -> Camera:
        """Reads a camera JSON file. Raises CameraError that names the file and the field."""
        try:
            if Path(path).stat().st_size > LARGEST:
                raise CameraError("too large for a camera; choose another file")
            return cls.from_dict(decode(Path(path).read_bytes(), dict[str, Any]))
        except OSError as error:
            raise CameraError(f"{path}: cannot be read: {error.strerror or error}") from error
        except (JsonError, CameraError) as error:
            raise CameraError(f"{path}: {error}") from error

    def save(self, path: str | Path) -> None:
        """Writes the camera as JSON, whole or not at all. Raises OutputError."""
        data = msgspec.json.format(msgspec.json.encode(self.to_dict()))
        write_whole(Path(path), lambda to: to.write_bytes(data))


_Row = Annotated[Sequence[float], msgspec.Meta(min_length=4, max_length=4)]
_Matrix = Annotated[Sequence[_Row], msgspec.Meta(min_length=4, max_length=4)]


class _CameraSpec(msgspec.Struct):
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    world_to_camera: _Matrix
    near: float = 0.01
    far: float = 1000.0
