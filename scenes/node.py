"""`Node`: splats, meshes or a poster placed in a scene; edits never touch what was read."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from .bits import Bits, Mask, bits_of, mask_of
from .coat import Coat, Patches, put_on, rows_of, take_off
from .mesh_group import MeshGroup
from .placement import IDENTITY, Placement
from .poster import Poster
from .recolor import NEUTRAL, Recolor
from .splats import Splats

_IDS = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Edits:
    """What was done to the splats of a node; all of it can be taken back.

    Attributes:
        placement: where the node stands.
        recolor: how its colours are changed.
        deleted: splats that are gone; they are not saved.
        hidden: splats that are not drawn, and saved.
        stripped: whether what its splats came with is taken off.
        coats: what some of its splats wear, over what they came with.
    """

    placement: Placement = IDENTITY
    recolor: Recolor = NEUTRAL
    deleted: Bits | None = None
    hidden: Bits | None = None
    coats: Patches = ()
    stripped: bool = False

    @property
    def none(self) -> bool:
        """Whether nothing was done."""
        return (
            self.deleted is None
            and self.hidden is None
            and not self.coats
            and not self.stripped
            and self.placement == IDENTITY
            and self.recolor == NEUTRAL
        )


@dataclass(frozen=True, eq=False)
class Node:
    """Splats placed in a scene, or meshes, or a poster.

    Attributes:
        name: for people.
        splats: as they were read; shared, never changed.
        source: the file or folder that they were read from, the name of a scene of Voile's own, or
            "" where only scripts know.
        rows: which splats of the source these are; None is all.
        visible: whether the node is drawn.
        edits: what was done to it.
        selected: splats that are selected.
        poster: a picture that stands where the node is; such a node has no splats.
        meshes: what stands where the node is; such a node has no splats, but which way is up, and
            its coats are of rows of meshes.
        coats: what its splats wear as they were read.
        id: the same for a node and its edited versions, unique in the process.
    """

    name: str
    splats: Splats
    source: str = ""
    rows: Bits | None = None
    visible: bool = True
    edits: Edits = field(default_factory=Edits)
    selected: Bits | None = None
    poster: Poster | None = None
    meshes: MeshGroup | None = None
    coats: Patches = ()
    id: int = field(default_factory=lambda: next(_IDS))

    def __len__(self) -> int:
        return len(self.splats)

    @property
    def of_splats(self) -> bool:
        """Whether the node is splats, if there are any, and nothing else."""
        return self.poster is None and self.meshes is None

    @property
    def wearers(self) -> int:
        """How many rows coats are of: splats, or meshes."""
        return len(self) if self.meshes is None else len(self.meshes)

    @property
    def deleted(self) -> Mask:
        """(N,) splats that are gone."""
        return mask_of(self.edits.deleted, len(self))

    @property
    def hidden(self) -> Mask:
        """(N,) splats that are hidden one by one."""
        return mask_of(self.edits.hidden, len(self))

    @property
    def selection(self) -> Mask:
        """(N,) splats that are selected."""
        return mask_of(self.selected, len(self))

    @property
    def remaining(self) -> int:
        """How many splats are not deleted."""
        return len(self) - (self.edits.deleted.count if self.edits.deleted else 0)

    @property
    def worn(self) -> Patches:
        """What its splats wear by patches; the later ones lie over the earlier."""
        return self.edits.coats if self.edits.stripped else (*self.coats, *self.edits.coats)

    def edited(self, **changes: Any) -> Node:
        """The node with other `Edits`; arguments are their fields."""
        return replace(self, edits=replace(self.edits, **changes))

    def select(self, mask: Mask) -> Node:
        """The node with these splats selected, without those that are deleted."""
        return replace(self, selected=bits_of(mask & ~self.deleted))

    def delete(self, mask: Mask) -> Node:
        """The node without these splats; they are selected no more."""
        deleted = self.deleted | mask
        return replace(
            self.edited(deleted=bits_of(deleted)), selected=bits_of(self.selection & ~deleted)
        )

    def hide(self, mask: Mask) -> Node:
        """The node with just these splats hidden."""
        return self.edited(hidden=bits_of(mask))

    def wear(self, coat: Coat | None, mask: Mask) -> Node:
        """The node with a material on these splats; None for their captured colours."""
        return self.edited(coats=put_on(self.edits.coats, coat, mask))

    def undress(self, mask: Mask) -> Node:
        """The node with these splats in what they came with, or what the scene wears."""
        return self.edited(coats=take_off(self.edits.coats, mask))

    def stripped(self) -> Node:
        """The node with all its splats in what the scene wears."""
        if not self.edits.coats and not self.coats and self.splats.material is None:
            return self
        return self.edited(coats=(), stripped=True)

    def copied(self, name: str) -> Node:
        """Another node of this name, which shares what was read."""
        group = None if self.meshes is None else MeshGroup(self.meshes.meshes)
        return replace(self, name=name, meshes=group, selected=None, id=next(_IDS))

    def separated(self, mask: Mask, name: str) -> tuple[Node, Node]:
        """The node without these splats, and a new one of nothing else, where they were."""
        kept = mask & ~self.deleted
        part = replace(self._of(kept), name=name, id=next(_IDS))
        return self.delete(kept), part

    def purged(self) -> Node:
        """The node with splats of its own, without those that are deleted: they are gone."""
        kept = ~self.deleted
        if kept.all():
            return self
        return self._of(kept)

    def _of(self, kept: Mask) -> Node:
        """The node with splats of its own, those of a mask (N,) without any that is deleted."""
        return replace(
            self.edited(
                deleted=None,
                hidden=bits_of(self.hidden[kept]),
                coats=rows_of(self.edits.coats, kept),
            ),
            splats=self.splats.take(kept),
            rows=self._rows_of(kept),
            selected=bits_of(self.selection[kept]),
            coats=rows_of(self.coats, kept),
        )

    def _rows_of(self, kept: Mask) -> Bits:
        """Which splats of the source those of a mask (N,) are."""
        if self.rows is None:
            return Bits(kept)
        rows = self.rows.mask
        rows[rows] = kept
        return Bits(rows)
