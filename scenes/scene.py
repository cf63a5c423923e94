"""`Scene`: what a user opens; placed nodes with a name, their origin and places to look from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from .bits import Mask
from .builtin import BUILTIN, SCENES
from .coat import Coat
from .content import Content, no_splats
from .dress import Dress, dress, mesh_node
from .errors import SceneFormatError
from .flatten import Flat, compacted, flatten
from .io import detect, load
from .io.mesh import is_mesh, load_meshes
from .lights import Lights
from .material import NeuralMaterial
from .material_names import with_named_coats
from .mesh import Mesh, turn_up
from .node import Edits, Node
from .oit_file import load_weights, weights_path
from .placement import Placement
from .poster import PlacedPoster, Poster, same_posters
from .progress import Progress, silent
from .splats import Splats
from .viewpoint import Viewpoint


@dataclass(frozen=True, eq=False)
class Scene:
    """An opened scene: placed nodes. It never changes; an edit makes another one.

    Attributes:
        name: for titles.
        nodes: splats, meshes and posters, each with a place, edits and whether it is drawn.
        format: title of the format of the file that was opened.
        path: that file or folder, None for a scene of Voile's own.
        viewpoints: places to look from that came with the scene, by name; the first is the start.
        weights: the file that keeps its weights, whether it is there or not.
        materials: that splats number.
        lights: what falls on meshes and on splats with a material.
        coat: a material for everything that wears none of its own.
        source: what opens the scene again: its path, or the name of one of Voile's own; "" where
            only scripts know.
    """

    name: str
    nodes: tuple[Node, ...]
    format: str
    path: Path | None = None
    viewpoints: dict[str, Viewpoint] = field(default_factory=dict)
    weights: Path | None = None
    materials: tuple[NeuralMaterial, ...] = ()
    lights: Lights = field(default_factory=Lights)
    coat: Coat | None = None
    source: str = ""

    @cached_property
    def flat(self) -> Flat:
        """All nodes as one `Splats`, with the rows of each."""
        return flatten(self.nodes)

    @property
    def splats(self) -> Splats:
        """What is drawn: all nodes, placed and edited."""
        return self.flat.splats

    @cached_property
    def dress(self) -> Dress:
        """What everything wears. Raises ContentError: too many materials."""
        return dress(self.splats, self.nodes, self.flat.spans, self.materials, self.coat)

    @cached_property
    def content(self) -> Content:
        """What renderers take: all nodes in what they wear, with meshes and lights."""
        worn = self.dress
        return Content(
            worn.splats(self.splats),
            self.meshes,
            worn.materials,
            self.lights,
            posters_of(self.nodes),
        )

    @property
    def coats(self) -> list[Coat]:
        """Every coat that is worn, by the whole or by parts."""
        worn = [p.coat for n in self.nodes for p in n.worn] + [self.coat]
        return list(dict.fromkeys(coat for coat in worn if coat is not None))

    @property
    def meshes(self) -> tuple[Mesh, ...]:
        """The meshes that are drawn, in place and dressed; what has not changed is the same."""
        drawn = [
            node.meshes.drawn(node.edits.placement, self.dress.names(number))
            for number, node in enumerate(self.nodes)
            if node.meshes is not None and node.visible
        ]
        return tuple(mesh for meshes in drawn for mesh in meshes)

    @property
    def pristine(self) -> bool:
        """Whether the splats are those of one node, as it was read."""
        own = [node for node in self.nodes if node.of_splats]
        return len(own) == 1 and self.splats is own[0].splats

    def with_nodes(self, nodes: Sequence[Node]) -> Scene:
        """The scene with other nodes; what is drawn shares what it can with this one.

        Raises:
            SplatsError, MeshError: they were moved beyond what float32 holds.
            ContentError: they wear too many materials.
        """
        other = replace(self, nodes=tuple(nodes))
        flat = flatten(other.nodes, self.flat)
        worn = dress(flat.splats, other.nodes, flat.spans, self.materials, self.coat, self.dress)
        other.__dict__.update(flat=flat, dress=worn)
        meshes = other.meshes
        if flat.splats is self.splats and worn is self.dress:
            posters = posters_of(other.nodes)
            # Where nothing is to be drawn anew the content is the same.
            same = same_posters(posters, self.content.posters) and meshes == self.content.meshes
            other.__dict__["content"] = (
                self.content if same else replace(self.content, meshes=meshes, posters=posters)
            )
        return other

    def with_look(self, coat: Coat | None, lights: Lights) -> Scene:
        """The scene in another material or light; it shares all that stays.

        Raises:
            ContentError: it would be one material too many.
        """
        other = replace(self, coat=coat, lights=lights)
        flat = self.flat
        worn = dress(flat.splats, self.nodes, flat.spans, self.materials, coat, self.dress)
        other.__dict__.update(flat=flat, dress=worn)
        if worn is self.dress:  # what is known of the splats stays known
            other.__dict__["content"] = replace(self.content, lights=lights)
        return other

    def with_material(self, coat: Coat | None, rows: Mask | None = None) -> Scene:
        """The scene in another material.

        Args:
            coat: the material; None for captured colours.
            rows: (N,) splats of the scene that it is for, as they are drawn; None for all that
                wears nothing of its own.

        Raises:
            ContentError: it would be one material too many.
        """
        if rows is None:
            return self.with_look(coat, self.lights)
        pairs = [(node, rows[span]) for node, span in zip(self.nodes, self.flat.spans)]
        return self.with_nodes(
            [node.wear(coat, part) if part.any() else node for node, part in pairs]
        )

    def reweighed(self, splats: Splats) -> Scene:
        """A scene of one node as it was read, with splats that differ in their weights alone."""
        assert self.pristine
        return self.with_nodes(
            [replace(node, splats=splats) if node.of_splats else node for node in self.nodes]
        )

    def saved_splats(self) -> Splats:
        """What a file of the scene holds: without what is deleted, and invisible nodes."""
        if self.pristine and self.dress.column is None:
            return self.splats
        nodes = compacted([node for node in self.nodes if node.of_splats])
        flat = flatten(nodes)
        worn = dress(flat.splats, nodes, flat.spans, self.materials, self.coat)
        named = () if worn.column is None else worn.sources
        return worn.splats(flat.splats).with_columns(material=worn.column, material_names=named)


def posters_of(nodes: Sequence[Node]) -> tuple[PlacedPoster, ...]:
    """The posters of nodes, where they stand."""
    return tuple(
        PlacedPoster(node.poster, node.edits.placement, node.visible)
        for node in nodes
        if node.poster is not None
    )


def poster_node(name: str, poster: Poster, source: str, placement: Placement) -> Node:
    """A node that is a poster."""
    return Node(name, no_splats(), source, edits=Edits(placement), poster=poster)


def open_scene(
    source: str | Path,
    progress: Progress = silent,
    *,
    drop_invalid: bool = False,
    weights: Path | None = None,
    meshes: Sequence[str | Path] = (),
) -> Scene:
    """Opens a scene file or folder, a mesh, or a scene of Voile's own by its name in `SCENES`.

    Weights that `voile bake` has put beside the scene come with it.

    Args:
        source: what to open.
        progress: reports progress; may raise Cancelled.
        drop_invalid: leave out splats with values that are not finite.
        weights: a file to take the weights from instead; then it must be one, and of this scene.
        meshes: files of meshes to put among the splats.

    Raises:
        SceneFormatError: the file is no scene, or `weights` are not its; names file, field and fix.
        Cancelled: `progress` asked for it.
    """
    own = SCENES.get(str(source))
    if own is not None:
        path, name, title, viewpoints = None, own.title, "generated", dict(own.viewpoints)
        content = own.make(0, progress)
    elif is_mesh(source):
        path = Path(source)
        name, title, viewpoints = path.name, f"mesh {path.suffix.lower()}", {}
        content, meshes = Content(no_splats()), [path, *meshes]
    else:
        path = Path(source)
        name, title, viewpoints = path.name, _format(path), {}
        content = Content(load(path, progress, drop_invalid=drop_invalid))
    splats = content.splats
    if weights is not None:
        splats, kept = load_weights(splats, weights), weights
    else:
        kept = weights_path(str(source) if path is None else path)
        splats = _with_weights(splats, kept)
    again = str(source) if path is None else str(path.absolute())
    nodes = []
    if not is_mesh(source):
        node = Node(name, splats, again)
        nodes = [node if path is None else with_named_coats(node, path)]
    nodes += [mesh_node(m.name, [m], again, splats.up, content.materials) for m in content.meshes]
    nodes += [mesh_file_node(mesh, splats.up, progress) for mesh in meshes]
    return Scene(
        *(name, tuple(nodes), title, path, viewpoints, kept),
        materials=content.materials,
        lights=content.lights,
        source=again,
    )


def mesh_file_node(
    path: str | Path, up: tuple[float, float, float], progress: Progress = silent
) -> Node:
    """A node of the meshes of a file; arguments and errors as `meshes_for`."""
    path = Path(path)
    return mesh_node(path.name, meshes_for(path, up, progress), str(path.absolute()), up)


def _format(path: Path) -> str:
    """Title of a scene file's format. Raises SceneFormatError: none, or a name that is none."""
    if str(path).startswith(f"{BUILTIN}:") and not path.exists():
        raise SceneFormatError(
            path, "name", "is no scene of Voile's own", f"There are {', '.join(SCENES)}."
        )
    return detect(path).title


def says_up(path: str | Path | None) -> bool:
    """Whether the format of a mesh's file fixes which way is up, as glTF does."""
    return path is not None and Path(path).suffix.lower() in (".gltf", ".glb")


def meshes_for(
    path: str | Path, up: tuple[float, float, float], progress: Progress = silent
) -> list[Mesh]:
    """The meshes of a file as a scene with this up vector takes them.

    glTF has y up, and is turned so that it points along the scene's; other formats say nothing, and
    stay as they are.

    Raises:
        SceneFormatError: as `load_meshes`.
        Cancelled: `progress` asked for it.
    """
    meshes = load_meshes(path, progress)
    if not says_up(path):
        return meshes
    turn = turn_up((0.0, 1.0, 0.0), up)
    return [mesh.placed(turn) for mesh in meshes]


def _with_weights(splats: Splats, beside: Path) -> Splats:
    """The scene with the weights that lie beside it; what is wrong with them becomes a note."""
    if not os.path.isfile(beside):  # of pathlib long names raise
        return splats
    try:
        return load_weights(splats, beside)
    except SceneFormatError as error:
        return replace(splats, notes=(*splats.notes, f"weights not used: {error}"))
