"""`Content`: what a renderer draws; splats, and what shares the frame with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError
from .lights import Lights
from .material import NeuralMaterial
from .mesh import Mesh
from .poster import PlacedPoster
from .splats import Splats

MOST_MATERIALS = 8
"""In one content: what splats blend of each is a channel of its own."""

MOST_LATENTS = 23
"""Of a splat's own: they are blended too, three to a texture, and a shader reads 15 of those."""


class ContentError(VoileError, ValueError):
    """What is to be drawn together does not fit; the text says what."""


@dataclass(frozen=True, eq=False)
class Content:
    """What is uploaded to a renderer. Immutable: a change is another one, with the same arrays.

    Attributes:
        splats: blended by the mode.
        meshes: opaque, among the splats.
        materials: that meshes name, and splats number in their column `material`.
        lights: what falls on meshes and on splats with a material.
        posters: pictures on planes, among the splats.

    Raises:
        ContentError: a material that is not there, two of one name, or too many.
    """

    splats: Splats
    meshes: tuple[Mesh, ...] = ()
    materials: tuple[NeuralMaterial, ...] = ()
    lights: Lights = field(default_factory=Lights)
    posters: tuple[PlacedPoster, ...] = ()

    def __post_init__(self) -> None:
        names = [material.name for material in self.materials]
        there = ", ".join(names) or "none"
        if len(names) > MOST_MATERIALS:
            raise ContentError(f"{len(names)} materials; at most {MOST_MATERIALS} are drawn")
        if len(set(names)) < len(names) or "" in names:
            raise ContentError(f"materials must have names of their own; they are {there}")
        for mesh in self.meshes:
            if mesh.material and mesh.material not in names:
                raise ContentError(
                    f"mesh {mesh.name!r} has material {mesh.material!r}; there are {there}"
                )
        column = self.splats.material
        if column is not None and len(column) and column.max() >= len(names) and names:
            raise ContentError(
                f"splats have material {column.max()}; there are {len(names)}: {there}"
            )
        if column is not None and self.splats.latent is not None and names:
            self._check_latents(column, self.splats.latent)

    @property
    def worn_by_splats(self) -> tuple[NeuralMaterial, ...]:
        """The materials that any splats have, in their order."""
        worn = self.splats.worn if self.materials else ()
        return tuple(material for k, material in enumerate(self.materials) if k in worn)

    @property
    def worn_by_meshes(self) -> tuple[NeuralMaterial, ...]:
        """The materials that any meshes have, in their order."""
        worn = {mesh.material for mesh in self.meshes}
        return tuple(material for material in self.materials if material.name in worn)

    def _check_latents(self, column: NDArray[np.int32], latent: NDArray[np.float32]) -> None:
        width, own = latent.shape[1], latent.any(axis=1)
        if width > MOST_LATENTS:
            raise ContentError(f"splats have {width} latents; at most {MOST_LATENTS} are drawn")
        for k in np.unique(column[own & (column >= 0)]):
            material = self.materials[k]
            if material.shape.latents != width:
                raise ContentError(
                    f"splats have {width} latents; material {material.name!r} takes "
                    f"{material.shape.latents}"
                )

    @classmethod
    def of(cls, scene: Splats | Content) -> Content:
        """A content, or one with nothing but splats."""
        return scene if isinstance(scene, Content) else cls(scene)


def no_splats(up: tuple[float, float, float] = (0.0, 1.0, 0.0)) -> Splats:
    """A scene of no splats, for meshes alone; y is up as in glTF."""
    none = np.zeros((0, 3), np.float32)
    return Splats(
        none,
        np.zeros((0, 4), np.float32),
        none,
        np.zeros(0, np.float32),
        np.zeros((0, 1, 3), np.float32),
        up=up,
    )
