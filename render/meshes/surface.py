"""`Surface`: what meshes show at every pixel, to be shaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Surface:
    """The nearest point of all meshes at every pixel.

    Attributes:
        depth: (H, W) float32 view depth, world units; infinite where there is no mesh.
        mesh: (H, W) int32 which mesh, -1 where there is none.
        uvs: (H, W, 2) float32 texture coordinates.
        normals: (H, W, 3) float32 unit, world axes, interpolated, on the side that is seen.
        tangents: (H, W, 3) float32 interpolated, world axes, along growing u; neither of length 1
            nor across the normal.
        footprints: (H, W) float32 size of a pixel on the texture, in widths of the texture: what
            chooses a level of its pyramid.
        albedos: (H, W, 3) float32 linear light: the mesh's colour times its texture's there.
        alphas: (H, W) float32 of the texture there; 1 where the mesh has none.
    """

    depth: Float32
    mesh: NDArray[np.int32]
    uvs: Float32
    normals: Float32
    tangents: Float32
    footprints: Float32
    albedos: Float32
    alphas: Float32
