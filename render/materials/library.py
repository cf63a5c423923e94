"""Reference materials by name, their textures made by rule.

Each function returns the fields of `layered.FIELDS` that differ from `PLAIN`, as (H, W, n) arrays
or constants, for a texture of size x size texels that repeats. Features scale with the texture: it
is one piece of surface, at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.material import MaterialError, level_shapes
from .layered import FIELDS

Array = NDArray[np.float64]
Fields = dict[str, Any]

PLAIN: Fields = {
    "albedo": (0.5, 0.5, 0.5),
    "specular": (0.9, 0.9, 0.9),
    "metal": 0.0,
    "roughness": (0.3, 0.3),
    "direction": (1.0, 0.0),
    "normal": (0.0, 0.0),
    "coat": 0.0,
    "coat_roughness": 0.1,
    "coat_normal": (0.0, 0.0),
    "dust": 0.0,
    "dust_albedo": (0.45, 0.40, 0.33),
}
"""What a field is where a material does not say."""


def texels_of(fields: Fields, size: int) -> NDArray[np.float32]:
    """(size, size, COUNT) of fields given as arrays or constants. Raises MaterialError."""
    level_shapes(size, size, 1)
    channels = []
    for name, count in FIELDS.items():
        value = np.asarray(fields.get(name, PLAIN[name]), np.float64)
        if value.ndim == 2:
            value = value[..., None]
        try:
            value = np.broadcast_to(value, (size, size, count))
        except ValueError:
            raise MaterialError(
                f"{name} is {value.shape}; it must be {count} numbers, or ({size}, {size}, {count})"
            ) from None
        _check(name, value)
        channels.append(value)
    return np.concatenate(channels, axis=2).astype(np.float32)


def _check(name: str, value: Array) -> None:
    if not np.isfinite(value).all():
        raise MaterialError(f"{name} has values that are not finite")
    if name in ("normal", "coat_normal"):
        low, high = -4.0, 4.0
    elif name == "direction":
        low, high = -1.0, 1.0
    else:
        low, high = 0.0, 1.0
    found = float(value.min()), float(value.max())
    if found[0] < low or found[1] > high:
        raise MaterialError(
            f"{name} runs from {found[0]:g} to {found[1]:g}; it must be in [{low:g}, {high:g}]"
        )


def ceramic(size: int) -> Fields:
    """Cobalt pattern on white under a clear glaze, with fingerprints and dust."""
    u, v = _grid(size)
    ring = np.hypot(_wrapped(u - 0.5), _wrapped(v - 0.5))
    angle = np.arctan2(_wrapped(v - 0.5), _wrapped(u - 0.5))
    petals = _step(0.36 + 0.05 * np.cos(8 * angle) - ring, 0.02) * _step(ring - 0.22, 0.02)
    rim = _step(0.03 - np.abs(ring - 0.45), 0.01)
    blue = np.clip(petals + rim, 0, 1)[..., None]
    prints = sum(
        _step(0.11 - np.hypot(_wrapped(u - x), 0.8 * _wrapped(v - y)), 0.03)
        * (0.5 + 0.5 * np.sin(2 * np.pi * 14 * np.hypot(_wrapped(u - x + 0.05), _wrapped(v - y))))
        for x, y in ((0.3, 0.25), (0.75, 0.65), (0.15, 0.8))
    )
    dust = np.clip(1.8 * _noise(size, 3, 6) - 0.75, 0, 1) * (0.4 + 0.6 * _noise(size, 5, 32))
    return {
        "albedo": (1 - blue) * (0.82, 0.80, 0.74) + blue * (0.02, 0.06, 0.33),
        "normal": 0.0,
        "coat": 1.0,
        "coat_roughness": 0.10 + 0.30 * np.clip(prints, 0, 1),
        "coat_normal": 0.02 * _slopes(_noise(size, 7, 4), 6.0),
        "dust": 0.85 * dust,
    }


def brushed(size: int) -> Fields:
    """Steel brushed along u, with a few stains."""
    rng = np.random.default_rng(11)
    streaks = _blurred(rng.normal(size=(size, size)), size // 8)
    streaks /= streaks.std()
    stain = _step(_noise(size, 13, 4) - 0.62, 0.08)[..., None]
    turn = 0.06 * streaks
    return {
        "specular": (1 - 0.45 * stain) * np.array((0.78, 0.76, 0.73)),
        "metal": 1.0,
        "roughness": np.stack(
            [0.12 + 0.12 * stain[..., 0], 0.38 + 0.04 * np.clip(streaks, -2, 2)], axis=2
        ),
        "direction": np.stack([np.cos(turn), np.sin(turn)], axis=2),
        "normal": np.stack([0 * streaks, 0.06 * np.clip(streaks, -2.5, 2.5)], axis=2),
    }


def car_paint(size: int) -> Fields:
    """Red pigment with tilted aluminium flakes under a clear coat with orange peel."""
    rng = np.random.default_rng(17)
    cells = min(size, 64)
    grow = size // cells
    flake = (rng.random((cells, cells)) < 0.45).repeat(grow, 0).repeat(grow, 1)
    tilt = rng.normal(0, 0.17, (cells, cells, 2)).clip(-0.5, 0.5).repeat(grow, 0).repeat(grow, 1)
    tint = rng.random((cells, cells, 1)).repeat(grow, 0).repeat(grow, 1)
    return {
        "albedo": (0.42, 0.018, 0.022),
        "specular": (1 - tint) * (0.85, 0.30, 0.26) + tint * (0.90, 0.52, 0.40),
        "metal": 0.75 * flake,
        "roughness": (0.16, 0.16),
        "normal": tilt * flake[..., None],
        "coat": 1.0,
        "coat_roughness": 0.08,
        "coat_normal": 0.03 * _slopes(_noise(size, 19, 8), 3.0),
    }


def fabric(size: int) -> Fields:
    """A plain weave of two colours: threads are glossy across and bulge."""
    u, v = _grid(size)
    threads = 8
    a, b = threads * u, threads * v
    over = (np.floor(a) + np.floor(b)) % 2 < 1  # the warp, along v, lies on top
    x, y = 2 * (a % 1) - 1, 2 * (b % 1) - 1
    round_x, round_y = np.where(over, x, 0.35 * x), np.where(over, 0.35 * y, y)
    height = np.where(over, 1 - x * x - 0.3 * y * y, 1 - y * y - 0.3 * x * x)
    fibre = np.where(over, np.sin(2 * np.pi * 5 * a), np.sin(2 * np.pi * 5 * b))
    shade = (0.35 + 0.65 * np.clip(height, 0, 1)) * (0.9 + 0.1 * fibre)
    color = np.where(over[..., None], (0.10, 0.22, 0.36), (0.62, 0.44, 0.16))
    return {
        "albedo": np.clip(shade[..., None] * color, 0, 1),
        "specular": 0.35 * color + 0.12,
        "metal": 0.30 * np.clip(height, 0, 1),
        "roughness": (0.55, 0.22),
        "direction": np.where(over[..., None], (1.0, 0.0), (0.0, 1.0)),
        "normal": 0.55 * np.stack([round_x, round_y], axis=2),
    }


LIBRARY: dict[str, Callable[[int], Fields]] = {
    "ceramic": ceramic,
    "brushed": brushed,
    "car-paint": car_paint,
    "fabric": fabric,
}


def _grid(size: int) -> tuple[Array, Array]:
    """u and v of texel centres, each (size, size)."""
    at = (np.arange(size) + 0.5) / size
    u, v = np.meshgrid(at, at)
    return u, v


def _wrapped(x: Array) -> Array:
    return (x + 0.5) % 1 - 0.5


def _step(x: Array, width: float) -> Array:
    """From 0 to 1 while x goes from -width to width, smoothly."""
    t = np.clip(x / (2 * width) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _noise(size: int, seed: int, cells: int) -> Array:
    """(size, size) smooth noise in [0, 1] that repeats, two octaves of random lattices."""
    rng = np.random.default_rng(seed)
    u, v = _grid(size)
    total = np.zeros((size, size))
    for octave, weight in ((1, 2 / 3), (2, 1 / 3)):
        n = cells * octave
        lattice = rng.random((n, n))
        x, y = n * u, n * v
        fx, fy = x % 1, y % 1
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        i, j = x.astype(int) % n, y.astype(int) % n
        k, m = (i + 1) % n, (j + 1) % n
        low = (1 - fx) * lattice[j, i] + fx * lattice[j, k]
        high = (1 - fx) * lattice[m, i] + fx * lattice[m, k]
        total += weight * ((1 - fy) * low + fy * high)
    return total


def _slopes(height: Array, scale: float) -> Array:
    """(H, W, 2) slopes of the normal of a repeating height field, `scale` texture sides high."""
    across = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * (height.shape[1] / 2)
    down = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * (height.shape[0] / 2)
    return np.clip(-scale * np.stack([across, down], axis=2), -50, 50)


def _blurred(image: Array, reach: int) -> Array:
    """Mean over `reach` texels along u, repeating."""
    reach = max(reach, 1)
    return sum(np.roll(image, k, 1) for k in range(reach)) / reach  # type: ignore[return-value]
