"""What lights a scene: an environment all around, and lamps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError

Float32 = NDArray[np.float32]
Vector = tuple[float, float, float]

MAX_SIDE = 16384
"""Pixels along the longest side of an environment."""

BRIGHTEST = 1e6
"""Most radiance of an environment, and intensity of a lamp; brighter is cut off."""


SKY = "builtin:sky"
"""By this name files call the built-in environment."""


class LightError(VoileError, ValueError):
    """Numbers handed to a light are of a wrong shape, out of range or not finite."""


@dataclass(frozen=True, eq=False)
class Environment:
    """Light from infinitely far in all directions.

    Attributes:
        name: for people.
        image: (H, W, 3) float32 radiance, linear light, >= 0. Row 0 is straight up; along a row
            the azimuth goes once around.
        source: what makes it again: the file that it was read from, or `SKY`; "" where only scripts
            know.

    Raises:
        LightError: a wrong shape or type, negative values or such as are not finite.
    """

    name: str
    image: Float32
    source: str = ""

    def __post_init__(self) -> None:
        shape = self.image.shape
        if self.image.dtype != np.float32 or len(shape) != 3 or shape[2] != 3:
            raise LightError(f"environment is {self.image.dtype} {shape}; it must be (H, W, 3)")
        if not (1 <= shape[0] <= MAX_SIDE and 1 <= shape[1] <= MAX_SIDE):
            raise LightError(f"environment is {shape[1]}x{shape[0]}; sides are 1 to {MAX_SIDE}")
        if not (np.isfinite(self.image).all() and self.image.min() >= 0.0):
            raise LightError("environment has values that are negative or not finite")


@dataclass(frozen=True)
class Lamp:
    """A light of no size.

    Attributes:
        kind: "directional" shines from infinitely far, "point" from a place.
        place: where a point lamp is, world units; for a directional one any vector towards it.
        color: linear RGB in [0, 1].
        intensity: radiance of a white matte surface that faces it; for a point lamp at a distance
            of 1 world unit, and less with the square of the distance.
        name: for people.

    Raises:
        LightError: numbers out of range or not finite.
    """

    kind: Literal["directional", "point"] = "directional"
    place: Vector = (0.0, -1.0, 0.0)
    color: Vector = (1.0, 1.0, 1.0)
    intensity: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        # What was computed is of NumPy's types, which no session can write.
        for name in ("place", "color"):
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        object.__setattr__(self, "intensity", float(self.intensity))
        if self.kind not in ("directional", "point"):
            raise LightError(f"a lamp's kind is directional or point, not {self.kind!r}")
        if len(self.place) != 3 or not all(abs(x) <= 1e18 for x in self.place):
            raise LightError(f"a lamp's place is {self.place}; it must be 3 finite numbers")
        if self.kind == "directional" and math.hypot(*self.place) < 1e-9:
            raise LightError("a directional lamp has no direction: its place is (0, 0, 0)")
        if len(self.color) != 3 or not all(0.0 <= c <= 1.0 for c in self.color):
            raise LightError(f"a lamp's color is {self.color}; it must be 3 numbers in [0, 1]")
        if not 0.0 <= self.intensity <= BRIGHTEST:
            raise LightError(f"a lamp's intensity is {self.intensity}; its range is 0 to 1e6")


@dataclass(frozen=True, eq=False)
class Lights:
    """All light of a scene: the environment, by default a sky, and the lamps."""

    environment: Environment = field(default_factory=lambda: sky())
    lamps: tuple[Lamp, ...] = ()


@cache
def sky(width: int = 128, height: int = 64) -> Environment:
    """The built-in environment: a clear sky with a soft sun over pale ground.

    Level white matte ground under it has a radiance of about 1.
    """
    v, u = (np.arange(n) + 0.5 for n in (height, width))
    polar, azimuth = v[:, None] / height * np.pi, (u[None] / width - 0.5) * 2 * np.pi
    up = np.cos(polar) + 0 * azimuth
    across, away = np.sin(polar) * np.sin(azimuth), -np.sin(polar) * np.cos(azimuth)
    zenith, horizon = np.array([0.22, 0.40, 0.85]), np.array([0.75, 0.85, 1.0])
    light = horizon + (zenith - horizon) * np.clip(up, 0, 1)[..., None] ** 0.5
    ground = np.array([0.30, 0.27, 0.23]) * (1.0 + 0.4 * up[..., None])
    light = np.where(up[..., None] >= 0, light, ground)
    sun = np.array([0.45, 0.72, -0.53])
    cosine = (across * sun[0] + up * sun[1] + away * sun[2]) / np.linalg.norm(sun)
    glow = 14.0 * np.exp(60.0 * (cosine - 1.0)) + 0.5 * np.exp(6.0 * (cosine - 1.0))
    light = light + glow[..., None] * np.array([1.0, 0.88, 0.70])
    level = np.maximum(up, 0) * np.sin(polar) * (np.pi / height) * (2 * np.pi / width)
    received = float((light.mean(axis=2) * level).sum()) / np.pi
    return Environment("Clear sky", (light / received).astype(np.float32), SKY)


def uniform(radiance: float = 1.0) -> Environment:
    """The same light from everywhere."""
    return Environment("Uniform", np.full((2, 4, 3), radiance, np.float32))
