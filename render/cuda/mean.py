"""`CUDAMean`: the mean of frames that stays on the GPU."""

from __future__ import annotations

from dataclasses import replace

from ..device_frame import DeviceFrame
from .picture import CUDAPicture, drawn_to
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
        picture = torch.empty_like(color) if frame.kept else None
        with drawn_to(frame.canvas, self._work, picture) as target:
            self._work.each_pixel("average", color, 1.0 / count, self._mean, target)
        own = None if picture is None else CUDAPicture(self._work, picture)
        return replace(frame, ready=self._work.launcher.fence(), color=None, picture=own)
