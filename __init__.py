"""Voile: a viewer and renderer for Gaussian splats.

import voile
splats = voile.load("scene.ply")
camera = voile.Camera.look_at((2, -1, 3), (0, 0, 0), width=640, height=360)
frame = voile.render(splats, camera)          # Frame: color, alpha, depth
"""

from collections.abc import Sequence
from pathlib import Path

from .render import Camera, Frame, FrameRequest, Settings, create_renderer
from .render.camera_path import CameraPath
from .render.film import check_film, prepare_scene, render_film
from .render.finish import draw
from .render.frame import DepthKind
from .scenes import Cancelled, Progress, SceneFormatError, Splats, VoileError, silent
from .scenes.content import Content
from .scenes.io import load, save
from .scenes.scene import open_scene

__version__ = "0.1.0"

__all__ = [
    "Camera",
    "CameraPath",
    "Cancelled",
    "Frame",
    "FrameRequest",
    "SceneFormatError",
    "Settings",
    "Splats",
    "VoileError",
    "create_renderer",
    "load",
    "open_scene",
    "render",
    "render_video",
    "save",
]


def render(
    splats: Splats | Content,
    camera: Camera,
    settings: Settings | None = None,
    *,
    backend: str = "cpu",
    depth: bool = False,
    depth_kind: DepthKind = "mean",
) -> Frame:
    """Draws one frame. To draw many frames of a scene keep a `voile.render.create_renderer`.

    Args:
        splats: the scene, with meshes, materials and lights where it is a `Content`.
        camera, settings: from where and how.
        backend: what draws.
        depth, depth_kind: whether the frame has depth, and which.

    Raises:
        VoileError: the backend does not exist, cannot run here or lacks the mode.
    """
    renderer = create_renderer(backend)
    try:
        renderer.upload(splats)
        request = FrameRequest(camera, settings or Settings(), depth=depth, depth_kind=depth_kind)
        return draw(renderer, request)
    finally:
        renderer.close()


def render_video(
    splats: Splats | Content,
    motion: CameraPath | Sequence[Camera],
    output: str | Path,
    settings: Settings | None = None,
    *,
    size: tuple[int, int] = (1280, 720),
    fps: float = 30.0,
    quality: int = 80,
    backend: str = "cpu",
    progress: Progress = silent,
) -> list[Path]:
    """Draws a film: .mp4 (needs the `video` extra), animated .webp, or .png for numbered files.

    Args:
        splats: the scene, with meshes and lights where it is a `Content`.
        motion: a path, or a camera for each frame.
        output: the file; it appears whole or not at all.
        settings: how to draw; their background is the film's.
        size: width and height, pixels; cameras keep their vertical view.
        fps: frames a second.
        quality: 1 to 100; 100 is without loss for .webp.
        backend: what draws.
        progress: reports progress; may raise Cancelled.

    Returns:
        What was written.

    Raises:
        VoileError: a file that cannot be written, or a backend that cannot draw.
    """
    output, settings = Path(output), settings or Settings()
    if isinstance(motion, CameraPath):
        cameras = motion.cameras(fps, *size)
    else:
        cameras = [camera.resized(*size) for camera in motion]
    check_film(output, size, fps, quality, transparent=settings.transparent)
    renderer = create_renderer(backend)
    try:
        prepare_scene(renderer, splats, settings, progress)
        return render_film(
            renderer, cameras, output, settings, fps=fps, quality=quality, progress=progress
        )
    finally:
        renderer.close()
