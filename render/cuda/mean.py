"""`CUDAMean`: the mean of frames that stays on the GPU."""

from __future__ import annotations

from dataclasses import replace

from ..device_frame import DeviceFrame
from .device import Address
from .plan import Tensor
from .work import Work


class CUDAMean:
    """A `Mean` of a renderer's frames, which shows itself on the canvas of the latest.

    It is float32, and moves by a part of each frame, as `GLMean` does.

    Args:
        work: of the renderer.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mean: Tensor = None

    def add(self, frame: DeviceFrame, count: int) -> DeviceFrame:
        """As `Mean.add`. Raises Withdrawn."""
        torch, color = self._work.torch, frame.color
        if self._mean is None or self._mean.shape != color.shape:
            self._mean = None  # the memory is free before more is asked for
            self._mean = torch.empty_like(color)
        with frame.canvas.lent() as address:
            self._work.each_pixel("average", color, 1.0 / count, self._mean, Address(address))
            return replace(frame, ready=self._work.launcher.fence(), color=None)
