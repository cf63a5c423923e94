"""What a format cannot hold of a scene."""

from __future__ import annotations

from ..splats import Splats
from .format import Format


def losses(splats: Splats, target: Format) -> list[str]:
    """Sentences about what a format cannot hold of a scene."""
    found = []
    if splats.sh_degree > target.max_sh_degree:
        found.append(
            f"view dependence is lost: SH degree {splats.sh_degree} becomes {target.max_sh_degree}"
        )
    if target.quantised:
        found.append(f"values are quantised: {target.quantised}")
    if splats.antialiased and not target.keeps_antialiased:
        found.append("the mark that the scene was trained antialiased is lost")
    for name in ("normals", "material", "latent"):
        if getattr(splats, name) is not None and name not in target.columns:
            found.append(f"the column {name} is lost")
    for name in ("fitted", "learned"):
        if getattr(splats, name) is not None:
            found.append(f"the {name} weights are lost; they stay beside the original")
    return found
