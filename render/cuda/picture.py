"""`CUDAPicture`: the pixels of a frame that stay on the GPU after OpenGL has taken the frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..device_frame import Background, Canvas
from ..frame import Frame
from ..measuring import Difference, decibels
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
        self, other: Any, background: Background, beside: Background, *, with_absolute: bool
    ) -> Difference | None:
        """How far `other` is from this, each over its background; None where it is elsewhere.

        Two numbers come to the host, and the difference at every pixel where that is asked for.
        """
        if not isinstance(other, CUDAPicture) or other.color.shape != self.color.shape:
            return None
        self._ready()
        other._ready()
        torch = self._work.torch
        apart = (self._over(background) - other._over(beside)).abs()
        worst = apart.amax(2)
        mse, most = torch.stack([apart.square().mean(dtype=torch.float64), worst.max()]).tolist()
        absolute = self._work.to_host(worst) if with_absolute else np.zeros((0, 0), np.float32)
        return Difference(decibels(mse), mse, 255.0 * most, None, absolute)

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
