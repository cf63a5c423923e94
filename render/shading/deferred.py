"""Deferred shading: what splats with a material blend to, lit once per pixel; meshes likewise.

Splats blend a G-buffer as they blend colours (`Paint`): what is left of their captured colour;
m normal; m tint; m depth with the weight of each material; and, where splats have latents, the
weight of those that do, with their latents; m is 1 for splats that have a material. After the
resolve a pixel is lit as its most covering material, at the mean depth, with the mean normal, tint
and latents. Splats have no texture coordinates: without latents of their own, theirs are those of
three planes, by the normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import LEAST_SLANT, LEAST_WEIGHT, MOST_TINT, SH_C0
from ...scenes.content import Content
from ...scenes.material import NeuralMaterial
from ...scenes.splats import Splats
from ..camera import Camera
from ..display import to_display, to_light
from ..meshes.surface import Surface
from ..modes import MODES
from ..paint import Paint
from ..scene_facts import facts_of
from ..settings import Settings
from ..smooth_normals import smooth_normals
from .lit import Points, light
from .matte import positions

Array = NDArray[np.floating[Any]]

FIXED = 2
"""Coats of a G-buffer after the colour's before the one that begins with depth: normal and tint."""


def relights(content: Content, settings: Settings, paint: Paint | None = None) -> bool:
    """Whether splats are lit by their materials; not where paint is in their place."""
    return (
        (paint is None or paint.tints) and settings.relight > 0.0 and bool(content.worn_by_splats)
    )


def lit_by_samples(content: Content, settings: Settings) -> bool:
    """Whether something has a neural material, so that frames of other seeds add up."""
    return relights(content, settings) or any(mesh.material for mesh in content.meshes)


def material_index(content: Content, name: str) -> int:
    """Which material of the content has this name; -1 for a matte surface."""
    return next((k for k, m in enumerate(content.materials) if m.name == name), -1)


def gbuffer_paint(
    content: Content, camera: Camera, settings: Settings, tint: Paint | None = None
) -> Paint:
    """What splats blend for their light; where they are tinted, less of it and the tint."""
    count, splats = len(content.materials), MODES[settings.mode].in_order(facts_of(content.splats))
    assert splats.material is not None
    has = splats.material >= 0
    mask = has.astype(np.float32)[:, None]
    keep = 1.0 - np.float32(settings.relight) * mask[:, 0]
    over = np.zeros((len(splats), 3), np.float32)
    if tint is not None and tint.keep is not None:
        mask, keep, over = mask * tint.keep[:, None], keep * tint.keep, tint.values
    normals = smooth_normals(splats, settings.normal_smoothing, settings.normal_reach)
    away = np.einsum("ij,ij->i", normals, splats.means - camera.position.astype(np.float32)) > 0
    rotation, translation = camera.world_to_camera[2, :3], camera.world_to_camera[2, 3]
    depths = (splats.means @ rotation.astype(np.float32) + np.float32(translation))[:, None]
    weights = splats.material[:, None] == np.arange(count + (-(1 + count)) % 3)
    parts = [
        over,
        mask * np.where(away[:, None], -normals, normals),
        mask * captured_light(splats),
        mask * np.clip(depths, -1e9, 1e9),
        mask * weights,
    ]
    if splats.latent is not None:
        own = splats.latent.any(axis=1, keepdims=True).astype(np.float32)
        pad = np.zeros((len(splats), -(1 + splats.latent.shape[1]) % 3), np.float32)
        parts += [mask * own, mask * splats.latent, pad]
    values = np.concatenate(parts, axis=1)
    return Paint(values.astype(np.float32), keep)


def own_latents_at(materials: int) -> int:
    """The column of a G-buffer with the weight of splats that have latents of their own."""
    count = 1 + materials
    return 3 + 3 * FIXED + count + -count % 3


def captured_light(splats: Splats) -> NDArray[np.float32]:
    """(N, 3) captured colours without gloss, linear light, what tints are made from."""
    memo = facts_of(splats).memo
    if "captured light" not in memo:
        shown = np.clip(0.5 + SH_C0 * splats.sh[:, 0], 0.0, 4.0)
        memo["captured light"] = to_light(shown).astype(np.float32)
    return memo["captured light"]


