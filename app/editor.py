"""`Editor`: what can be done to a scene and the splats in it, with undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from ..render.camera import Camera
from ..render.selecting import How, combined, unhidden
from ..scenes.coat import Coat
from ..scenes.flatten import drawn_mask
from ..scenes.node import Node
from ..scenes.splats import Splats
from . import wearing
from .history import History
from .node_edits import NodeEdits
from .session import Session

Mask = NDArray[np.bool_]
Find = Callable[[Splats], Mask]


class Editor(NodeEdits):
    """Edits the scene of a session.

    Attributes:
        only_visible: whether splats that others hide from the view are not selected.
    """

    def __init__(self, session: Session, history: History, parent: QObject) -> None:
        super().__init__(session, history, parent)
        self.only_visible = False

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
            find: from the scene as it is drawn (N splats) to a mask (N,).
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
        found = find(opened.scene.content.splats)  # in what they wear
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

    def purge(self) -> None:
        """Gives back the memory of deleted splats, and the steps that could restore them."""
        if not any(node.edits.deleted for node in self.nodes):
            return
        count = sum(len(node) - node.remaining for node in self.nodes)
        self._session.put_nodes([node.purged() for node in self.nodes])
        self._history.clear()
        self.told.emit(
            f"{count:,} deleted splats are let go of", "They cannot be restored, nor steps undone."
        )

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
                part = node.separated(node.selection, self.free_name(f"{node.name} part"))
                nodes += part
                self._current = part[1].id
        return nodes

    # Materials

    def wear(self, coat: Coat | None, node: Node | None = None) -> None:
        """Puts a material on what is selected, or on a node; None for captured colours."""
        name = "Captured colours" if coat is None else wearing.caption(coat.material.name)
        self._dress(f"{name} on", node, lambda each, mask: each.wear(coat, mask))

    def undress(self, node: Node | None = None) -> None:
        """What is selected, or a node, wears what it came with again, or what the scene wears."""
        self._dress("Scene's material on", node, lambda each, mask: each.undress(mask))

    def undress_all(self) -> None:
        """Everything wears what the scene wears, whatever it was given or came with."""
        self._put("Scene's material everywhere", [node.stripped() for node in self.nodes])

    def _dress(self, verb: str, node: Node | None, change: Callable[[Node, Mask], Node]) -> None:
        target = wearing.selected(self.nodes) if node is None else wearing.whole(node)
        changed = {each.id: change(each, mask) for each, mask in target}
        text = self._words(verb) if node is None else f"{verb} {node.name}"
        self._put(text, [changed.get(each.id, each) for each in self.nodes])

    def _words(self, verb: str) -> str:
        count = self.selected
        return f"{verb} {count:,} splat{'' if count == 1 else 's'}"
