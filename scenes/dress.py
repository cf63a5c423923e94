"""`dress`: what every splat and mesh of a scene wears, as rows of one list of materials.

A splat wears what it was given (`Edits.coats`), else what it came with (`Node.coats`, or its number
in the column `material`) unless that was taken off (`Edits.stripped`), else what the scene wears
(`Scene.coat`), else nothing: it then shows its captured colours. So does a mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bits import Bits
from .coat import Coat, Patch, Patches
from .content import MOST_MATERIALS, ContentError, no_splats
from .material import NeuralMaterial
from .mesh import Mesh
from .mesh_group import MeshGroup
from .node import Node
from .splats import Splats

Column = NDArray[np.int32]

BARE = -1
"""In the column: captured colours."""

_OPEN = -2  # while the column is made: what the scene wears


@dataclass(frozen=True, eq=False)
class Dress:
    """What a scene wears.

    Attributes:
        materials: those of the scene, then those of patches in the order of the nodes, then that of
            the whole scene; each once.
        sources: by which each is found again, as of a `Coat`; names of those of the scene.
        column: (N,) rows of `materials`, -1 for captured colours; None where no splat has any.
        scene: the row of what the whole scene wears; -1 for none.
        own: how many splats that are not deleted wear something else, or nothing, of their own.
        meshes: for each node a row of `materials` for each of its meshes, as in `column`.
        own_meshes: how many meshes wear something else, or nothing, of their own.
        made_from: what all of it depends on.
        changed: (N,) which wear something else than they came with, so that their own latents say
            nothing; None where there are no latents.
        stripped: whether the splats' own column is not what they wear.
    """

    materials: tuple[NeuralMaterial, ...]
    sources: tuple[str, ...]
    column: Column | None
    scene: int
    own: int
    meshes: tuple[Column, ...]
    own_meshes: int
    made_from: Any
    changed: NDArray[np.bool_] | None = None
    stripped: bool = False

    def splats(self, splats: Splats) -> Splats:
        """The splats in it."""
        if self.column is splats.material or (self.column is None and not self.stripped):
            return splats  # nothing was given, and latents are those of what it came with
        return splats.with_columns(material=self.column, latent=self._latents(splats))

    def _latents(self, splats: Splats) -> NDArray[np.float32] | None:
        if splats.latent is None or self.changed is None or not self.changed.any():
            return splats.latent
        return np.where(self.changed[:, None], np.float32(0.0), splats.latent)

    def names(self, node: int) -> list[str]:
        """The materials that the meshes of a node wear; "" for none."""
        return ["" if row < 0 else self.materials[row].name for row in self.meshes[node]]


def dress(
    splats: Splats,
    nodes: Sequence[Node],
    spans: Sequence[slice],
    own: tuple[NeuralMaterial, ...] = (),
    coat: Coat | None = None,
    before: Dress | None = None,
) -> Dress:
    """What a flattened scene wears.

    Args:
        splats: the scene; its column `material` numbers `own`.
        nodes, spans: what it was made of, and the rows of each.
        own: materials of the scene, which keep their numbers.
        coat: what all wears that wears nothing of its own.
        before: given back where nothing of it has changed.

    Raises:
        ContentError: too many materials, or a number without one.
    """
    made_from = own, coat, [_key(node) for node in nodes]
    if before is not None and before.made_from == made_from:
        return before
    count, wardrobe, worn = 0, _Wardrobe(own), splats.material if own else None
    on_meshes = [np.full(len(n.meshes or ()), _OPEN, np.int32) for n in nodes]
    if worn is None and coat is None and not any(node.worn for node in nodes):
        bare = tuple(np.full(len(rows), BARE, np.int32) for rows in on_meshes)
        return Dress(own, tuple(wardrobe.sources), None, BARE, 0, bare, 0, made_from)
    if worn is not None and len(worn) and worn.max() >= len(own):
        raise ContentError(f"splats have material {worn.max()}; the scene has {len(own)}")
    column = np.full(len(splats), _OPEN, np.int32) if worn is None else worn
    column = np.where(column < 0, np.int32(_OPEN), column)
    changed = None if splats.latent is None else column == _OPEN
    for node, span, rows in zip(nodes, spans, on_meshes):
        if node.meshes is not None:
            for patch in node.worn:
                rows[patch.rows.mask] = BARE if patch.coat is None else wardrobe.row(patch.coat)
            continue
        part, left = column[span], ~node.deleted
        if node.edits.stripped:
            part[:] = _OPEN
            if changed is not None:
                changed[span] = True
        for patch in node.worn:
            rows = patch.rows.mask
            if changed is not None:
                changed[span][rows] = patch not in node.coats
            # What only deleted splats wear is not counted: it would be among too many.
            seen = patch.coat if (rows & left).any() else None
            part[rows] = BARE if seen is None else wardrobe.row(seen)
        count += int(np.count_nonzero(left & (part != _OPEN)))
    scene = BARE if coat is None else wardrobe.row(coat)
    if len(wardrobe.materials) > MOST_MATERIALS:
        names = ", ".join(material.name for material in wardrobe.materials)
        raise ContentError(
            f"{len(wardrobe.materials)} materials; at most {MOST_MATERIALS} are drawn together: "
            f"{names}. Take one of them off first."
        )
    own_meshes = sum(int(np.count_nonzero(rows != _OPEN)) for rows in on_meshes)
    for rows in (column, *on_meshes):
        rows[rows == _OPEN] = scene
    if (column < 0).all():
        column = None
    elif worn is not None and np.array_equal(column, worn):
        column = worn
    return Dress(
        *(tuple(wardrobe.materials), tuple(wardrobe.sources), column, scene, count),
        *(tuple(on_meshes), own_meshes, made_from, changed),
        worn is not None and any(node.edits.stripped for node in nodes),
    )


def with_own_coats(node: Node, materials: Sequence[NeuralMaterial]) -> Node:
    """A node that wears its column `material`, whatever scene it is in.

    Args:
        node: of a scene of its own.
        materials: of that scene.
    """
    column = node.splats.material
    if column is None:
        return node
    coats = _numbered(column, materials)
    return replace(node, splats=node.splats.with_columns(material=None), coats=coats)


def with_coat_of_scene(node: Node, coat: Coat | None) -> Node:
    """A node that was given what its scene wears, where it has nothing of its own."""
    if coat is None or not node.wearers:
        return node
    bare = np.ones(node.wearers, np.bool_)
    for patch in node.worn:
        bare &= ~patch.rows.mask
    return node.wear(coat, bare)


def mesh_node(
    name: str,
    meshes: Sequence[Mesh],
    source: str,
    up: tuple[float, float, float],
    materials: Sequence[NeuralMaterial] = (),
) -> Node:
    """A node of meshes, which come with what they name of `materials`.

    Args:
        name, source: as of a `Node`.
        meshes: turned as a scene with this up vector takes them.
        up: that vector.
        materials: of the scene that they are read with.
    """
    names = [material.name for material in materials]
    column = np.array([names.index(m.material) if m.material else BARE for m in meshes], np.int32)
    group = MeshGroup([mesh.wearing("") for mesh in meshes])
    coats = _numbered(column, materials)
    return Node(name, no_splats(up), source, meshes=group, coats=coats)


def _numbered(column: Column, materials: Sequence[NeuralMaterial]) -> Patches:
    """Patches of what a column (N,) numbers."""
    masks = [(material, column == k) for k, material in enumerate(materials)]
    return tuple(Patch(Coat(m.name, m), Bits(mask)) for m, mask in masks if mask.any())


class _Wardrobe:
    """Materials, each once, under names of their own."""

    def __init__(self, own: Sequence[NeuralMaterial]) -> None:
        self.materials = list(own)
        self.sources = [material.name for material in own]
        self._given = list(own)  # as they came, under whatever name

    def row(self, coat: Coat) -> int:
        """The row of a coat's material, which is put in where there is none like it."""
        for row, known in enumerate(self._given):
            if _alike(known, coat.material):
                return row
        name, number = coat.material.name, 2
        while name in {material.name for material in self.materials}:
            name, number = f"{coat.material.name} {number}", number + 1
        same = name == coat.material.name
        self.materials.append(coat.material if same else replace(coat.material, name=name))
        self.sources.append(coat.source)
        self._given.append(coat.material)
        return len(self._given) - 1


def _key(node: Node) -> Any:
    worn = node.worn
    deleted = node.edits.deleted if worn else None
    return node.splats, node.meshes, worn, node.edits.stripped, deleted


def _alike(a: NeuralMaterial, b: NeuralMaterial) -> bool:
    """Whether two materials reflect the same: a file may have been read twice."""
    if a is b:
        return True
    if a.shape != b.shape or a.size != b.size or list(a.layers) != list(b.layers):
        return False
    pairs = [*zip(reversed(a.levels), reversed(b.levels))]  # the smallest first
    for name, layer in a.layers.items():
        pairs += [(layer.weight, b.layers[name].weight), (layer.bias, b.layers[name].bias)]
    return all(np.array_equal(x, y) for x, y in pairs)
