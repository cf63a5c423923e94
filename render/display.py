"""From a drawn frame to what a display shows: exposure and tone mapping.

Splats blend in display space (sRGB). The straight colour of a pixel is brought to linear light,
multiplied by 2^exposure, brought into range by a curve and encoded again; the background behind it
keeps its colour. `shaders/tone.glsl` has the same equations.

Curves: Reinhard et al. 2002, "Photographic tone reproduction", x / (1 + x) per channel; Narkowicz
2016, "ACES filmic tone mapping curve", a fit of the film that the Academy's system imitates; the
Khronos Group's PBR Neutral of 2024, which keeps colours as they are up to 0.8 and only then takes
light and saturation back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.srgb import to_display, to_light
from .frame import Frame
from .settings import Settings

Float32 = NDArray[np.float32]

ALPHA_FLOOR = 1e-6
"""Colours of pixels that are clearer than this are not worth a division."""

NEUTRAL_START, NEUTRAL_FADE = 0.8 - 0.04, 0.15
"""Of `neutral`: where light begins to be held back, and how fast it loses its colour beyond."""


def neutral(x: Any) -> Any:
    """Khronos PBR Neutral, light (..., 3) >= 0."""
    least = x.min(axis=-1, keepdims=True)
    x = x - np.where(least < 0.08, least - 6.25 * least * least, 0.04)
    peak = x.max(axis=-1, keepdims=True)
    room = 1.0 - NEUTRAL_START
    over = np.maximum(peak - NEUTRAL_START, 0.0)
    held = 1.0 - room * room / (over + room)
    grey = 1.0 - 1.0 / (NEUTRAL_FADE * (peak - held) + 1.0)
    scaled = x * held / np.maximum(peak, 1e-9)
    return np.where(peak < NEUTRAL_START, x, scaled * (1.0 - grey) + held * grey)


CURVES: dict[str, Callable[[Any], Any]] = {
    "none": lambda x: x,
    "reinhard": lambda x: x / (1.0 + x),
    "aces": lambda x: x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14),
    "neutral": neutral,
}
"""Linear light, >= 0, to linear light; the same names as setting `tone_mapping`."""


def changes_display(settings: Settings) -> bool:
    """Whether a frame is shown otherwise than it was drawn."""
    if settings.shown != "colour":
        return False
    return settings.exposure != 0.0 or settings.tone_mapping != "none"


def developed(frame: Frame, settings: Settings) -> Frame:
    """A frame as a display shows it, still premultiplied and without background."""
    if not changes_display(settings):
        return frame
    alpha = np.maximum(frame.alpha, np.float32(ALPHA_FLOOR))[..., None]
    color = tone(frame.color / alpha, settings.exposure, settings.tone_mapping)
    return replace(frame, color=color * frame.alpha[..., None])


def tone(color: NDArray[np.floating[Any]], exposure: float, curve: str) -> Float32:
    """Display colours (..., 3) with other light; exposure in stops, curve a key of `CURVES`."""
    color = np.maximum(np.asarray(color, np.float32), np.float32(0.0))
    light = CURVES[curve](to_light(color) * np.float32(2.0**exposure))
    return to_display(light).astype(np.float32)
