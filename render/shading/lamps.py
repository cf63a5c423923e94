"""Lamps as shading asks for them: from where, and how strong, at every point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import CLOSEST_LAMP
from ...scenes.lights import Lamp

Array = NDArray[np.floating]


def lamp_rows(lamps: Sequence[Lamp]) -> NDArray[np.float32]:
    """(L, 8) of lamps, for shaders and kernels: where each is, or the unit direction to it;
    whether it is at a place; its light at a distance of 1; and nothing."""
    rows = np.zeros((len(lamps), 8), np.float32)
    for row, lamp in zip(rows, lamps):
        place, point = np.array(lamp.place), lamp.kind == "point"
        row[:4] = (*(place if point else place / np.linalg.norm(place)), point)
        row[4:7] = np.array(lamp.color) * lamp.intensity
    return rows


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
