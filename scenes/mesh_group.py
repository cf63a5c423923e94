"""`MeshGroup`: meshes that stand in a scene together, as a node has them."""

from __future__ import annotations

from collections.abc import Sequence

from .mesh import Mesh
from .placement import IDENTITY, Placement


class MeshGroup:
    """Meshes as they were read, and as they were last drawn.

    Renderers know a mesh by its identity: one that has not moved since is the same again, and is
    not copied to the GPU anew.

    Args:
        meshes: as they were read; what they wear is the scene's matter.
    """

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self.meshes = tuple(meshes)
        self._place: Placement = IDENTITY
        self._placed = self.meshes
        self._worn: tuple[tuple[Mesh, ...], tuple[str, ...]] = (), ()  # what `_drawn` is made of
        self._drawn: tuple[Mesh, ...] = ()

    def __len__(self) -> int:
        return len(self.meshes)

    def placed(self, placement: Placement) -> tuple[Mesh, ...]:
        """The meshes in a place. Raises MeshError: they were moved beyond what float32 holds."""
        if placement != self._place:
            still = placement == IDENTITY
            self._placed = tuple(m if still else m.moved(placement) for m in self.meshes)
            self._place = placement
        return self._placed

    def drawn(self, placement: Placement, materials: Sequence[str]) -> tuple[Mesh, ...]:
        """The meshes in a place, each with the material of a name; "" for none."""
        placed, names = self.placed(placement), tuple(materials)
        if self._worn != (placed, names):
            self._drawn = tuple(mesh.wearing(name) for mesh, name in zip(placed, names))
            self._worn = placed, names
        return self._drawn
