"""`Poster`: a picture that stands in a scene, on a plane of its own or always facing the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mesh import Mesh
from .placement import Placement
from .texture import Texture

SEEN = 1 / 510
"""Alpha from which a poster that is not opaque is there at all: half of what a byte can say."""


@dataclass(frozen=True, eq=False)
class Poster:
    """A picture in a plane, seen from both sides and unlit: its colours are those of the display.

    Its own coordinates: the middle at 0, x right, y up, its face towards +z, the longer side 1.

    Attributes:
        texture: its colours; with a cutoff where it is not opaque all over.
        billboard: whether it is turned to the camera, upright in the picture, wherever it stands.
        solid: whether alpha is taken for 1 wherever there is any.
    """

    texture: Texture
    billboard: bool = False
    solid: bool = False

    @property
    def opaque(self) -> bool:
        """Whether what is behind it does not show."""
        return self.solid or self.texture.cutoff == 0.0

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 3) from the lower left on, against the clock."""
        width, height = np.array(self.texture.size) / max(self.texture.size) / 2
        return np.array(
            [[-width, -height, 0], [width, -height, 0], [width, height, 0], [-width, height, 0]]
        )


@dataclass(frozen=True, eq=False)
class PlacedPoster:
    """A poster where it stands, and whether it is there."""

    poster: Poster
    placement: Placement
    shown: bool = True

    def mesh(self, world_to_camera: NDArray[np.float64]) -> Mesh:
        """Two triangles with the poster's texture, as a camera (4, 4) sees it."""
        turn = self.placement.matrix
        if self.poster.billboard:  # right, up and back of the camera, in the world
            turn = (np.diag([1.0, -1.0, -1.0]) @ world_to_camera[:3, :3]).T
        corners = self.placement.scale * self.poster.corners @ turn.T + self.placement.translation
        return Mesh(
            corners.astype(np.float32),
            np.tile(turn[:, 2], (4, 1)).astype(np.float32),
            np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32),
            np.array([[0, 1, 2], [0, 2, 3]], np.int32),
            name="poster",
            texture=self.poster.texture,
            unlit=True,
        )


def same_posters(one: Sequence[PlacedPoster], other: Sequence[PlacedPoster]) -> bool:
    """Whether two lists are the same posters in the same places."""
    return len(one) == len(other) and all(
        (a.poster, a.placement, a.shown) == (b.poster, b.placement, b.shown)
        for a, b in zip(one, other)
    )
