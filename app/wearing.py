"""What a material is put on: the whole scene, what is selected, or a node; and what that wears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..scenes.bits import Mask
from ..scenes.coat import Coat
from ..scenes.dress import BARE
from ..scenes.node import Node
from ..scenes.scene import Scene
from .setting_controls import caption_of

Kind = Literal["scene", "selection", "node"]
KINDS: tuple[Kind, ...] = ("scene", "selection", "node")

CAPTURED = "captured colours"

Target = Sequence[tuple[Node, Mask]]
"""Nodes, and which splats or meshes of each."""


def caption(name: str) -> str:
    """The name of a material for people: "car-paint" is "Car paint"."""
    return caption_of(name.replace("-", "_")) if name else name


def selected(nodes: Sequence[Node]) -> Target:
    """What is selected."""
    return [(node, node.selected.mask) for node in nodes if node.selected is not None]


def whole(node: Node | None) -> Target:
    """All of a node, also what is deleted of it; nothing of a poster."""
    if node is None or not node.wearers:
        return []
    return [(node, np.ones(node.wearers, np.bool_))]


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

    Where there are no splats it is of meshes.

    Args:
        scene: where they are.
        target: which splats; None for all.
    """
    dress, ids = scene.dress, {} if target is None else {node.id: mask for node, mask in target}
    kinds = 1 + len(dress.materials)
    splats, meshes = np.zeros((2, kinds), np.int64)
    for node, span, rows in zip(scene.nodes, scene.flat.spans, dress.meshes):
        if target is not None and node.id not in ids:
            continue
        if node.of_splats:
            mask = ~node.deleted if target is None else ~node.deleted & ids[node.id]
            column = dress.column
            rows = np.full(len(node), BARE) if column is None else column[span]
            splats += np.bincount(rows[mask] + 1, minlength=kinds)
        else:
            meshes += np.bincount(rows + 1, minlength=kinds)
    counts = splats if splats.any() else meshes
    names = [CAPTURED, *(caption(material.name) for material in dress.materials)]
    order = np.argsort(-counts, kind="stable")
    return {names[k]: int(counts[k]) for k in order if counts[k]}
