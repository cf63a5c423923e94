"""What a frame of the CUDA backend shows but the splats' own colours: light, and meshes.

Meshes are drawn before the splats, of which none is blended behind them, and put behind those
afterwards. Splats that have a material blend a G-buffer. Both are lit once per pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.content import Content
from ..frame import FrameRequest
from ..posters import posed
from ..shading import lit_by_samples, relights
from .device import Address
from .frame import Begin, Coat, Finish, plain_coat
from .gbuffer import material_coats
from .lighting import Light
from .meshes import Meshes
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
    """

    def __init__(
        self, content: Content, request: FrameRequest, view: Tensor,
        rows: NDArray[np.integer] | None, buffers: Buffers, resident: Resident,
    ) -> None:  # fmt: skip
        self._content = content = posed(content, request.camera)
        self._request, settings, paint = request, request.settings, request.paint
        self.coats: list[Coat] = []
        self._light = self._meshes = None
        self._relit = relights(content, settings, paint)
        if self._relit:
            self.coats = material_coats(content, request, rows, buffers, resident)
        elif paint is not None:
            self.coats = [
                plain_coat(buffers.send(f"coat {k}", paint.coat(k, rows)))
                for k in range(paint.coats)
            ]
        if self._relit or content.meshes:
            self._light = light = Light(content, request, view, buffers, resident)
            if content.meshes:
                self._meshes = Meshes(content, request.camera, light, buffers, resident)

    @property
    def limits(self) -> Tensor | None:
        """(H, W) depths beyond which no splat is seen; None where there are no meshes."""
        return None if self._meshes is None else self._meshes.limits

    @property
    def begin(self) -> Begin | None:
        """What comes before the splats; None where nothing does."""
        return None if self._meshes is None else self._meshes.draw

    @property
    def finish(self) -> Finish | None:
        """What comes after the splats are blended; None where nothing does."""
        return None if self._light is None else self._finish

    def _finish(
        self, plan: Plan, colors: list[Any], depth: Tensor | None, target: Address | None
    ) -> None:
        """Lights splats and meshes, and puts these behind those."""
        frame, camera, behind = colors[0], self._request.camera, None
        if self._light is not None and self._relit:
            coats = plan.buffers.get("coats", len(colors) - 1, *frame.shape)  # all but the first
            self._light.add_to_splats(plan, coats, frame)
        if self._meshes is not None:
            self._meshes.light(plan)
            behind = self._meshes.behind
        if target is not None:
            plan.end_head()
        if target is not None or behind is not None:
            pixels = camera.width * camera.height
            plan.each(
                "compose", pixels, frame, pixels, behind, self.limits, self._request.median, depth,
                frame if target is None else target,
            )  # fmt: skip

    def stats(self) -> dict[str, int]:
        """What is told of the light."""
        settings = self._request.settings
        if not lit_by_samples(self._content, settings):
            return {}
        return {"light_samples": settings.light_samples}
