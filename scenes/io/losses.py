"""What a format cannot hold of a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lights import sky
from ..splats import Splats
from .format import Format

if TYPE_CHECKING:
    from ..scene import Scene

USUAL_UP = (0.0, -1.0, 0.0)
"""What a scene is read with from a format that does not say which way is up."""


def losses(splats: Splats, target: Format) -> list[str]:
    """Sentences about what a format cannot hold of splats."""
    found = []
    if splats.sh_degree > target.max_sh_degree:
        found.append(
            f"view dependence is lost: SH degree {splats.sh_degree} becomes {target.max_sh_degree}"
        )
    if target.quantised:
        found.append(f"values are quantised: {target.quantised}")
    if splats.antialiased and not target.keeps_antialiased:
        found.append("the mark that the scene was trained antialiased is lost")
    if splats.up != USUAL_UP and not target.keeps_up:
        found.append("which way is up is lost")
    for name in ("normals", "latent"):
        if getattr(splats, name) is not None and name not in target.columns:
            found.append(f"the column {name} is lost")
    for name in ("fitted", "learned"):
        if getattr(splats, name) is not None:
            found.append(f"the {name} weights are lost; they stay beside the original")
    return found


def scene_losses(scene: Scene, target: Format) -> list[str]:
    """Sentences about what a format cannot hold of a scene as it is placed, lit and edited."""
    found = losses(scene.splats, target)
    if any(node.meshes is not None for node in scene.nodes):
        found.append("meshes are not in it")
    if any(node.poster is not None for node in scene.nodes):
        found.append("posters are not in it")
    worn = scene.dress
    if worn.column is not None and "material" not in target.columns:
        names = ", ".join(dict.fromkeys(worn.sources))
        found.append(f"what the splats wear is not in it: {names}")
    elif worn.column is None and scene.splats.material is not None:
        found.append("the column material is lost: nothing names its numbers")
    if scene.lights.lamps or scene.lights.environment is not sky():
        found.append("lights are not in it")
    nodes = [node for node in scene.nodes if node.of_splats]
    shown = [node for node in nodes if node.visible]
    if len(shown) < len(nodes):
        hidden = [node.name for node in nodes if not node.visible]
        found.append(f"what is not shown is not in it: {', '.join(hidden)}")
    if len(shown) > 1:
        found.append(f"{len(shown)} scenes become one")
    return found
