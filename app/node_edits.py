"""`NodeEdits`: what can be done to the nodes of a scene as a whole."""

from __future__ import annotations

from dataclasses import replace

from ..scenes.content import no_splats
from ..scenes.dress import with_coat_of_scene, with_own_coats
from ..scenes.io.mesh import is_mesh
from ..scenes.mesh import turn_up
from ..scenes.mesh_group import MeshGroup
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
        """Puts the nodes of another scene beside those that are there, in what they wear."""
        added = opened.scene
        fresh = [
            replace(
                with_coat_of_scene(with_own_coats(n, added.materials), added.coat),
                name=self.free_name(n.name),
            )
            for n in added.nodes
            if n.poster or n.wearers
        ]
        if added.path is not None and is_mesh(added.path) and says_up(added.path):
            fresh = [_turned(node, self._session.up) for node in fresh]
        if self._put(f"Add {added.name}", [*self.nodes, *fresh]) and fresh:
            self.choose(fresh[0])

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
        copy = node.copied(self.free_name(node.name))
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


def _turned(node: Node, up: tuple[float, float, float]) -> Node:
    """A node of meshes as a scene with this up vector takes it."""
    if node.meshes is None:
        return node
    turn = turn_up(node.splats.up, up)
    group = MeshGroup([mesh.placed(turn) for mesh in node.meshes.meshes])
    return replace(node, splats=no_splats(up), meshes=group)
