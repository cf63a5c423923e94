"""How the two pictures of a comparison differ, worked out away from the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..render.device_frame import DeviceFrame
from ..render.display import changes_display, developed
from ..render.frame import Float32, Frame
from ..render.heat import heat, limit_for
from ..render.measuring import Difference, difference

if TYPE_CHECKING:
    from .jobs import Drawing


@dataclass(frozen=True, eq=False)
class Pair:
    """Two drawings of one view, whose frames are arrays or have kept their pixels on their device;
    `heat`: also draw their difference."""

    a: Drawing
    b: Drawing
    heat: bool


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
    heat: Frame | None = None
    limit: int = 0


def compare(pair: Pair) -> Compared:
    """Compares the pictures as they are shown: each over its background, clamped."""
    found = _on_device(pair)
    if found is None:
        pictures = [_shown(pair.a), _shown(pair.b)]
        if pair.b.job.photo is not None:
            return _compare_photo(pair, *pictures)
        found = difference(*pictures, with_ssim=False)
    if not pair.heat:
        return Compared(pair, found.psnr, found.max_error)
    limit = limit_for(found.absolute)
    colors = Frame(heat(found.absolute, limit), np.ones_like(found.absolute))
    return Compared(pair, found.psnr, found.max_error, colors, limit)


def _on_device(pair: Pair) -> Difference | None:
    """Found where both pictures are, if they are shown as they were drawn there."""
    a, b = pair.a.frame, pair.b.frame
    if not (isinstance(a, DeviceFrame) and isinstance(b, DeviceFrame)) or a.picture is None:
        return None
    first, second = (each.job.request.settings for each in (pair.a, pair.b))
    if changes_display(first) or changes_display(second):
        return None
    return a.picture.difference(
        b.picture, first.background, second.background, with_absolute=pair.heat
    )


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
