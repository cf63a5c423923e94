"""How the two pictures of a comparison differ, worked out away from the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..render.device_frame import Apart, Canvas, DeviceFrame
from ..render.display import developed
from ..render.frame import Float32, Frame
from ..render.heat import heat, limit_for
from ..render.measuring import difference

if TYPE_CHECKING:
    from .jobs import Drawing


@dataclass(frozen=True, eq=False)
class Pair:
    """Two drawings of one view.

    Attributes:
        a, b: their frames are arrays, or have kept their pixels on their device.
        heat: whether their difference is also drawn.
        canvas: where a device is to draw it; None where the host draws it.
    """

    a: Drawing
    b: Drawing
    heat: bool
    canvas: Canvas | None = None

    @property
    def on_device(self) -> bool:
        """Whether a device has both pictures, and can compare them."""
        first, second = self.a.frame, self.b.frame
        return (
            isinstance(first, DeviceFrame)
            and isinstance(second, DeviceFrame)
            and self.a.job.backend == self.b.job.backend
        )


@dataclass(frozen=True, eq=False)
class Compared:
    """What came out.

    Attributes:
        pair: what was compared.
        psnr: of B against A, dB, infinite where they are equal.
        max_error: largest difference of any channel, in 1/255.
        heat: the difference drawn in colours, None where it was not asked for.
        limit: where the colours end, in 1/255.
    """

    pair: Pair
    psnr: float
    max_error: float
    heat: Frame | DeviceFrame | None = None
    limit: int = 0


def compare(pair: Pair) -> Compared:
    """Compares the pictures as they are shown: each over its background, clamped.

    Raises:
        Withdrawn: the pair's canvas is not lent any more.
    """
    if (apart := _on_device(pair)) is not None:
        return Compared(pair, apart.psnr, apart.max_error, apart.heat, apart.limit)
    pictures = [_shown(pair.a), _shown(pair.b)]
    if pair.b.job.photo is not None:
        return _compare_photo(pair, *pictures)
    found = difference(*pictures, with_ssim=False)
    if not pair.heat:
        return Compared(pair, found.psnr, found.max_error)
    limit = limit_for(found.absolute)
    colors = Frame(heat(found.absolute, limit), np.ones_like(found.absolute))
    return Compared(pair, found.psnr, found.max_error, colors, limit)


def _on_device(pair: Pair) -> Apart | None:
    """Found where both pictures are, if they can be compared there."""
    first, second = pair.a.frame, pair.b.frame
    if not pair.on_device or (pair.heat and pair.canvas is None):
        return None
    assert isinstance(first, DeviceFrame)
    assert isinstance(second, DeviceFrame)
    if first.picture is None:
        return None
    return first.picture.difference(second.picture, pair.a.job.request.settings, pair.canvas)


def _shown(drawing: Drawing) -> Float32:
    """The picture of a drawing, over its background."""
    frame, settings = drawing.frame, drawing.job.request.settings
    if isinstance(frame, DeviceFrame):
        assert frame.picture is not None
        frame = frame.picture.frame()
    assert isinstance(frame, Frame)
    if drawing.job.photo is None:  # which has been developed long ago
        frame = developed(frame, settings)
    return frame.over(settings.background)


def _compare_photo(pair: Pair, drawn: Float32, photo: Float32) -> Compared:
    """Compares where the photograph is, and nothing around it."""
    assert isinstance(pair.b.frame, Frame)
    inside = pair.b.frame.alpha > 0
    part = np.ix_(inside.any(axis=1), inside.any(axis=0))
    found = difference(drawn[part], photo[part], with_ssim=False)
    if not pair.heat:
        return Compared(pair, found.psnr, found.max_error)
    limit = limit_for(found.absolute)
    colors = np.zeros_like(drawn)
    colors[part] = heat(found.absolute, limit)
    return Compared(pair, found.psnr, found.max_error, Frame(colors, pair.b.frame.alpha), limit)
