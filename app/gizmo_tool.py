"""`GizmoTool`: moves, turns or scales the current node, or what is selected, by handles."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPolygonF

from ..render.selecting import How
from ..scenes.flatten import drawn_mask
from ..scenes.node import Node
from ..scenes.placement import Placement
from . import theme
from .gizmo import FREE, Float64, Gizmo, Kind, project
from .tool import AXIS_COLORS, Bench, Point, Tool, stroke, under
from .volume_tools import box_lines

LIVE = 0.12
"""Seconds that showing an edit may take while the mouse moves; a slower one comes at the end."""

_SAMPLE = 20_000  # splats that the middle and the box are found from
_VERBS = {"move": "Move", "rotate": "Turn", "scale": "Scale"}


class GizmoTool(Tool):
    """Handles at the middle of what they act on. A selection becomes a node of its own first."""

    def __init__(self, bench: Bench, kind: Kind) -> None:
        super().__init__(bench)
        self.kind: Kind = kind
        self._held: int | None = None
        self._hot: int | None = None
        self._begun: Point = (0.0, 0.0)
        self._gizmo: Gizmo | None = None  # as it was when it was taken
        self._before: Sequence[Node] = ()
        self._node: Node | None = None  # what is dragged, as it was
        self._placed: Placement | None = None
        self._slow = False
        self._known: tuple[object, tuple[Float64, Float64, Float64] | None] = (None, None)

    @property
    def gizmo(self) -> Gizmo | None:
        """The handles as they are now; None where there is nothing to act on."""
        found = self._extent()
        return None if found is None else Gizmo(self.kind, found[0], self.bench.camera())

    def press(self, at: Point, how: How) -> bool:
        """Takes a handle; a drag elsewhere is for the view."""
        gizmo = self.gizmo
        axis = None if gizmo is None else gizmo.hit(*at)
        if gizmo is None or axis is None:
            return False
        self._held, self._begun, self._gizmo = axis, at, gizmo
        self._before, self._node, self._slow = self.bench.editor.nodes, None, False
        return True

    def drag(self, at: Point) -> None:
        """Moves what is held; in the picture at once where that is fast enough."""
        if self._held is None or self._gizmo is None:
            return
        editor = self.bench.editor
        if self._node is None:
            if any(node.selected for node in editor.nodes):
                editor.preview(editor.separated())
            self._node = editor.current
        assert self._node is not None
        change = self._gizmo.drag(self._held, self._begun, at)
        self._placed = self._node.edits.placement.then(change)
        if not self._slow:
            start = time.perf_counter()
            self._show()
            self._slow = time.perf_counter() - start > LIVE

    def release(self, at: Point) -> None:
        """Makes it one step."""
        if self._held is None:
            return
        if self._node is not None:
            self._show()
            self.bench.editor.commit(f"{_VERBS[self.kind]} {self._node.name}", self._before)
        self._let_go()

    def cancel(self) -> bool:
        """Puts everything back where it was."""
        held = self._held is not None
        if held:
            self.bench.editor.preview(self._before)
        self._let_go()
        return held

    def forget(self) -> None:
        """What is dragged belongs to its scene, which is gone: nothing is put back."""
        self._let_go()
        self._known = None, None

    def hover(self, at: Point) -> bool:
        """Whether a handle is under the mouse."""
        gizmo = self.gizmo
        self._hot = None if gizmo is None else gizmo.hit(*at)
        return self._hot is not None

    def paint(self, painter: QPainter) -> None:
        """The box around what it acts on, and the handles."""
        found, gizmo = self._extent(), self.gizmo
        if found is None or gizmo is None or not gizmo.visible:
            return
        painter.setBrush(QColor(0, 0, 0, 0))
        painter.setPen(QColor(223, 227, 232, 60))
        camera = self.bench.camera()
        corners = camera.world_to_camera[2, :3] @ np.array(found[1:]).T
        if (corners + camera.world_to_camera[2, 3]).min() > camera.near:
            for line in box_lines(found[1], found[2], camera):
                painter.drawPolyline(QPolygonF([QPointF(*p) for p in line]))
        if self._slow and self._placed is not None and self._node is not None:
            # What is too large to be shown on the way: at least where its middle goes.
            change = self._placed.apply(_local(self._node, found[0]))
            end = project(change.astype(np.float64), camera)[0]
            painter.setPen(stroke())
            painter.drawLine(QPointF(*gizmo.center), QPointF(*end))
        for handle in gizmo.handles():
            held = handle.axis in (self._held, self._hot if self._held is None else None)
            color = theme.TEXT if handle.axis == FREE else AXIS_COLORS[handle.axis]
            width = 3.5 if held else 2.0
            line = QPolygonF([QPointF(*p) for p in handle.line])
            for pen in (under(width), stroke(theme.ACCENT if held else color, width)):
                painter.setPen(pen)
                painter.drawPolyline(line)
            if self.kind == "move" and handle.axis != FREE:
                painter.setBrush(QColor(theme.ACCENT if held else color))
                painter.drawEllipse(QPointF(*handle.line[-1]), 5.0, 5.0)
                painter.setBrush(QColor(0, 0, 0, 0))

    def _show(self) -> None:
        node, placed = self._node, self._placed
        if node is None or placed is None:
            return
        editor = self.bench.editor
        editor.preview([n.edited(placement=placed) if n.id == node.id else n for n in editor.nodes])

    def _let_go(self) -> None:
        self._held = self._gizmo = self._node = self._placed = None
        self._before, self._slow = (), False

    def _extent(self) -> tuple[Float64, Float64, Float64] | None:
        """Middle and box (3,) of what is acted on: what is selected, else the current node."""
        editor, opened = self.bench.editor, self.bench.session.opened
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
    mask = node.selection if node.selected else drawn_mask(node)
    rows = np.nonzero(mask)[0]
    if len(rows) == 0:
        return None
    sample = node.splats.means[rows[:: -(-len(rows) // _SAMPLE)]]
    placement = node.edits.placement
    middle = placement.apply(np.median(sample, axis=0)[None].astype(np.float32))
    low, high = np.percentile(placement.apply(sample).astype(np.float64), (1, 99), axis=0)
    return middle[0].astype(np.float64), low, high


def _local(node: Node, point: Float64) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(1, 3) a point of the scene in the coordinates of a node."""
    placement = node.edits.placement
    away = (point - placement.translation) / placement.scale
    return np.asarray(placement.matrix.T @ away, np.float32)[None]
