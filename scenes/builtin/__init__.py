"""Voile's own scene: a tea garden on a round plinth, made of about 200,000 splats.

It is something to look at and to test with: gloss that depends on the view, thin rings and wires,
a tree of thousands of leaves, smoke in front of and behind solid things, textured paving. World
axes are INRIA's, y down.
"""

from __future__ import annotations

from ..progress import Progress, silent
from ..splats import Splats
from .garden import VIEWPOINTS, build

__all__ = ["VIEWPOINTS", "make_scene"]


def make_scene(seed: int = 0, progress: Progress = silent) -> Splats:
    """The scene: SH degree 3, the same bytes for the same seed on one machine.

    Args:
        seed: places leaves, pebbles, grass and smoke, and draws the textures.
        progress: reports progress; may raise Cancelled.
    """
    return build(seed, progress)
