"""The definition of light on neural materials: one decoding per pixel and light sample.

    L = sum over lamps of pi light f(w, w_o) (n . w)
      + 1/S sum over samples of sum_k f(w_k, w_o) (n . w_k) L_e(w_k) / (p_m(w_k) + p_e(w_k))

with w_1 drawn by the material's own sampler, of density p_m, and w_2 from the environment, of
density p_e: multiple importance sampling by the balance heuristic (Veach and Guibas 1995). Nothing
casts a shadow. n is tilted until it faces the viewer. `shaders/lit.comp` is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import LEAST_SLANT
from ...scenes.content import Content
from ...scenes.material import NeuralMaterial
from ..materials.decode import decode, level_of, lookup
from ..materials.proposal import density, propose, sample
from ..settings import Settings
from .environment import environment_frame, gain
from .lamps import lamp_light
from .sampling import radiance, randoms, table_of

Array = NDArray[np.floating[Any]]

CHUNK = 1 << 14
"""Points that are lit together."""


@dataclass(frozen=True, eq=False)
class Points:
    """P points to be lit, all of one material.

    Attributes:
        pixels: (P,) uint32 their pixels, row by row over the image.
        positions: (P, 3) world units.
        normals: (P, 3) unit, on the side that is seen.
        tangents: (P, 3) along growing u; need be neither unit nor across the normal.
        uvs: (P, K, 2) texture coordinates.
        shares: (P, K) of each in the latent; they add to what `own` leaves of 1.
        footprints: (P,) size of a pixel on the texture, in widths of it.
        tints: (P, 3) what reflectance is multiplied by.
        own: (P, L) latents that the points have of their own; zeros for none.
    """

    pixels: NDArray[np.uint32]
    positions: Array
    normals: Array
    tangents: Array
    uvs: Array
    shares: Array
    footprints: Array
    tints: Array
    own: Array

    def rows(self, rows: slice) -> Points:
        """Some of them."""
        return Points(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def light(
    material: NeuralMaterial,
    points: Points,
    content: Content,
    eye: Array,
    settings: Settings,
    seed: int,
    dtype: Any = np.float64,
) -> Array:
    """(P, 3) radiance towards the viewer at `eye` (3,), linear light."""
    parts = [
        _light(material, points.rows(slice(k, k + CHUNK)), content, eye, settings, seed, dtype)
        for k in range(0, len(points.pixels), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 3), dtype)


def _light(
    material: NeuralMaterial,
    points: Points,
    content: Content,
    eye: Array,
    settings: Settings,
    seed: int,
    dtype: Any,
) -> Array:
    to_viewer = eye - points.positions
    to_viewer = to_viewer / np.linalg.norm(to_viewer, axis=1, keepdims=True)
    normals = facing(points.normals, to_viewer)
    to_local = tangent_frames(normals, points.tangents).astype(dtype)
    w_o = np.einsum("pij,pj->pi", to_local, to_viewer.astype(dtype))
    z = latents(material, points).astype(dtype)
    lobes = propose(material, z, w_o, dtype)

    total = np.zeros(w_o.shape, dtype)
    for direction, strength in lamp_light(content.lights.lamps, points.positions):
        w = np.einsum("pij,pj->pi", to_local, direction.astype(dtype))
        total += reflected(material, z, w, w_o, dtype) * (np.pi * strength).astype(dtype)

    environment = content.lights.environment
    table = table_of(environment)
    to_environment = environment_frame(content.splats.up, settings.environment_rotation)
    turn = (to_local @ to_environment.T.astype(dtype)).astype(dtype)  # environment to local
    around = np.zeros_like(total)
    for number in range(settings.light_samples):
        u = randoms(points.pixels, seed, settings.light_samples, number).astype(dtype)
        by_material = sample(lobes, w_o, u[:, :3])
        by_light = np.einsum("pij,pj->pi", turn, table.sample(u[:, 3:]).astype(dtype))
        for w in (by_material, by_light):
            out = np.einsum("pji,pj->pi", turn, w)
            chance = density(lobes, w, w_o) + table.density(out)
            weight = reflected(material, z, w, w_o, dtype) / chance[:, None]
            around += weight * radiance(environment, out)
    total += around * dtype(gain(settings) / settings.light_samples)
    return total * points.tints


def reflected(material: NeuralMaterial, z: Array, w: Array, w_o: Array, dtype: Any) -> Array:
    """(P, 3) reflectance times the cosine."""
    return decode(material, z, w, w_o, dtype) * np.maximum(w[:, 2:], 0.0)


def facing(normals: Array, w: Array) -> Array:
    """Unit normals (P, 3), tilted towards unit directions w (P, 3) until n . w >= LEAST_SLANT."""
    slant = np.sum(normals * w, axis=1, keepdims=True)
    across = normals - slant * w
    length = np.linalg.norm(across, axis=1, keepdims=True)
    across = across * (np.sqrt(1.0 - LEAST_SLANT**2) / np.maximum(length, 1e-12))
    tilted = np.where(length > 1e-6, across + LEAST_SLANT * w, w)
    return np.where(slant < LEAST_SLANT, tilted, normals)


def tangent_frames(normals: Array, tangents: Array) -> Array:
    """(P, 3, 3) from world axes to those of the surface: rows t, n x t, n."""
    along = np.sum(tangents * normals, axis=1, keepdims=True)
    t = tangents - along * normals
    length = np.linalg.norm(t, axis=1, keepdims=True)
    other = np.eye(3)[np.argmin(np.abs(normals), axis=1)]
    other = other - np.sum(other * normals, axis=1, keepdims=True) * normals
    t = np.where(length > 1e-6, t, other)
    t = t / np.linalg.norm(t, axis=1, keepdims=True)
    return np.stack([t, np.cross(normals, t), normals], axis=1)


def latents(material: NeuralMaterial, points: Points) -> Array:
    """(P, L) the points' own, and from the level of the pyramid that fits a pixel."""
    return points.own + texture_latents(material, points.uvs, points.shares, points.footprints)


def texture_latents(
    material: NeuralMaterial, uvs: Array, shares: Array, footprints: Array
) -> NDArray[np.float64]:
    """(P, L) from texture coordinates (P, K, 2) by shares (P, K), for footprints (P,) in widths."""
    level = level_of(footprints * max(material.size))
    z = np.zeros((len(level), material.shape.latents))
    for k in range(uvs.shape[1]):
        z += shares[:, k, None] * lookup(material, uvs[:, k], level)
    return z
