"""The cameras of photographs as cameras to draw with, and photographs as frames to compare with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..scenes.captured import CapturedView
from ..scenes.errors import VoileError
from ..scenes.io.cameras import load_views
from ..scenes.io.pictures import PictureError, opened
from .camera import Camera
from .frame import Frame


class PhotographError(VoileError):
    """A photograph cannot be shown; the text names the file."""


def camera_of(view: CapturedView, near: float = 0.01) -> Camera:
    """The pinhole camera of a photograph, at its size; lens distortion is left out."""
    lens = view.fx, view.fy, view.cx, view.cy
    return Camera(view.width, view.height, *lens, view.world_to_camera, near)


def load_cameras(path: str | Path) -> list[Camera]:
    """Cameras of a capture: cameras.json, transforms.json or COLMAP. Raises SceneFormatError."""
    return [camera_of(view) for view in load_views(path)]


def fitted(size: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Where a picture of a size lies in a larger or smaller one that shows all of it.

    Returns:
        Left, top, width and height, pixels.
    """
    scale = min(width / size[0], height / size[1])
    w, h = (max(1, round(side * scale)) for side in size)
    return (width - w) // 2, (height - h) // 2, w, h


def fit_camera(camera: Camera, width: int, height: int) -> Camera:
    """A camera for a picture of another shape, in the middle of which lies all of the camera's."""
    left, top, w, h = fitted((camera.width, camera.height), width, height)
    across, down = w / camera.width, h / camera.height
    return replace(
        camera,
        width=width,
        height=height,
        fx=camera.fx * across,
        fy=camera.fy * down,
        cx=left + camera.cx * across,
        cy=top + camera.cy * down,
    )


def photo_frame(view: CapturedView, width: int, height: int) -> Frame:
    """A photograph where `fit_camera` puts it; around it the frame is transparent.

    Raises:
        PhotographError: there is none, or it cannot be read.
    """
    if view.image is None:
        raise PhotographError(f"The photograph {view.name} is not there.")
    left, top, w, h = fitted((view.width, view.height), width, height)
    try:
        with opened(view.image) as photograph:
            photograph.draft("RGB", (w, h))  # a JPEG may decode to half or a quarter at once
            picture = photograph.convert("RGB").resize((w, h), Image.Resampling.LANCZOS)
    except PictureError as error:
        raise PhotographError(f"{view.image}: cannot be read: {error}") from error
    color = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width), np.float32)
    color[top : top + h, left : left + w] = np.asarray(picture, np.float32) / 255.0
    alpha[top : top + h, left : left + w] = 1.0
    return Frame(color, alpha)
