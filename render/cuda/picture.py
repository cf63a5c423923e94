"""`CUDAPicture`: the pixels of a frame that stay on the GPU after OpenGL has taken the frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..device_frame import Apart, Background, Canvas, DeviceFrame, Outcome
from ..frame import Frame
from ..heat import LIMITS, RAMP, first_limit
from ..measuring import decibels
from .device import Address
from .plan import Tensor
from .work import Work


class CUDAPicture:
    """A `Picture` in memory of its own.

    Args:
        work: of the renderer.
        color: (H, W, 4) float32, premultiplied; drawn on the current stream.
    """

    def __init__(self, work: Work, color: Tensor) -> None:
        self._work, self.color = work, color
        self._ready = work.launcher.fence()

    def frame(self) -> Frame:
        """As arrays; waits for the GPU."""
        self._ready()
        rgba = self._work.to_host(self.color)
        return Frame(rgba[..., :3], rgba[..., 3])

    def difference(
        self, other: Any, background: Background, canvas: Canvas | None = None
    ) -> Apart | None:
        """As `Picture.difference`; a few numbers come to the host."""
        if not isinstance(other, CUDAPicture) or other.color.shape != self.color.shape:
            return None
        self._ready()
        other._ready()
        torch = self._work.torch
        apart = (self._over(background) - other._over(background)).abs()
        worst = 255.0 * apart.amax(2)
        beyond = [(worst > limit).sum() for limit in LIMITS]
        mean = apart.square().mean(dtype=torch.float64)
        mse, most, *counts = torch.stack([mean, worst.max(), *beyond]).tolist()
        limit = first_limit(counts, worst.numel())
        heat = None if canvas is None else self._heat(other, background, limit, canvas)
        return Apart(decibels(mse), most, limit, heat)

    def _heat(
        self, other: CUDAPicture, background: Background, limit: int, canvas: Canvas
    ) -> DeviceFrame:
        work, behind = self._work, map(float, background)
        ramp = work.send(RAMP), len(RAMP)
        with canvas.lent() as address:
            place = Address(address)
            work.each_pixel(
                "show_error", self.color, other.color, *behind, limit / 255, *ramp, place
            )
        return DeviceFrame(canvas, work.launcher.fence(), lambda wait: Outcome(True, {}, {}))

    def _over(self, background: Background) -> Tensor:
        veil = 1.0 - self.color[..., 3:]
        behind = self._work.send(np.asarray(background, np.float32))
        return (self.color[..., :3] + veil * behind).clamp(0.0, 1.0)


@contextmanager
def drawn_to(canvas: Canvas, work: Work, picture: Tensor) -> Iterator[Address]:
    """Where to draw a frame: a canvas, or a picture that is shown there then. Raises Withdrawn."""
    with canvas.lent() as address:
        if picture is None:
            yield Address(address)
        else:
            yield Address(picture.data_ptr())
            work.each_pixel("compose", picture, None, None, 0, None, Address(address))
