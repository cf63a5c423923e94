"""`EditSteps`: a scene's nodes put in place of each other, with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, Signal

from ..scenes.coat import same_patches
from ..scenes.content import ContentError, no_splats
from ..scenes.node import Node
from ..scenes.splats import Splats
from .history import History
from .session import Session


class EditSteps(QObject):
    """What every edit is made of.

    The scene is a value: an edit makes other nodes and puts them in place, and the step before is
    the nodes before. Nothing is copied but what an edit changes, and masks are of one bit a splat.

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

    def free_name(self, name: str) -> str:
        """A name that no node has: "chair", "chair 2"."""
        taken = {node.name for node in self.nodes}
        number, free = 2, name
        while free in taken:
            free, number = f"{name} {number}", number + 1
        return free

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

    # How

    def _replace(self, text: str, node: Node, *others: Node, key: object = None) -> bool:
        """Puts nodes in the place of one; whether that could be done."""
        nodes: list[Node] = []
        for each in self.nodes:
            nodes += others if each.id == node.id else [each]
        return self._put(text, nodes, None if key is None else (key, node.id))

    def _put(self, text: str, nodes: Sequence[Node], key: object = None) -> bool:
        """Puts nodes in the place of all, as a step; whether that could be done."""
        before, after = self.nodes, tuple(nodes)
        if _same(before, after):
            return True
        session, mode = self._session, self._session.settings.mode
        could = session.lacks(mode, session.backend) is None
        try:
            session.put_nodes(after)
        except ContentError as error:
            self.told.emit(f"{text}: not done", str(error))
            self.changed.emit()  # what has shown it as done already
            return False
        if key is None:
            self._history.end_gesture()
        missing = session.lacks(mode, session.backend) if could else None
        if missing is None:
            self._history.note(text, key or object(), before, after, self._restore)
            return True
        with self._history.together(text):  # weights that no longer hold take their mode along
            self._history.note(text, object(), before, after, self._restore)
            session.settings.mode = "sorted"
        self.told.emit("The picture is drawn sorted now", missing)
        return True

    def _restore(self, nodes: Any) -> None:
        self._session.put_nodes(nodes)

    def _changed(self) -> None:
        self.changed.emit()


def _same(before: Sequence[Node], after: Sequence[Node]) -> bool:
    """Whether nothing was done: selecting nothing where nothing is selected is no step."""
    return len(before) == len(after) and all(_unchanged(a, b) for a, b in zip(before, after))


Kept = tuple[tuple[Node, ref[Splats]], ...]
"""Nodes as they were at some time, which holds none of their splats."""


def kept(nodes: Sequence[Node]) -> Kept:
    """Nodes to compare others with later, by `same_edits`."""
    none = no_splats()
    bare = (replace(node, splats=none, meshes=None) for node in nodes)
    return tuple((each, ref(node.splats)) for each, node in zip(bare, nodes))


def same_edits(before: Kept, after: Sequence[Node]) -> bool:
    """Whether nodes differ in nothing but what is selected."""
    return len(before) == len(after) and all(
        splats() is b.splats
        and _unchanged(
            replace(a, splats=b.splats, meshes=b.meshes), replace(b, selected=a.selected)
        )
        for (a, splats), b in zip(before, after)
    )


def _unchanged(a: Node, b: Node) -> bool:
    if a is b:
        return True
    if (a.id, a.name, a.visible, a.splats, a.meshes, a.poster) != (
        *(b.id, b.name, b.visible, b.splats, b.meshes, b.poster),
    ):
        return False
    if (a.edits.placement, a.edits.recolor, a.edits.stripped) != (
        *(b.edits.placement, b.edits.recolor, b.edits.stripped),
    ):
        return False
    if not same_patches(a.edits.coats, b.edits.coats):
        return False
    pairs = (
        (a.selected, b.selected),
        (a.edits.deleted, b.edits.deleted),
        (a.edits.hidden, b.edits.hidden),
    )
    return all(
        x is y or (x is not None and y is not None and x.packed == y.packed) for x, y in pairs
    )
