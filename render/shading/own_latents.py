"""`own_latents`: the textures of materials, read once for every splat.

A splat that has latents of its own needs no texture, and keeps its look where it is moved to; the
picture is as fine as the splats are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...scenes.errors import VoileError
from ...scenes.material import NeuralMaterial
from ...scenes.splats import Splats
from ..scene_facts import facts_of
from ..settings import Settings
from ..smooth_normals import smooth_normals
from .deferred import three_planes
from .lit import texture_latents


class LatentError(VoileError, ValueError):
    """Splats cannot be given latents; the text says why."""


def own_latents(
    splats: Splats, materials: Sequence[NeuralMaterial], settings: Settings
) -> NDArray[np.float32]:
    """(N, L) of three planes at the centres, by a footprint of two standard deviations.

    Args:
        splats: whose column `material` numbers `materials`; where it has none, latents are zeros.
        materials: with as many latents each.
        settings: how often textures repeat, and how smooth normals are.

    Raises:
        LatentError: no splat has a material, or they differ in how many latents they take.
    """
    column = splats.material
    worn = [] if column is None else [k for k in np.unique(column) if k >= 0]
    if column is None or not worn:
        raise LatentError("no splat wears a material, so there are no latents to give")
    widths = {materials[k].shape.latents for k in worn}
    if len(widths) > 1:
        raise LatentError(f"the materials take {sorted(widths)} latents; splats have one number")
    repeats = settings.material_scale / facts_of(splats).radius
    normals = smooth_normals(splats, settings.normal_smoothing, settings.normal_reach)
    across = np.sort(splats.scales.astype(np.float64), axis=1)[:, 1:]
    footprints = 2.0 * np.sqrt(across.prod(axis=1)) * repeats
    found = np.zeros((len(splats), widths.pop()), np.float32)
    for k in worn:
        rows = column == k
        places, facing = splats.means[rows].astype(np.float64), normals[rows].astype(np.float64)
        _, uvs, shares = three_planes(places * repeats, facing)
        found[rows] = texture_latents(materials[k], uvs, shares, footprints[rows])
    return found
