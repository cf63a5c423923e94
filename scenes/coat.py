"""`Coat`: a material that a scene wears, or some of its splats: a `Patch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .bits import Bits, Mask, bits_of
from .material import NeuralMaterial


@dataclass(frozen=True)
class Coat:
    """A material, and where it came from.

    Attributes:
        source: a name of the library or a .vnm file, by which a session finds it again.
        material: what it is.
    """

    source: str
    material: NeuralMaterial


@dataclass(frozen=True, eq=False)
class Patch:
    """Splats of a node that wear the same, whatever the rest of the scene wears.

    Attributes:
        coat: what they wear; None for their captured colours.
        rows: which splats of the node.
    """

    coat: Coat | None
    rows: Bits


Patches = tuple[Patch, ...]
"""Patches of one node: none shares a splat with another, and no two are of one coat."""


def put_on(patches: Patches, coat: Coat | None, rows: Mask) -> Patches:
    """Patches after splats (N,) were given a coat, or their captured colours by None."""
    others = [patch for patch in patches if patch.coat != coat]
    worn = next((patch.rows.mask for patch in patches if patch.coat == coat), None)
    if worn is not None and not (rows & ~worn).any():
        return patches
    now = bits_of(rows if worn is None else rows | worn)
    return take_off(others, rows) if now is None else (*take_off(others, rows), Patch(coat, now))


def take_off(patches: Sequence[Patch], rows: Mask) -> Patches:
    """Patches without these splats (N,)."""
    return _each(patches, lambda mask: mask & ~rows)


def rows_of(patches: Sequence[Patch], kept: Mask) -> Patches:
    """Patches of the splats of a mask (N,) alone, numbered among themselves."""
    return _each(patches, lambda mask: mask[kept])


def same_patches(a: Sequence[Patch], b: Sequence[Patch]) -> bool:
    """Whether the same splats wear the same."""
    return len(a) == len(b) and all(
        x is y or (x.coat == y.coat and x.rows.packed == y.rows.packed) for x, y in zip(a, b)
    )


def _each(patches: Sequence[Patch], change: Callable[[Mask], Mask]) -> Patches:
    changed = ((patch.coat, bits_of(change(patch.rows.mask))) for patch in patches)
    return tuple(Patch(coat, rows) for coat, rows in changed if rows is not None)
