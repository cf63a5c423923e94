"""How it is drawn: camera, settings, renderers, metrics. Knows no Qt."""

from typing import Any

from ..kernels import devices
from .camera import Camera, CameraError
from .frame import Frame, FrameRequest
from .renderer import BACKENDS, BackendUnavailable, Renderer, RenderError, create_renderer
from .settings import Settings, SettingsError

__all__ = [
    "BACKENDS",
    "BackendUnavailable",
    "Camera",
    "CameraError",
    "Frame",
    "FrameRequest",
    "RenderError",
    "Renderer",
    "Settings",
    "SettingsError",
    "create_renderer",
]


def _offer_gradients(rasterize: Any, backward: Any) -> None:
    from .cuda import gradients

    gradients.register(rasterize, backward)


devices.OFFERS["cuda"] = _offer_gradients
