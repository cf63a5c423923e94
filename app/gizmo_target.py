"""What handles act on: `Target`, and `NodeTarget`, a node of the scene or what is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from ..render.camera import Camera
from ..scenes.flatten import drawn_mask
from ..scenes.node import Node
from ..scenes.placement import Placement
from .gizmo import Float64, Gizmo, Kind
from .tool import Bench
from .volume_tools import box_lines

_SAMPLE = 20_000  # splats that the middle and the box are found from
_VERBS = {"move": "Move", "rotate": "Turn", "scale": "Scale"}


class Target(Protocol):
    """Something that a gizmo moves, turns or scales, all of a drag in one step."""

    def gizmo(self, camera: Camera) -> Gizmo | None:
        """The handles as they are now; None where there is nothing to act on."""
        ...

    def take(self) -> None:
        """A handle was taken: changes are of what there is now."""
        ...

    @property
    def held(self) -> bool:
        """Whether nothing but `move` has changed it since it was taken, undo for example."""
        ...

    def move(self, change: Placement) -> None:
        """Shows what was taken after a change of the world."""
        ...

    def drop(self) -> None:
        """Makes one step of what was shown."""
        ...

    def back(self) -> None:
        """Shows what was taken as it was."""
        ...

    def forget(self) -> None:
        """Another scene was opened: what was taken is of the one before."""
        ...

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Draws what lies under the handles."""
        ...


class NodeTarget:
    """What is selected, which becomes a node of its own first; else the current node."""

    def __init__(self, bench: Bench, kind: Kind) -> None:
        self._bench = bench
        self._kind: Kind = kind
        self._before: Sequence[Node] = ()
        self._shown: Sequence[Node] = ()
        self._node: Node | None = None  # what is moved, as it was
        self._known: tuple[object, tuple[Float64, Float64, Float64] | None] = (None, None)

    def gizmo(self, camera: Camera) -> Gizmo | None:
        """Handles at the middle of it."""
        found = self._extent()
        return None if found is None else Gizmo(self._kind, found[0], camera)

    def take(self) -> None:
        """Remembers the nodes."""
        self._before = self._shown = self._bench.editor.nodes
        self._node = None

    @property
    def held(self) -> bool:
        """Whether the nodes are those that were taken or shown."""
        return bool(self._shown) and self._bench.editor.nodes is self._shown

    def move(self, change: Placement) -> None:
        """Shows the node elsewhere; the first time it is made of what is selected."""
        editor = self._bench.editor
        if self._node is None:
            if any(node.selected for node in editor.nodes):
                editor.preview(editor.separated())
            self._node = editor.current
        assert self._node is not None
        moved = self._node.edited(placement=self._node.edits.placement.then(change))
        editor.preview([moved if node.id == moved.id else node for node in editor.nodes])
        self._shown = editor.nodes

    def drop(self) -> None:
        """A step, where it was moved at all."""
        if self._node is not None:
            text = f"{_VERBS[self._kind]} {self._node.name}"
            self._bench.editor.commit(text, self._before)
        self._let_go()

    def back(self) -> None:
        """The nodes as they were."""
        self._bench.editor.preview(self._before)
        self._let_go()

    def forget(self) -> None:
        """Nothing is put back."""
        self._let_go()
        self._known = None, None

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The box around it."""
        found = self._extent()
        if found is None:
            return
        painter.setBrush(QColor(0, 0, 0, 0))
        painter.setPen(QColor(223, 227, 232, 60))
        corners = camera.world_to_camera[2, :3] @ np.array(found[1:]).T
        if (corners + camera.world_to_camera[2, 3]).min() > camera.near:
            for line in box_lines(found[1], found[2], camera):
                painter.drawPolyline(QPolygonF([QPointF(*p) for p in line]))

    def _let_go(self) -> None:
        self._node, self._before, self._shown = None, (), ()

    def _extent(self) -> tuple[Float64, Float64, Float64] | None:
        """Middle and box (3,) of what is acted on."""
        editor, opened = self._bench.editor, self._bench.session.opened
        if opened is None or editor.current is None:
            return None
        scene = opened.scene
        key = scene.nodes, editor.current.id
        if self._known[0] is None or self._known[0] != key:
            chosen = [n.id for n in scene.nodes if n.selected] or [editor.current.id]
            node = next(n for n in scene.nodes if n.id == chosen[-1])
            self._known = key, _extent(node)
        return self._known[1]


def _extent(node: Node) -> tuple[Float64, Float64, Float64] | None:
    """The middle of what is selected of a node, or drawn, and the box of all but the outermost.

    The middle is a median in the node's own coordinates: turning the node leaves it in place.
    """
    if node.poster is not None:
        corners = node.edits.placement.apply(node.poster.corners.astype(np.float32))
        found = corners.astype(np.float64)
        return found.mean(axis=0), found.min(axis=0), found.max(axis=0)
    if node.meshes is not None:
        points = np.concatenate([mesh.vertices for mesh in node.meshes.meshes])
        return _middle_and_box(node, points, (0, 100))
    mask = node.selection if node.selected else drawn_mask(node)
    rows = np.nonzero(mask)[0]
    if len(rows) == 0:
        return None
    return _middle_and_box(node, node.splats.means[rows], (1, 99))


def _middle_and_box(
    node: Node, points: NDArray[np.float32], share: tuple[float, float]
) -> tuple[Float64, Float64, Float64]:
    """Of points (N, 3) of a node; the box is between two percentiles."""
    sample, placement = points[:: -(-len(points) // _SAMPLE)], node.edits.placement
    middle = placement.apply(np.median(sample, axis=0)[None].astype(np.float32))
    low, high = np.percentile(placement.apply(sample).astype(np.float64), share, axis=0)
    return middle[0].astype(np.float64), low, high
