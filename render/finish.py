"""What of the settings is not the backend's: the camera that is drawn, and the picture it becomes.

    frame = finished(renderer.render(asked(request)), request)

Backends draw what `asked` gives and know nothing of scale, angle of view, exposure or tone mapping,
so every backend has them. A window scales and tones on the GPU instead of calling `finished`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .camera import Camera
from .display import developed
from .frame import Frame, FrameRequest
from .renderer import Renderer, RenderError
from .settings import Settings

Float32 = NDArray[np.float32]


def draw(renderer: Renderer, request: FrameRequest) -> Frame:
    """One finished frame. Raises RenderError as `Renderer.render`."""
    return finished(renderer.render(asked(request)), request)


def asked(request: FrameRequest) -> FrameRequest:
    """The frame that a backend draws: the angle of view and the size of the settings.

    Raises RenderError: median depths at another scale; what is scaled afterwards are means.
    """
    if request.median and request.settings.render_scale != 1.0:
        scale = request.settings.render_scale
        raise RenderError(f"median depth cannot be scaled; set render_scale={scale:g} to 1")
    camera = drawn_camera(request.camera, request.settings)
    return request if camera is request.camera else replace(request, camera=camera)


def drawn_camera(camera: Camera, settings: Settings) -> Camera:
    """A camera with the settings' angle of view, and with the size in pixels that is drawn."""
    if settings.field_of_view > 0.0:
        fy = 0.5 * camera.height / math.tan(math.radians(settings.field_of_view) / 2)
        camera = replace(camera, fx=camera.fx * fy / camera.fy, fy=fy)
    if settings.render_scale != 1.0:
        width = max(1, round(camera.width * settings.render_scale))
        height = max(1, round(camera.height * settings.render_scale))
        across, down = width / camera.width, height / camera.height
        camera = replace(
            camera,
            width=width,
            height=height,
            fx=camera.fx * across,
            fy=camera.fy * down,
            cx=camera.cx * across,
            cy=camera.cy * down,
        )
    return camera


def finished(frame: Frame, request: FrameRequest) -> Frame:
    """A drawn frame in the size that was requested, as a display shows it; paint stays as it is."""
    frame = resized(frame, request.camera.width, request.camera.height)
    return frame if request.paint is not None else developed(frame, request.settings)


def resized(frame: Frame, width: int, height: int) -> Frame:
    """A frame in another size: pixels averaged where there were more, interpolated where fewer."""
    if frame.alpha.shape == (height, width):
        return frame
    fewer = frame.alpha.shape[0] > height
    how = Image.Resampling.BOX if fewer else Image.Resampling.BILINEAR

    def scaled(channel: Float32) -> Float32:
        image = Image.fromarray(np.ascontiguousarray(channel, np.float32))
        return np.asarray(image.resize((width, height), how), np.float32)

    alpha = scaled(frame.alpha)
    depth = None
    if frame.depth is not None:  # a mean over what is seen, as within a pixel
        depth = np.zeros_like(alpha)
        np.divide(scaled(frame.depth * frame.alpha), alpha, out=depth, where=alpha > 0)

    def all_scaled(image: Float32) -> Float32:
        return np.stack([scaled(image[..., k]) for k in range(image.shape[2])], axis=2)

    paint = None if frame.paint is None else all_scaled(frame.paint)
    return replace(frame, color=all_scaled(frame.color), alpha=alpha, depth=depth, paint=paint)
