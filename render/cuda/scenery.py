"""What a frame of the CUDA backend shows but the splats' own colours: light, and meshes.

Splats that have a material blend a G-buffer, which is lit on the GPU. Meshes are drawn and lit by
the kernels of `cpu`; their depths go to the GPU, where no splat behind them is blended, and their
picture is put behind the splats there. The host waits for nothing.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..frame import FrameRequest
from ..meshes.cpu import draw_meshes
from ..posters import posed
from ..shading import lit_by_samples, lit_meshes, relights, shade_matte
from .device import Address
from .frame import Coat, Finish, plain_coat
from .gbuffer import material_coats
from .lighting import Light
from .plan import Buffers, Plan, Tensor
from .resident import Resident


class Scenery:
    """A scene from a camera, but for its splats' own colours; all that it needs is sent.

    Args:
        content, request: of the frame.
        view: the camera, on the device.
        rows: which splats of the content those that are drawn are; None where in its order.
        buffers, resident: memory.

    Attributes:
        coats: what splats blend in place of their colours.
        limits: (H, W) depths of the meshes, beyond which no splat is seen; None without any.
        timings: milliseconds of the host by stage.
    """

    def __init__(
        self, content: Content, request: FrameRequest, view: Tensor,
        rows: NDArray[np.integer] | None, buffers: Buffers, resident: Resident,
    ) -> None:  # fmt: skip
        self._content = content = posed(content, request.camera)
        self._request, settings, paint = request, request.settings, request.paint
        self.limits: Tensor | None = None
        self._behind: Tensor | None = None
        self.timings: dict[str, float] = {}
        self.coats: list[Coat] = []
        relit = relights(content, settings, paint)
        if relit:
            self.coats = material_coats(content, request, rows, buffers, resident)
        elif paint is not None:
            self.coats = [
                plain_coat(buffers.send(f"coat {k}", paint.coat(k, rows)))
                for k in range(paint.coats)
            ]
        self._light = Light(content, request, view, buffers, resident) if relit else None
        if content.meshes:
            begun = time.perf_counter()
            self.limits, self._behind = self._draw_meshes(buffers)
            self.timings["meshes"] = 1e3 * (time.perf_counter() - begun)

    @property
    def finish(self) -> Finish | None:
        """What comes after the splats are blended; None where nothing does."""
        return None if self._light is None and self._behind is None else self._finish

    def _finish(
        self, plan: Plan, colors: list[Any], depth: Tensor | None, target: Address | None
    ) -> None:
        """Lights splats, and puts the meshes behind them."""
        frame, camera = colors[0], self._request.camera
        if self._light is not None:
            self._light.add_to_splats(plan, colors[1], frame)
        if target is not None:
            plan.end_head()
        if target is not None or self._behind is not None:
            pixels = camera.width * camera.height
            plan.each(
                "compose", pixels, frame, pixels, self._behind, self.limits, self._request.median,
                depth, frame if target is None else target,
            )  # fmt: skip

    def _draw_meshes(self, buffers: Buffers) -> tuple[Tensor, Tensor]:
        """Their depths, and (H, W, 4) their picture, with 1 where they are."""
        content, request = self._content, self._request
        camera, settings, seed = request.camera, request.settings, request.seed
        surface = draw_meshes(content.meshes, camera)
        shown = shade_matte(content, surface, camera, settings)
        lit_meshes(content, surface, camera, settings, seed, shown, np.float32)
        behind = np.dstack([shown, surface.mesh >= 0]).astype(np.float32)
        limits = np.minimum(surface.depth, np.finfo(np.float32).max).astype(np.float32)
        return buffers.send("limits", limits), buffers.send("behind", behind)

    def stats(self) -> dict[str, int]:
        """What is told of the light."""
        settings = self._request.settings
        if not lit_by_samples(self._content, settings):
            return {}
        return {"light_samples": settings.light_samples}
