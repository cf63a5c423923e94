"""Voile: a viewer and renderer for Gaussian splats.

import voile
splats = voile.load("scene.ply")
camera = voile.Camera.look_at((2, -1, 3), (0, 0, 0), width=640, height=360)
frame = voile.render(splats, camera)          # Frame: color, alpha, depth
"""

from .render import Camera, Frame, FrameRequest, Settings, create_renderer
from .render.finish import draw
from .scenes import Cancelled, SceneFormatError, Splats, VoileError
from .scenes.io import load, save
from .scenes.scene import open_scene

__version__ = "0.1.0"

__all__ = [
    "Camera",
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
    "save",
]


def render(
    splats: Splats,
    camera: Camera,
    settings: Settings | None = None,
    *,
    backend: str = "cpu",
    depth: bool = False,
) -> Frame:
    """Draws one frame. To draw many frames of a scene keep a `voile.render.create_renderer`.

    Raises:
        VoileError: the backend does not exist, cannot run here or lacks the mode.
    """
    renderer = create_renderer(backend)
    try:
        renderer.upload(splats)
        return draw(renderer, FrameRequest(camera, settings or Settings(), depth=depth))
    finally:
        renderer.close()
