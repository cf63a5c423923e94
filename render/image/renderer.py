"""What draws images made of splats: the interface, and the backends by name."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...scenes.image_splats import ImageSplats
from ..frame import Frame
from ..renderer import RenderError
from .view import ImageView

ImageFrame = Frame
"""A drawn view: grey is drawn as RGB, and alpha is also 0 where no Gaussian reaches."""

IMAGE_BACKENDS = {
    "cpu": (".cpu", "CPUImageRenderer"),
    "cuda": ("..cuda.image", "CUDAImageRenderer"),
    "gl": (".gl", "GLImageRenderer"),
    "reference": (".reference", "ReferenceImageRenderer"),
}
"""Module and class by name."""


class ImageRenderer(Protocol):
    """Draws views of one uploaded image."""

    name: str

    @property
    def device(self) -> str: ...

    def upload(self, splats: ImageSplats) -> None:
        """Takes the image; the arrays may be kept by reference."""
        ...

    def render(self, view: ImageView) -> ImageFrame:
        """Draws a view."""
        ...

    def close(self) -> None:
        """Frees everything."""
        ...


def create_image_renderer(name: str) -> ImageRenderer:
    """Makes a renderer by the name of its backend.

    Raises:
        RenderError: no backend of this name draws images.
        BackendUnavailable: it cannot run here.
    """
    if name not in IMAGE_BACKENDS:
        raise RenderError(
            f"backend {name!r} does not draw images made of splats; {', '.join(IMAGE_BACKENDS)} do"
        )
    module, cls = IMAGE_BACKENDS[name]
    return getattr(importlib.import_module(module, __package__), cls)()


def assemble(
    color: NDArray[np.float32],
    reached: NDArray[np.float32],
    channels: int,
    timings: dict[str, float],
    count: int,
) -> ImageFrame:
    """A frame from (H, W, 4) channels, zero where no Gaussian reaches, and the share that is."""
    if channels < 3:
        rgb = np.repeat(color[..., :1], 3, axis=2)
    else:
        rgb = np.ascontiguousarray(color[..., :3])
    alpha = np.clip(color[..., channels - 1], 0.0, 1.0) if channels in (2, 4) else reached
    return Frame(rgb, np.ascontiguousarray(alpha), None, timings, {"splats": count})


def empty_frame(view: ImageView) -> ImageFrame:
    """Nothing."""
    shape = view.height, view.width
    return Frame(np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32))
