"""`flatten`: the placed and edited nodes of a scene as one `Splats` to draw.

Splats that are deleted or hidden stay in the arrays with opacity 0, which every renderer leaves
out: an edit of masks makes one new column and shares the others, whatever the size of the scene.
Each column remembers what it was made from, so that the next edit makes only what it changes; a
single node without edits gives its own arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .errors import SplatsError
from .node import Node
from .oit import OitWeights
from .placement import IDENTITY, multiply_all
from .recolor import NEUTRAL
from .sh_rotation import rotate_sh, sh_rotations
from .splats import Splats

_UNTURNED = IDENTITY.rotation


@dataclass(frozen=True, eq=False)
class Flat:
    """A flattened scene.

    Attributes:
        splats: what is drawn.
        spans: the rows of each node.
        notes: what could not be carried over, as sentences.
        made_from: what each column was made from, a key for each node, by its name.
        of_splats: the same of the nodes with splats alone, where there are others.
    """

    splats: Splats
    spans: tuple[slice, ...]
    notes: tuple[str, ...]
    made_from: dict[str, list[Any]]
    of_splats: Flat | None = None


def flatten(nodes: Sequence[Node], before: Flat | None = None) -> Flat:
    """Places, edits and joins nodes; meshes and posters have no rows.

    Args:
        nodes: of the scene.
        before: the flattened scene to share columns with.

    Raises:
        SplatsError: splats were moved beyond what float32 holds.
    """
    known = None if before is None else before.of_splats or before
    flat = _joined([node for node in nodes if node.of_splats], known)
    if len(flat.spans) == len(nodes):
        return flat
    spans, none = iter(flat.spans), slice(0, 0)
    return replace(
        flat,
        splats=flat.splats if flat.spans else nodes[0].splats,  # none, but which way is up
        spans=tuple(next(spans) if node.of_splats else none for node in nodes),
        of_splats=flat,
    )


def _joined(nodes: Sequence[Node], before: Flat | None) -> Flat:
    """Nodes with splats, flattened."""
    if not nodes:
        return Flat(_no_splats(), (), (), {})
    lengths = [len(node) for node in nodes]
    ends = np.cumsum(lengths).tolist()
    spans = tuple(slice(end - n, end) for n, end in zip(lengths, ends))
    if before is not None and before.spans != spans:
        before = None
    notes: list[str] = []
    common = _common(nodes, notes)
    columns: dict[str, Any] = {}
    keys: dict[str, list[Any]] = {}
    terms = max(node.splats.sh.shape[1] for node in nodes)
    for name, (key_of, make) in _COLUMNS.items():
        if name in _OPTIONAL and not _shared(nodes, name, notes):
            columns[name] = None
            continue
        keys[name] = [(node.splats, terms, key_of(node)) for node in nodes]
        columns[name] = _column(name, nodes, spans, keys[name], before, partial(make, terms))
    for name in ("fitted", "learned"):
        columns[name], keys[name] = _weights(nodes, name, before, notes)
    first = nodes[0].splats
    for known in (first, None if before is None else before.splats):
        if known is not None and all(c is getattr(known, name) for name, c in columns.items()):
            return Flat(known, spans, tuple(notes), keys)
    means = columns["means"]
    if not np.isfinite(np.sum(means, dtype=np.float64)):
        raise SplatsError("splats are moved beyond what float32 holds; scale or move them less")
    splats = first.with_columns(**columns, **common, notes=(*first.notes, *notes))
    return Flat(splats, spans, tuple(notes), keys)


def drawn_mask(node: Node) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(N,) splats of a node that are drawn."""
    if not node.visible:
        return np.zeros(len(node), np.bool_)
    return ~(node.deleted | node.hidden)


def compacted(nodes: Sequence[Node]) -> list[Node]:
    """Nodes for a file: without what is deleted, or not shown; what is hidden is as it was."""
    return [
        replace(node.purged().edited(hidden=None), selected=None) for node in nodes if node.visible
    ]


def _material(terms: int, node: Node) -> Any:
    column = node.splats.material
    return np.full(len(node), -1, np.int32) if column is None else column


def _no_splats() -> Splats:
    none = np.zeros((0, 3), np.float32)
    return Splats(none, np.zeros((0, 4), np.float32), none, none[:, 0], none[:, None])


def _column(
    name: str,
    nodes: Sequence[Node],
    spans: Sequence[slice],
    keys: list[Any],
    before: Flat | None,
    make: Callable[[Node], Any],
) -> Any:
    """One array over all nodes; what it was made from tells what of `before` still holds."""
    known = None if before is None else before.made_from.get(name)
    if before is not None and known == keys:
        return getattr(before.splats, name)
    if len(nodes) == 1:
        return make(nodes[0])
    parts = []
    for k, node in enumerate(nodes):
        if before is not None and known is not None and known[k] == keys[k]:
            parts.append(getattr(before.splats, name)[spans[k]])
        else:
            parts.append(make(node))
    return np.concatenate(parts)


def _means(terms: int, node: Node) -> Any:
    placement = node.edits.placement
    return node.splats.means if placement == IDENTITY else placement.apply(node.splats.means)


