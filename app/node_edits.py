"""`NodeEdits`: what can be done to the nodes of a scene as a whole."""

from __future__ import annotations

from dataclasses import replace

from ..scenes.dress import with_own_coats
from ..scenes.io.mesh import is_mesh
from ..scenes.mesh import turn_up
from ..scenes.node import Edits, Node
from ..scenes.placement import Placement
from ..scenes.poster import Poster
from ..scenes.recolor import Recolor
from ..scenes.scene import poster_node, says_up
from .edit_steps import EditSteps
from .opened import OpenedScene


class NodeEdits(EditSteps):
    """Adds, removes, names, places and colours nodes."""

    def add(self, opened: OpenedScene) -> None:
        """Puts the nodes and meshes of another scene beside those that are there."""
        added = opened.scene
        # What numbers the materials of the other scene wears them as patches in this one.
        fresh = [
            replace(with_own_coats(n, added.materials), name=self.free_name(n.name))
            for n in added.nodes
            if n.poster or len(n)
        ]
        if fresh:
            self._current = fresh[0].id
        if not added.meshes:
            self._put(f"Add {added.name}", [*self.nodes, *fresh])
            return
        before, up = self._session.meshes, self._session.up
        file = added.path if added.path is not None and is_mesh(added.path) else None
        turn = turn_up(added.splats.up if says_up(file) else up, up)
        shown = self._session.opened
        known = set() if shown is None else {each.name for each in shown.scene.materials}
        meshes = [mesh.placed(turn) for mesh in added.meshes]
        strange = sorted({m.material for m in meshes if m.material} - known)
        # Materials of a scene are those of its file: what meshes bring goes no further than they.
        meshes = [replace(m, material="") if m.material in strange else m for m in meshes]
        own = () if file is None else (str(file),)
        after = (*before[0], *meshes), (*before[1], *own, *added.mesh_files)
        text = f"Add {added.name}"
        with self._history.together(text):
            if not self._put(text, [*self.nodes, *fresh]):
                return
            self._session.put_meshes(after)
            self._history.note("Add meshes", object(), before, after, self._session.put_meshes)
        if strange:
            self.told.emit(
                "Its meshes wear what the scene wears", f"Left out: {', '.join(strange)}."
            )

    def add_poster(self, name: str, poster: Poster, source: str, placement: Placement) -> None:
        """Puts a poster beside the nodes that are there; it is then the current one."""
        node = poster_node(self.free_name(name), poster, source, placement)
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
            *(self.free_name(node.name), node.splats, node.source, node.rows, node.visible),
            node.edits,
            poster=node.poster,
            coats=node.coats,
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