def lit_splats(
    content: Content,
    paint: Array,
    camera: Camera,
    settings: Settings,
    seed: int,
    dtype: Any = np.float64,
) -> Array:
    """(H, W, 3) what light adds to a frame, display colours premultiplied.

    Args:
        content: the scene.
        paint: (H, W, 3 k) what `gbuffer_paint` blended to.
        camera, settings, seed: of the frame.
        dtype: of the arithmetic.
    """
    first = 3 + 3 * FIXED
    weights = paint[..., first + 1 : first + 1 + len(content.materials)]
    total, which = weights.sum(axis=-1), weights.argmax(axis=-1)
    added = np.zeros((*total.shape, 3))
    repeats = settings.material_scale / facts_of(content.splats).radius
    for number, material in enumerate(content.materials):
        seen = (which == number) & (total > LEAST_WEIGHT)
        if not seen.any():
            continue
        weight = total[seen][:, None].astype(np.float64)
        depth = np.zeros(total.shape)
        depth[seen] = paint[seen][:, first] / weight[:, 0]
        normals = _unit(paint[seen][:, 3:6].astype(np.float64))
        where = positions(depth, camera)[seen]
        away = where - camera.position
        slants = -np.sum(normals * away, axis=1) / np.linalg.norm(away, axis=1)
        own, left = _own_latents(content, material, paint[seen], weight)
        tangents, uvs, shares = three_planes(where * repeats, normals)
        points = Points(
            pixel_numbers(total.shape)[seen],
            where,
            normals,
            *(tangents, uvs, shares * left),
            depth[seen] * repeats / min(camera.fx, camera.fy) / np.maximum(slants, LEAST_SLANT),
            tints(paint[seen][:, 6:9] / weight, material, settings),
            own,
        )
        shown = to_display(light(material, points, content, camera.position, settings, seed, dtype))
        added[seen] = settings.relight * weight * shown
    return added


def lit_meshes(
    content: Content,
    surface: Surface,
    camera: Camera,
    settings: Settings,
    seed: int,
    shown: Array,
    dtype: Any = np.float64,
) -> None:
    """Display colours of the meshes that have a material, into `shown` (H, W, 3)."""
    for number, mesh in enumerate(content.meshes):
        which = material_index(content, mesh.material)
        seen = surface.mesh == number
        if which < 0 or not seen.any():
            continue
        count, material = int(seen.sum()), content.materials[which]
        points = Points(
            pixel_numbers(seen.shape)[seen],
            positions(np.where(seen, surface.depth, 0.0), camera)[seen],
            surface.normals[seen].astype(np.float64),
            surface.tangents[seen].astype(np.float64),
            surface.uvs[seen].astype(np.float64)[:, None],
            np.ones((count, 1)),
            surface.footprints[seen].astype(np.float64),
            surface.albedos[seen].astype(np.float64),
            np.zeros((count, material.shape.latents)),
        )
        shown[seen] = to_display(
            light(material, points, content, camera.position, settings, seed, dtype)
        )


def _own_latents(
    content: Content, material: NeuralMaterial, paint: Array, weight: Array
) -> tuple[Array, Array]:
    """Latents (P, L) of the splats' own, by how much of a pixel has any, and what that leaves of 1.

    Args:
        content: the scene.
        material: what the pixels are lit as.
        paint: (P, 3 k) of the pixels.
        weight: (P, 1) of all materials.
    """
    width, latent = material.shape.latents, content.splats.latent
    if latent is None or latent.shape[1] != width:
        return np.zeros((len(paint), width)), np.ones((len(paint), 1))
    first = own_latents_at(len(content.materials))
    share = np.clip(paint[:, first : first + 1] / weight, 0.0, 1.0)
    return paint[:, first + 1 : first + 1 + width] / weight, 1.0 - share


def pixel_numbers(shape: Sequence[int]) -> NDArray[np.uint32]:
    """(H, W) the number of each pixel, row by row."""
    return np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape[0], shape[1])


def tints(captured: Array, material: NeuralMaterial, settings: Settings) -> Array:
    """(P, 3) what turns a material's own colour into the captured one, as far as it is wanted."""
    albedo = np.maximum(np.asarray(material.albedo), 1e-3)
    wanted = np.clip(captured / albedo, 0.0, MOST_TINT)
    return 1.0 + settings.material_tint * (wanted - 1.0)


def three_planes(places: Array, normals: Array) -> tuple[Array, Array, Array]:
    """Tangents (P, 3), texture coordinates (P, 3, 2) and shares (P, 3) of the three planes.

    The plane across axis k has the next two axes as u and v. Tangents are those of the plane that
    the surface faces most.
    """
    shares = normals**4
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    uvs = np.stack([places[:, [1, 2]], places[:, [2, 0]], places[:, [0, 1]]], axis=1)
    tangents = np.roll(np.eye(3), -1, axis=0)[np.argmax(shares, axis=1)]
    return tangents, uvs, shares


def _unit(v: Array) -> Array:
    length = np.linalg.norm(v, axis=1, keepdims=True)
    return np.where(length > 1e-12, v / np.maximum(length, 1e-12), np.array([0.0, 0.0, 1.0]))
