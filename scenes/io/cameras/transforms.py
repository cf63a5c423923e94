"""`transforms.json` of NeRF's data sets, instant-ngp and Nerfstudio.

`{camera_angle_x or fl_x, fl_y, cx, cy, w, h, frames: [{file_path, transform_matrix}]}`: matrices
are camera to world in OpenGL axes (x right, y up, z back); intrinsics stand at the top or in a
frame.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ...captured import CapturedView
from ...errors import SceneFormatError
from ..pictures import PictureError, opened
from .common import MOST_VIEWS, decode_json, find_image, pinhole, too_many, unsupported_lens

_PINHOLES = ("", "PINHOLE", "SIMPLE_PINHOLE", "OPENCV", "FULL_OPENCV", "RADIAL", "SIMPLE_RADIAL")
_Row = Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]
_Matrix = Annotated[list[_Row], msgspec.Meta(min_length=3, max_length=4)]


class _Lens(msgspec.Struct, kw_only=True):
    camera_model: str = ""
    is_fisheye: bool = False
    camera_angle_x: float | None = None
    camera_angle_y: float | None = None
    fl_x: float | None = None
    fl_y: float | None = None
    cx: float | None = None
    cy: float | None = None
    w: float | None = None
    h: float | None = None
    k1: float | None = None
    k2: float | None = None
    k3: float | None = None
    p1: float | None = None
    p2: float | None = None


class _Frame(_Lens, kw_only=True):
    file_path: str
    transform_matrix: _Matrix


class _File(_Lens, kw_only=True):
    frames: list[_Frame]


def sniff(path: Path, head: bytes) -> bool:
    """A JSON object with frames, or with what stands before them."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    words = (b'"frames"', b'"camera_angle_x"', b'"fl_x"', b'"transform_matrix"')
    return text.startswith(b"{") and any(word in text for word in words)


def read(path: Path) -> list[CapturedView]:
    """All views of the file. Raises SceneFormatError."""
    whole = decode_json(path, _File)
    if len(whole.frames) > MOST_VIEWS:
        raise too_many(path, len(whole.frames))
    return [_view(path, whole, frame, f"frames[{k}]") for k, frame in enumerate(whole.frames)]


def _view(path: Path, whole: _File, frame: _Frame, field: str) -> CapturedView:
    def value(name: str) -> float | None:
        own = getattr(frame, name)
        return getattr(whole, name) if own is None else own

    model = frame.camera_model or whole.camera_model
    if model not in _PINHOLES or frame.is_fisheye or whole.is_fisheye:
        raise unsupported_lens(path, f"{field} camera_model", model or "fisheye")
    name = frame.file_path.removeprefix("./")
    image = find_image(name, (path.parent, path.parent / "images"))
    size = _size(path, field, value("w"), value("h"), image)
    width, height = size
    fx, fy = value("fl_x"), value("fl_y")
    fx = fx if fx is not None else _focal(width, value("camera_angle_x"))
    fy = fy if fy is not None else _focal(height, value("camera_angle_y"))
    fx, fy = fx or fy, fy or fx
    if fx is None or fy is None:
        raise SceneFormatError(
            path,
            f"{field} fl_x",
            "there is neither a focal length nor an angle of view",
            "Add fl_x or camera_angle_x.",
        )
    cx, cy = value("cx"), value("cy")
    lens = (fx, fy, width / 2 if cx is None else cx, height / 2 if cy is None else cy)
    to_world = np.eye(4)
    to_world[: len(frame.transform_matrix)] = frame.transform_matrix
    with np.errstate(all="ignore"):
        axes = to_world[:3, :3] @ np.diag([1.0, -1.0, -1.0])
        lengths = np.linalg.norm(axes, axis=0)
        if np.isfinite(lengths).all() and (lengths > 0).all():
            axes = axes / lengths  # Blender writes the camera's own scale into it
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = axes.T, -axes.T @ to_world[:3, 3]
    terms = [value(term) or 0.0 for term in ("k1", "k2", "p1", "p2", "k3")]
    return pinhole(path, name, size, lens, pose, image, terms)


def _focal(side: int, angle: float | None) -> float | None:
    """Focal length in pixels from the angle of view over a side, radians."""
    if angle is None or not 0 < angle < math.pi:
        return None
    return 0.5 * side / math.tan(angle / 2)


def _size(
    path: Path, field: str, width: float | None, height: float | None, image: Path | None
) -> tuple[int, int]:
    if width is not None and height is not None:
        if not (1 <= width <= 1e6 and 1 <= height <= 1e6):
            raise SceneFormatError(
                path, f"{field} w, h", f"is {width} x {height}", "Export the cameras again."
            )
        return round(width), round(height)
    if image is None:
        raise SceneFormatError(
            path,
            f"{field} w, h",
            "the size is not given, and the photograph is not there to ask",
            "Add w and h, or put the photographs beside the file.",
        )
    try:
        with opened(image) as photograph:  # the header only
            return photograph.size
    except PictureError as error:
        raise SceneFormatError(
            path, f"{field} file_path", f"{image.name} cannot be read: {error}", "Add w and h."
        ) from error
