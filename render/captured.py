"""The cameras of photographs, as cameras to draw with."""

from __future__ import annotations

from pathlib import Path

from ..scenes.captured import CapturedView
from ..scenes.io.cameras import load_views
from .camera import Camera


def camera_of(view: CapturedView) -> Camera:
    """The pinhole camera of a photograph, at its size; lens distortion is left out."""
    return Camera(view.width, view.height, view.fx, view.fy, view.cx, view.cy, view.world_to_camera)


def load_cameras(path: str | Path) -> list[Camera]:
    """Cameras of a capture: cameras.json, transforms.json or COLMAP. Raises SceneFormatError."""
    return [camera_of(view) for view in load_views(path)]
