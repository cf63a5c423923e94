"""What the CPU does for frames of the CUDA backend: meshes, and light on them and on materials.

Meshes are drawn by the kernels of `cpu`; their depths go to the GPU, where no splat behind them is
blended. Splats that have a material blend a G-buffer on the GPU, which comes to the host to be lit.
What is lit goes back as a picture and is put into the frame where that lies, so that a frame is
shared with OpenGL whatever is in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..frame import FrameRequest
from ..meshes import Surface
from ..meshes.cpu import draw_meshes
from ..paint import Paint
from ..posters import posed
from ..shading import gbuffer_paint, lit_by_samples, lit_meshes, lit_splats, relights, shade_matte
from .frame import Planned
from .plan import Tensor

Send = Callable[[NDArray[Any]], Tensor]
Fetch = Callable[[Tensor], NDArray[Any]]


class Scenery(NamedTuple):
    """A scene from a camera, but for its splats.

    Attributes:
        content: with posters as meshes.
        surface: what is seen of the meshes; None where there are none.
        paint: what splats blend in place of their colours.
        relit: whether that is a G-buffer, to be lit.
        timings: milliseconds by stage.
    """

    content: Content
    surface: Surface | None
    paint: Paint | None
    relit: bool
    timings: dict[str, float]

    @classmethod
    def of(cls, content: Content, request: FrameRequest) -> Scenery:
        """Draws the meshes, and finds out what is to be lit."""
        begun, timings = time.perf_counter(), {}
        content, paint = posed(content, request.camera), request.paint
        surface = None
        if content.meshes:
            surface = draw_meshes(content.meshes, request.camera)
            timings["meshes"] = 1e3 * (time.perf_counter() - begun)
        if relit := relights(content, request.settings, paint):
            paint = gbuffer_paint(content, request.camera, request.settings, paint)
        return cls(content, surface, paint, relit, timings)

    def complete(self, planned: Planned, request: FrameRequest, send: Send, fetch: Fetch) -> None:
        """Adds light on splats to a drawn frame, and puts the meshes under it; in place.

        Args:
            planned: the frame; what it says has been done.
            request: of the frame.
            send: brings an array to the device.
            fetch: brings a tensor from there.
        """
        begun, camera, settings = time.perf_counter(), request.camera, request.settings
        image, seed = planned.colors[0], request.seed
        if self.relit:
            channels = [fetch(color[..., :3].contiguous()) for color in planned.colors]
            paint = np.concatenate(channels, axis=2)
            added = lit_splats(self.content, paint, camera, settings, seed, np.float32)
            image[..., :3] += send(added.astype(np.float32))
        if self.surface is not None:
            shown = shade_matte(self.content, self.surface, camera, settings)
            lit_meshes(self.content, self.surface, camera, settings, seed, shown, np.float32)
            put_under(planned, self.surface, shown.astype(np.float32), send, request.median)
        if self.relit or self.surface is not None:
            self.timings["shade"] = 1e3 * (time.perf_counter() - begun)

    def stats(self, request: FrameRequest) -> dict[str, int]:
        """What is told of the light."""
        if not lit_by_samples(self.content, request.settings):
            return {}
        return {"light_samples": request.settings.light_samples}


def put_under(
    planned: Planned, surface: Surface, shown: NDArray[np.float32], send: Send, median: bool
) -> None:
    """An opaque surface behind what is drawn: it shows by the transmittance that is left."""
    here = surface.mesh >= 0
    image, seen = planned.colors[0], send(here)
    left = (1.0 - image[..., 3]) * seen
    image[..., :3] += left[..., None] * send(shown)
    image[..., 3].masked_fill_(seen, 1.0)
    if planned.depth is None:
        return
    behind = send(np.where(here, surface.depth, np.float32(0)))
    if median:
        planned.depth.mul_(left <= 0.5).add_(behind * (left > 0.5))
    else:
        planned.depth.add_(left * (behind - planned.depth))


def limits_of(scenery: Scenery) -> NDArray[np.float32] | None:
    """(H, W) depths of the surface, beyond which no splat is seen; None where there is none."""
    surface = scenery.surface
    if surface is None:
        return None
    largest = np.finfo(np.float32).max
    return np.minimum(surface.depth, largest).astype(np.float32)
