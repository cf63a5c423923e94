"""Sun and sky on a heap of splats: shadows by depth maps, and reflectance as SH of degree 3."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..sh import sh_basis
from .shapes import Part, dot, rotated, unit

Float = NDArray[np.float64]

C0 = 0.28209479177387814

TO_SUN = unit(np.array([-0.62, 0.66, 0.52]))
SUN = np.array([3.0, 2.25, 1.40])
SKY = np.array([0.23, 0.31, 0.47])
GROUND = np.array([0.13, 0.10, 0.075])
EXPOSURE = 0.92

_SKY_DIRECTIONS = 14
_SHADOW_CELL, _SKY_CELL = 0.016, 0.045


def shade(part: Part, blockers: Float) -> NDArray[np.float32]:
    """(N, 16, 3) SH of the light that each splat sends out.

    Diffuse light is constant. A highlight is the sun's mirror image, a zonal lobe about the
    direction in which it is seen; its coefficients are the basis at that direction times a
    Gaussian falloff by degree. The mirrored sky is linear in the reflected direction, hence of
    degree 1. Both are exact in SH, so no sampling is needed.

    Args:
        part: joined splats in work coordinates.
        blockers: (B, 3) points that cast shadows.
    """
    points, normals = part.points, part.normals
    sun_seen = _visible(points + 0.01 * normals, blockers, TO_SUN, _SHADOW_CELL, radius=2)
    sky_seen = _ambient(points + 0.02 * normals, blockers)

    facing = dot(normals, TO_SUN)
    through = part.translucency
    direct = np.maximum(facing, 0.0) * (1 - through) + (0.35 + 0.65 * np.abs(facing)) * through
    tilt = 0.5 + 0.5 * normals[:, 1]
    ambient = (SKY * tilt[:, None] + GROUND * (1 - tilt[:, None])) * sky_seen[:, None]
    light = SUN * (direct * sun_seen)[:, None] + ambient
    diffuse = _display(part.albedo * light + part.glow)

    sh = np.zeros((len(part), 16, 3), np.float32)
    sh[:, 0] = (diffuse - 0.5) / C0
    glossy = np.nonzero(part.gloss > 0)[0]
    if len(glossy):
        sh[glossy] += _gloss(part, glossy, sun_seen[glossy], sky_seen[glossy])
    return sh


def _gloss(part: Part, rows: NDArray[np.intp], sun_seen: Float, sky_seen: Float) -> Float:
    """(M, 16, 3) mirror images of sun and sky for the glossy splats."""
    normals = part.normals[rows]
    strength, tint = part.gloss[rows, None], part.tint[rows]
    # Seen along d the surface mirrors r = d - 2 (d.n) n; the sun where r points to it.
    facing = dot(normals, TO_SUN)
    seen_along = TO_SUN - 2 * facing[:, None] * normals
    basis = sh_basis(turn(seen_along), 3)
    degree = np.repeat(np.arange(4), [1, 3, 5, 7])
    falloff = np.exp(-degree * (degree + 1) / (2 * part.sharpness[rows, None]))
    peak = np.sum((2 * np.arange(4) + 1) / (4 * np.pi) * falloff[:, [0, 1, 4, 9]], axis=1)
    lit = sun_seen * np.clip(4 * facing, 0, 1)
    lobe = (lit / peak)[:, None] * falloff * basis
    image = lobe[:, :, None] * (strength * tint)[:, None, :]
    # Sky brightness 0.5 + 0.5 r.up, with r.up = d.(up - 2 (up.n) n).
    up = np.array([0.0, 1.0, 0.0])
    toward = turn(up - 2 * normals[:, 1:2] * normals)
    sky = 0.55 * strength * tint * SKY * sky_seen[:, None]
    image[:, 0] += 0.5 / C0 * sky
    linear = np.array([1, 2, 0]), np.array([-1.0, 1.0, -1.0]) * 0.4886025119029199
    # Inverse of Y_1m = +-0.4886 (y, z, x): the coefficient of a linear function a.d.
    image[:, 1:4] += 0.5 * (toward[:, linear[0]] / linear[1])[:, :, None] * sky[:, None, :]
    return image


def turn(v: Float) -> Float:
    """Work coordinates (y up) to INRIA's (y down): half a turn about x."""
    return v * np.array([1.0, -1.0, -1.0])


def _display(radiance: Float) -> Float:
    """Filmic shoulder, display gamma, and a gentle S curve for contrast."""
    value = (1.0 - np.exp(-EXPOSURE * np.maximum(radiance, 0.0))) ** (1 / 2.2)
    return 0.45 * value + 0.55 * value * value * (3 - 2 * value)


def _ambient(points: Float, blockers: Float) -> Float:
    """(N,) share of the upper half of the sky that is seen, cosine weighted."""
    k = np.arange(_SKY_DIRECTIONS) + 0.5
    height = np.sqrt(1 - 0.94 * k / _SKY_DIRECTIONS)  # cosine distribution, never grazing
    angle = np.pi * (3 - np.sqrt(5)) * k
    ring = np.sqrt(1 - height**2)
    total = np.zeros(len(points))
    for direction in np.stack([ring * np.cos(angle), height, ring * np.sin(angle)], 1):
        total += _visible(points, blockers, direction, _SKY_CELL, radius=1)
    return 0.12 + 0.88 * total / _SKY_DIRECTIONS


def _visible(points: Float, blockers: Float, toward: Float, cell: float, radius: int) -> Float:
    """(N,) soft visibility from points towards a direction, by a depth map of the blockers.

    The map holds the nearest depth per cell; a point asks (2 radius + 1)^2 cells around its own.
    """
    side = unit(np.cross(toward, [0.31, 0.05, 0.95]))
    axes = np.stack([side, np.cross(toward, side), toward])
    # Not in float32: a point whose cell hangs on rounding has another shadow on other machines.
    b, p = rotated(blockers, axes), rotated(points, axes)
    low = b[:, :2].min(axis=0) - 4 * cell
    size = np.ceil((b[:, :2].max(axis=0) - low) / cell).astype(int) + 4
    nearest = np.full(size[0] * size[1], -np.inf)
    at = ((b[:, :2] - low) / cell).astype(np.int64)
    np.maximum.at(nearest, at[:, 0] * size[1] + at[:, 1], b[:, 2])
    mine = np.clip(((p[:, :2] - low) / cell).astype(np.int64), radius, size - 1 - radius)
    index = mine[:, 0] * size[1] + mine[:, 1]
    bias = 2.2 * cell
    total = np.zeros(len(points))
    for dx in range(-radius, radius + 1):
        for dy in range(-radius, radius + 1):
            total += nearest[index + (dx * size[1] + dy)] <= p[:, 2] + bias
    return total / (2 * radius + 1) ** 2
