"""Display colours and linear light (IEC 61966-2-1, sRGB)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_light(color: NDArray[Any]) -> NDArray[Any]:
    """Display colours >= 0 as linear light, of the same dtype."""
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def to_display(light: NDArray[Any]) -> NDArray[Any]:
    """Linear light >= 0 as display colours, of the same dtype."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
