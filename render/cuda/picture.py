"""`CUDAPicture`: the pixels of a frame that stay on the GPU after OpenGL has taken the frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..device_frame import Apart, Canvas, DeviceFrame, Outcome
from ..display import CURVES, changes_display
from ..frame import Frame
from ..heat import LIMITS, first_limit
from ..measuring import decibels
from ..settings import Settings
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
        self, other: Any, settings: Settings, canvas: Canvas | None = None
    ) -> Apart | None:
        """As `Picture.difference`; a few numbers come to the host."""
        if not isinstance(other, CUDAPicture) or other.color.shape != self.color.shape:
            return None
        torch, (a, b) = self._work.torch, (each._developed(settings) for each in (self, other))
        apart = (a[..., :3] - b[..., :3]).abs()
        worst = 255.0 * apart.amax(2)
        beyond = [(worst > limit).sum() for limit in LIMITS]
        mean = apart.square().mean(dtype=torch.float64)
        mse, most, *counts = torch.stack([mean, worst.max(), *beyond]).tolist()
        limit = first_limit(counts, worst.numel())
        heat = None if canvas is None else self._heat(a, b, limit, canvas)
        return Apart(decibels(mse), most, limit, heat)

    def _developed(self, settings: Settings) -> Tensor:
        """(H, W, 4) as a display shows it, opaque."""
        self._ready()
        shown, toned = self._work.torch.empty_like(self.color), changes_display(settings)
        curve, gain = [*CURVES].index(settings.tone_mapping), 2.0**settings.exposure
        behind = map(float, settings.background)
        self._work.each_pixel("develop", self.color, toned, gain, curve, *behind, shown)
        return shown

    def _heat(self, a: Tensor, b: Tensor, limit: int, canvas: Canvas) -> DeviceFrame:
        work = self._work
        nothing = 0.0, 0.0, 0.0  # is behind what is opaque
        with canvas.lent() as address:
            place = Address(address)
            work.each_pixel("show_error", a, b, *nothing, limit / 255, *work.ramp, place)
        return DeviceFrame(canvas, work.launcher.fence(), lambda wait: Outcome(True, {}, {}))


@contextmanager
def drawn_to(canvas: Canvas, work: Work, picture: Tensor) -> Iterator[Address]:
    """Where to draw a frame: a canvas, or a picture that is shown there then. Raises Withdrawn."""
    with canvas.lent() as address:
        if picture is None:
            yield Address(address)
        else:
            yield Address(picture.data_ptr())
            work.each_pixel("compose", picture, None, None, 0, None, Address(address))
