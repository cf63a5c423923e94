"""`Editor`: what can be done to the nodes of a scene and the splats in them, with undo.

The scene is a value: every command makes other nodes and puts them in place, and the step before is
the nodes before. Nothing is copied but what a command changes, and masks are of one bit a splat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ..render.camera import Camera
from ..render.selecting import How, combined, unhidden
from ..scenes.flatten import drawn_mask
from ..scenes.io.mesh import is_mesh
from ..scenes.mesh import turn_up
from ..scenes.node import Edits, Node
from ..scenes.placement import Placement
from ..scenes.poster import Poster
from ..scenes.recolor import Recolor
from ..scenes.scene import poster_node, says_up
from ..scenes.splats import Splats
from .history import History
from .opened import OpenedScene
from .session import Session

Mask = NDArray[np.bool_]
Find = Callable[[Splats], Mask]


class Editor(QObject):
    """Edits the scene of a session.

    Attributes:
        only_visible: whether splats that others hide from the view are not selected.

    Signals:
        changed: nodes, what is selected, or the current node.
        told: a title, and what a person should know about what was done.
    """

    changed = Signal()
    told = Signal(str, str)

    def __init__(self, session: Session, history: History, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._history = session, history
        self._current = 0
        self.only_visible = False
        session.nodes_changed.connect(self._changed)

    # What there is

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the scene."""
        return self._session.nodes

    @property
    def current(self) -> Node | None:
        """The node that places and colours are of; the first where none was chosen."""
        nodes = self.nodes
        return next((n for n in nodes if n.id == self._current), nodes[0] if nodes else None)

    def choose(self, node: Node) -> None:
        """Makes a node the current one."""
        if node.id != self._current:
            self._current = node.id
            self.changed.emit()

    @property
    def selected(self) -> int:
        """How many splats are selected."""
        return sum(node.selected.count for node in self.nodes if node.selected)

    # Selecting

    def select(
        self,
        find: Find,
        how: How = "replace",
        camera: Camera | None = None,
        before: Sequence[Node] | None = None,
        text: str = "Select",
        key: object = None,
    ) -> None:
        """Selects what `find` finds among the splats that are drawn.

        Args:
            find: from the flattened scene (N splats) to a mask (N,).
            how: what becomes of what is selected.
            camera: with `only_visible`, the view that splats must not be hidden from.
            before: nodes with the selection to begin with, where it is not that of now.
            text: of the step.
            key: steps of one key in a gesture are one.
        """
        opened = self._session.opened
        if opened is None:
            return
        flat = opened.scene.flat
        found = find(flat.splats)
        if self.only_visible and camera is not None:
            found = found & unhidden(flat.splats, camera)
        start = {node.id: node for node in before or self.nodes}
        nodes = [
            node.select(
                combined(start.get(node.id, node).selection, found[span] & drawn_mask(node), how)
            )
            for node, span in zip(self.nodes, flat.spans)
        ]
        self._put(text, nodes, key)

    def select_all(self) -> None:
        """Selects every splat that is drawn."""
        self.select(lambda splats: np.ones(len(splats), np.bool_), text="Select all")

    def select_none(self) -> None:
        """Selects nothing."""
        self._put("Select none", [replace(node, selected=None) for node in self.nodes])

    def invert(self) -> None:
        """Selects what is drawn and not selected."""
        nodes = [node.select(drawn_mask(node) & ~node.selection) for node in self.nodes]
        self._put("Invert selection", nodes)

    # Splats

    def delete(self) -> None:
        """Deletes what is selected."""
        self._put(self._words("Delete"), [node.delete(node.selection) for node in self.nodes])

    def crop(self) -> None:
        """Deletes what is drawn and not selected; what is hidden stays."""
        nodes = [node.delete(drawn_mask(node) & ~node.selection) for node in self.nodes]
        self._put(self._words("Crop to"), nodes)

    def hide(self) -> None:
        """Hides what is selected."""
        nodes = [
            replace(node.hide(node.hidden | node.selection), selected=None) for node in self.nodes
        ]
        self._put(self._words("Hide"), nodes)

    def isolate(self) -> None:
        """Hides all but what is selected."""
        nodes = [node.hide(~node.selection) for node in self.nodes]
        self._put(self._words("Isolate"), nodes)

    def show_all(self) -> None:
        """Shows splats and nodes that are hidden."""
        nodes = [replace(node.edited(hidden=None), visible=True) for node in self.nodes]
        self._put("Show all", nodes)

    def restore_deleted(self) -> None:
        """Brings back all splats that were deleted."""
        self._put("Restore deleted", [node.edited(deleted=None) for node in self.nodes])

    def separate(self) -> None:
        """Makes what is selected nodes of their own, where it is."""
        words = self._words("Separate")
        self._put(words, self.separated())

    def separated(self) -> list[Node]:
        """The nodes with what is selected as nodes of their own; the last of them is then current.

        A node that is selected as a whole stays as it is.
        """
        nodes: list[Node] = []
        for node in self.nodes:
            if node.selected is None:
                nodes.append(node)
            elif node.selected.count == node.remaining:
                nodes.append(node)
                self._current = node.id
            else:
                part = node.separated(node.selection, self._free_name(f"{node.name} part"))
                nodes += part
                self._current = part[1].id
        return nodes

    # Gestures: shown at once, a step when they are over

    def preview(self, nodes: Sequence[Node]) -> None:
        """Shows nodes without a step; `commit` makes one of all since its `before`."""
        session, mode = self._session, self._session.settings.mode
        could = session.lacks(mode, session.backend) is None
        session.put_nodes(nodes)
        if could and (missing := session.lacks(mode, session.backend)):
            session.settings.mode = "sorted"
            self.told.emit("The picture is drawn sorted now", missing)

    def commit(self, text: str, before: Sequence[Node]) -> None:
        """Makes what was previewed since `before` one step."""
        if not _same(before, self.nodes):
            self._history.end_gesture()
            self._history.note(text, object(), tuple(before), self.nodes, self._restore)
            self._history.end_gesture()

    # Nodes

    def add(self, opened: OpenedScene) -> None:
        """Puts the nodes and meshes of another scene beside those that are there."""
        added = opened.scene
        fresh = [
            replace(n, name=self._free_name(n.name)) for n in added.nodes if n.poster or len(n)
        ]
        if fresh:
            self._current = fresh[0].id
        if not added.meshes:
            self._put(f"Add {added.name}", [*self.nodes, *fresh])
            return
        before, up = self._session.meshes, self._session.up
        file = added.path if added.path is not None and is_mesh(added.path) else None
        turn = turn_up(added.splats.up if says_up(file) else up, up)
        meshes = [mesh.placed(turn) for mesh in added.meshes]
        own = () if file is None else (str(file),)
        after = (*before[0], *meshes), (*before[1], *own, *added.mesh_files)
        with self._history.together(f"Add {added.name}"):
            self._put(f"Add {added.name}", [*self.nodes, *fresh])
            self._session.put_meshes(after)
            self._history.note("Add meshes", object(), before, after, self._session.put_meshes)

    def add_poster(self, name: str, poster: Poster, source: str, placement: Placement) -> None:
        """Puts a poster beside the nodes that are there; it is then the current one."""
        node = poster_node(self._free_name(name), poster, source, placement)
        self._current = node.id
        self._put(f"Add {name}", [*self.nodes, node])

    def set_billboard(self, node: Node, billboard: bool) -> None:
        """Whether a poster always faces the camera."""
        if node.poster is not None and node.poster.billboard != billboard:
            poster = replace(node.poster, billboard=billboard)
            text = f"{'Turn' if billboard else 'Stand'} {node.name}"
            self._replace(text, node, replace(node, poster=poster))

    def duplicate(self, node: Node) -> None:
        """Puts a copy of a node after it; the splats themselves are shared."""
        copy = Node(
            *(self._free_name(node.name), node.splats, node.source, node.rows, node.visible),
            node.edits,
            poster=node.poster,
        )
        self._current = copy.id
        self._replace(f"Duplicate {node.name}", node, node, copy)

    def remove(self, node: Node) -> None:
        """Takes a node out of the scene."""
        self._replace(f"Remove {node.name}", node)

    def rename(self, node: Node, name: str) -> None:
        """Gives a node another name; an empty one is none."""
        if name.strip() and name.strip() != node.name:
            self._replace("Rename", node, replace(node, name=name.strip()))

    def set_visible(self, node: Node, visible: bool) -> None:
        """Whether a node is drawn."""
        verb = "Show" if visible else "Hide"
        self._replace(f"{verb} {node.name}", node, replace(node, visible=visible))

    def move(self, node: Node, by: int) -> None:
        """Moves a node up (negative) or down in the list."""
        nodes = [n for n in self.nodes if n.id != node.id]
        place = next(k for k, n in enumerate(self.nodes) if n.id == node.id)
        nodes.insert(min(max(place + by, 0), len(nodes)), node)
        self._put("Reorder", nodes)

    def place(self, node: Node, placement: Placement) -> None:
        """Puts a node elsewhere; what follows at once is the same step."""
        self._replace(f"Place {node.name}", node, node.edited(placement=placement), key="place")

    def recolor(self, node: Node, recolor: Recolor) -> None:
        """Changes a node's colours; what follows at once is the same step."""
        self._replace(f"Recolour {node.name}", node, node.edited(recolor=recolor), key="recolor")

    def reset(self, node: Node) -> None:
        """Takes back everything that was done to a node."""
        self._replace(f"Reset {node.name}", node, replace(node, edits=Edits(), selected=None))

    # How

    def _replace(self, text: str, node: Node, *others: Node, key: object = None) -> None:
        """Puts nodes in the place of one."""
        nodes: list[Node] = []
        for each in self.nodes:
            nodes += others if each.id == node.id else [each]
        self._put(text, nodes, None if key is None else (key, node.id))

    def _put(self, text: str, nodes: Sequence[Node], key: object = None) -> None:
        before, after = self.nodes, tuple(nodes)
        if _same(before, after):
            return
        session, mode = self._session, self._session.settings.mode
        could = session.lacks(mode, session.backend) is None
        session.put_nodes(after)
        if key is None:
            self._history.end_gesture()
        missing = session.lacks(mode, session.backend) if could else None
        if missing is None:
            self._history.note(text, key or object(), before, after, self._restore)
            return
        with self._history.together(text):  # weights that no longer hold take their mode along
            self._history.note(text, object(), before, after, self._restore)
            session.settings.mode = "sorted"
        self.told.emit("The picture is drawn sorted now", missing)

    def _restore(self, nodes: Any) -> None:
        self._session.put_nodes(nodes)

    def _words(self, verb: str) -> str:
        count = self.selected
        return f"{verb} {count:,} splat{'' if count == 1 else 's'}"

    def _free_name(self, name: str) -> str:
        """A name that no node has: "chair", "chair 2"."""
        taken = {node.name for node in self.nodes}
        number, free = 2, name
        while free in taken:
            free, number = f"{name} {number}", number + 1
        return free

    def _changed(self) -> None:
        self.changed.emit()


def _same(before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether nothing was done: selecting nothing where nothing is selected is no step."""
    return len(before) == len(after) and all(_unchanged(a, b) for a, b in zip(before, after))


def same_edits(before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether nodes differ in nothing but what is selected."""
    return len(before) == len(after) and all(
        _unchanged(a, replace(b, selected=a.selected)) for a, b in zip(before, after)
    )


def _unchanged(a: Node, b: Node) -> bool:
    if a is b:
        return True
    if (a.id, a.name, a.visible, a.splats, a.poster) != (
        *(b.id, b.name, b.visible, b.splats, b.poster),
    ):
        return False
    if (a.edits.placement, a.edits.recolor) != (b.edits.placement, b.edits.recolor):
        return False
    pairs = (
        (a.selected, b.selected),
        (a.edits.deleted, b.edits.deleted),
        (a.edits.hidden, b.edits.hidden),
    )
    return all(
        x is y or (x is not None and y is not None and x.packed == y.packed) for x, y in pairs
    )
