"""Lamps as shading asks for them: from where, and how strong, at every point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import CLOSEST_LAMP
from ...scenes.lights import Lamp

Array = NDArray[np.floating]


def lamp_light(lamps: Sequence[Lamp], points: Array) -> Iterator[tuple[Array, Array]]:
    """For each lamp unit directions (..., 3) to it from points (..., 3), and light (..., 3).

    The light is the irradiance of a surface that faces the lamp, over pi.
    """
    for lamp in lamps:
        place = np.asarray(lamp.place, points.dtype)
        color = np.asarray(lamp.color, points.dtype) * lamp.intensity
        if lamp.kind == "directional":
            direction = place / np.linalg.norm(place)
            yield np.broadcast_to(direction, points.shape), np.broadcast_to(color, points.shape)
        else:
            away = place - points
            distance = np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), CLOSEST_LAMP)
            yield away / distance, color / distance**2
