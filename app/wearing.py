"""What a material is put on: the whole scene, what is selected, or a node; and what that wears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..scenes.bits import Mask
from ..scenes.coat import Coat
from ..scenes.dress import Dress
from ..scenes.node import Node
from ..scenes.scene import Scene
from .setting_controls import caption_of

Kind = Literal["scene", "selection", "node"]
KINDS: tuple[Kind, ...] = ("scene", "selection", "node")

CAPTURED = "captured colours"

Target = Sequence[tuple[Node, Mask]]
"""Nodes, and which splats of each."""


def caption(name: str) -> str:
    """The name of a material for people: "car-paint" is "Car paint"."""
    return caption_of(name.replace("-", "_")) if name else name


def selected(nodes: Sequence[Node]) -> Target:
    """What is selected."""
    return [(node, node.selected.mask) for node in nodes if node.selected is not None]


def whole(node: Node | None) -> Target:
    """All of a node, also what is deleted of it; nothing of a poster."""
    if node is None or not len(node):
        return []
    return [(node, np.ones(len(node), np.bool_))]


def given(target: Target) -> set[Coat | Literal["scene"] | None]:
    """What splats were given: coats, None for their captured colours, "scene" for nothing."""
    found: set[Coat | Literal["scene"] | None] = set()
    for node, mask in target:
        left = mask
        for patch in node.edits.coats:
            rows = patch.rows.mask
            if (rows & mask).any():
                found.add(patch.coat)
                left = left & ~rows
        if left.any():
            found.add("scene")
    return found


def worn(scene: Scene, target: Target | None = None) -> dict[str, int]:
    """How many splats that are not deleted wear what, by its caption; the most worn first.

    Args:
        scene: where they are.
        target: which splats; None for all.
    """
    dress, ids = scene.dress, {} if target is None else {node.id: mask for node, mask in target}
    counts = np.zeros(1 + len(dress.materials), np.int64)
    for node, span in zip(scene.nodes, scene.flat.spans):
        mask = ~node.deleted
        if target is not None:
            if node.id not in ids:
                continue
            mask &= ids[node.id]
        counts += _counts(dress, span, mask)
    names = [CAPTURED, *(caption(material.name) for material in dress.materials)]
    order = np.argsort(-counts, kind="stable")
    return {names[k]: int(counts[k]) for k in order if counts[k]}


def _counts(dress: Dress, span: slice, mask: Mask) -> np.ndarray:
    if dress.column is None:
        counts = np.zeros(1 + len(dress.materials), np.int64)
        counts[0] = np.count_nonzero(mask)
        return counts
    return np.bincount(dress.column[span][mask] + 1, minlength=1 + len(dress.materials))
