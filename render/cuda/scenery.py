"""What the CPU does for frames of the CUDA backend: meshes, and light on them and on materials.

Meshes are drawn by the kernels of `cpu`; their depths go to the GPU, where no splat behind them is
blended. Splats that have a material blend a G-buffer on the GPU, which comes to the host to be lit.
What is lit goes back as a picture, and a kernel puts it into the frame where that is shown, so that
a frame is shared with OpenGL whatever is in it.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..frame import FrameRequest
from ..meshes import Surface
from ..meshes.cpu import draw_meshes
from ..paint import Paint
from ..posters import posed
from ..shading import gbuffer_paint, lit_by_samples, lit_meshes, lit_splats, relights, shade_matte
from .device import Address
from .frame import Planned
from .plan import Tensor
from .work import Work


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

    @property
    def on_host(self) -> bool:
        """Whether the host has a part in the frame, and `complete` something to do."""
        return self.relit or self.surface is not None

    def complete(
        self, planned: Planned, request: FrameRequest, work: Work, target: Address | None = None
    ) -> None:
        """Adds light on splats to a drawn frame, and puts the meshes under it, where there are any.

        Args:
            planned: the frame; what it says has been done. Its depth is completed in place.
            request: of the frame.
            work: where it was drawn.
            target: memory for the picture; None is the frame's own.
        """
        if not self.on_host:
            return
        begun, camera, settings = time.perf_counter(), request.camera, request.settings
        image, seed, light, behind = planned.colors[0], request.seed, None, None
        if self.relit:
            channels = [work.to_host(color[..., :3].contiguous()) for color in planned.colors]
            paint = np.concatenate(channels, axis=2)
            added = lit_splats(self.content, paint, camera, settings, seed, np.float32)
            light = work.send(added.astype(np.float32))
        if self.surface is not None:
            shown = shade_matte(self.content, self.surface, camera, settings)
            lit_meshes(self.content, self.surface, camera, settings, seed, shown, np.float32)
            here = self.surface.mesh >= 0
            behind = work.send(np.dstack([shown, here]).astype(np.float32))
            if planned.depth is not None:
                left = (1.0 - image[..., 3]) * behind[..., 3]
                deep = work.send(np.where(here, self.surface.depth, np.float32(0)))
                put_depth_under(planned.depth, left, deep, request.median)
        work.each_pixel("compose", image, light, behind, image if target is None else target)
        self.timings["shade"] = 1e3 * (time.perf_counter() - begun)

    def stats(self, request: FrameRequest) -> dict[str, int]:
        """What is told of the light."""
        if not lit_by_samples(self.content, request.settings):
            return {}
        return {"light_samples": request.settings.light_samples}


def put_depth_under(depth: Tensor, left: Tensor, behind: Tensor, median: bool) -> None:
    """The depth of an opaque surface, which shows by the transmittance `left`; in place."""
    if median:
        depth.mul_(left <= 0.5).add_(behind * (left > 0.5))
    else:
        depth.add_(left * (behind - depth))


def limits_of(scenery: Scenery) -> NDArray[np.float32] | None:
    """(H, W) depths of the surface, beyond which no splat is seen; None where there is none."""
    surface = scenery.surface
    if surface is None:
        return None
    largest = np.finfo(np.float32).max
    return np.minimum(surface.depth, largest).astype(np.float32)