def _quats(terms: int, node: Node) -> Any:
    turn, quats = node.edits.placement.rotation, node.splats.quats
    return quats if turn == _UNTURNED else multiply_all(turn, quats)


def _scales(terms: int, node: Node) -> Any:
    scales, scale = node.splats.scales, node.edits.placement.scale
    if scale != 1.0:
        solid = scales > 0.0
        scales = scales * np.float32(scale)
        np.maximum(scales, np.finfo(np.float32).tiny, out=scales, where=solid)
    return scales


def _opacities(terms: int, node: Node) -> Any:
    opacities = node.splats.opacities
    if node.visible and node.edits.deleted is None and node.edits.hidden is None:
        return opacities
    return np.where(drawn_mask(node), opacities, np.float32(0.0))


def _sh(terms: int, node: Node) -> Any:
    sh, edits = node.splats.sh, node.edits
    if edits.placement.rotation != _UNTURNED and sh.shape[1] > 1:
        sh = rotate_sh(sh, edits.placement.matrix)
    if edits.recolor != NEUTRAL:
        sh = edits.recolor.apply_sh(sh)
    if sh.shape[1] < terms:
        padded = np.zeros((len(sh), terms, 3), np.float32)
        padded[:, : sh.shape[1]] = sh
        sh = padded
    return sh


def _normals(terms: int, node: Node) -> Any:
    normals, placement = node.splats.normals, node.edits.placement
    if normals is None or placement.rotation == _UNTURNED:
        return normals
    return normals @ placement.matrix.T.astype(np.float32)


_COLUMNS: dict[str, tuple[Callable[[Node], Any], Callable[[int, Node], Any]]] = {
    "means": (lambda n: n.edits.placement, _means),
    "quats": (lambda n: n.edits.placement.rotation, _quats),
    "scales": (lambda n: n.edits.placement.scale, _scales),
    "opacities": (lambda n: (n.visible, n.edits.deleted, n.edits.hidden), _opacities),
    "sh": (lambda n: (n.edits.placement.rotation, n.edits.recolor), _sh),
    "normals": (lambda n: n.edits.placement.rotation, _normals),
    "material": (lambda n: None, _material),
    "latent": (lambda n: None, lambda terms, n: n.splats.latent),
}
"""What a column of a node depends on besides its splats, and how it is made."""

_OPTIONAL = ("normals", "material", "latent")


def _shared(nodes: Sequence[Node], name: str, notes: list[str]) -> bool:
    """Whether nodes have an optional column of one width; where only some have it, a note."""
    found = [getattr(node.splats, name) for node in nodes]
    if all(column is None for column in found):
        return False
    if name == "material":
        return True  # a splat may have none
    if any(column is None for column in found) or len({c.shape[1:] for c in found}) > 1:
        notes.append(f"{name} are left out: not every node has the same")
        return False
    return True


def _common(nodes: Sequence[Node], notes: list[str]) -> dict[str, Any]:
    """What a scene has only one of; where nodes differ the first decides, and a note says so."""
    first = nodes[0].splats
    for name, words in (
        ("antialiased", "trained with a mip filter or without"),
        ("color_space", "colour space"),
    ):
        if len({getattr(node.splats, name) for node in nodes}) > 1:
            notes.append(f"nodes differ in {words}; all are drawn as the first is")
    return {"antialiased": first.antialiased, "color_space": first.color_space}


def _weights(
    nodes: Sequence[Node], name: str, before: Flat | None, notes: list[str]
) -> tuple[OitWeights | None, list[Any]]:
    """Weights of the modes without a sort, where they still hold, and what they were made from.

    They turn, move and scale with a scene, and learned colours follow its colours; learned shapes
    are relative to the splats and need nothing. They say how splats hide each other: with splats
    gone or other nodes beside they hold no longer.
    """
    node, edits = nodes[0], nodes[0].edits
    whole = len(nodes) == 1 and node.visible and edits.deleted is None and edits.hidden is None
    key = [(node.splats, whole, edits.placement.rotation, edits.recolor)]
    weights: OitWeights | None = getattr(node.splats, name)
    if weights is not None and not whole:
        notes.append(f"the {name} weights are of the scene before it was edited: not used")
        return None, key
    if weights is None:
        return None, key
    if before is not None and before.made_from.get(name) == key:
        return getattr(before.splats, name), key
    return _carried(node, weights), key


def _carried(node: Node, weights: OitWeights) -> OitWeights:
    placement, recolor = node.edits.placement, node.edits.recolor
    if placement.rotation != _UNTURNED:
        logs = weights.log_weights.copy()
        logs[:, 1:4] = logs[:, 1:4] @ placement.matrix.T.astype(np.float32)
        if logs.shape[1] > 4:
            turn = sh_rotations(placement.matrix, 2)[2]
            logs[:, 4:] = logs[:, 4:] @ turn.T.astype(np.float32)
        weights = replace(weights, log_weights=logs)
    if recolor != NEUTRAL and weights.colors is not None:
        weights = replace(weights, colors=recolor.apply_offsets(weights.colors))
    return weights
