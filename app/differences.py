"""How the two pictures of a comparison differ, worked out away from the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..render.display import developed
from ..render.frame import Float32, Frame
from ..render.heat import heat, limit_for
from ..render.measuring import difference

if TYPE_CHECKING:
    from .jobs import Drawing


@dataclass(frozen=True, eq=False)
class Pair:
    """Two drawings of one view, whose frames are arrays; `heat`: also draw their difference."""

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
    pictures = []
    for drawing in (pair.a, pair.b):
        assert isinstance(drawing.frame, Frame)
        frame, settings = drawing.frame, drawing.job.request.settings
        if drawing.job.photo is None:  # which has been developed long ago
            frame = developed(frame, settings)
        pictures.append(frame.over(settings.background))
    if pair.b.job.photo is not None:
        return _compare_photo(pair, *pictures)
    found = difference(*pictures, with_ssim=False)
    if not pair.heat:
        return Compared(pair, found.psnr, found.max_error)
    limit = limit_for(found.absolute)
    colors = Frame(heat(found.absolute, limit), np.ones_like(found.absolute))
    return Compared(pair, found.psnr, found.max_error, colors, limit)


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
