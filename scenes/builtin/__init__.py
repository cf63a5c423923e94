"""Voile's own scenes: a tea garden on a round plinth, and a table with every material on it.

The garden is about 200,000 splats, something to look at and to test with: gloss that depends on
the view, thin rings and wires, a tree of thousands of leaves, smoke in front of and behind solid
things, textured paving. The table is splats and meshes that take light, among splats that do not.
World axes are INRIA's, y down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..content import Content
from ..progress import Progress, silent
from ..splats import Splats
from ..viewpoint import Viewpoint
from . import garden, showcase
from .garden import VIEWPOINTS

__all__ = ["BUILTIN", "MATERIALS", "SCENES", "VIEWPOINTS", "OwnScene", "make_scene"]


@dataclass(frozen=True)
class OwnScene:
    """A scene that Voile makes.

    Attributes:
        title: for people.
        make: its content, the same bytes for the same seed, whatever the processor.
        viewpoints: places to look from; the first is the start.
    """

    title: str
    make: Callable[[int, Progress], Content]
    viewpoints: dict[str, Viewpoint]


def make_scene(seed: int = 0, progress: Progress = silent) -> Splats:
    """The garden: SH degree 3, the same bytes for the same seed, whatever the processor.

    Args:
        seed: places leaves, pebbles, grass and smoke, and draws the textures.
        progress: reports progress; may raise Cancelled.
    """
    return garden.build(seed, progress)


BUILTIN = "builtin"
MATERIALS = "builtin:materials"

SCENES: dict[str, OwnScene] = {
    BUILTIN: OwnScene(
        "Built-in scene", lambda seed, progress: Content(make_scene(seed, progress)), VIEWPOINTS
    ),
    MATERIALS: OwnScene("Built-in materials", showcase.build, showcase.VIEWPOINTS),
}
"""By the names that open them wherever a scene path is expected."""
