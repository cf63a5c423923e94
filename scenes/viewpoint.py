"""A place to look from that comes with a scene."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewpoint:
    """Where to stand and what to look at, in world coordinates; `fov_y` in degrees."""

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    up: tuple[float, float, float] = (0.0, -1.0, 0.0)
    fov_y: float = 50.0
