"""`Content`: what a renderer draws; splats, and what shares the frame with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .lights import Lights
from .mesh import Mesh
from .splats import Splats


@dataclass(frozen=True, eq=False)
class Content:
    """What is uploaded to a renderer. Immutable: a change is another one, with the same arrays.

    Attributes:
        splats: blended by the mode.
        meshes: opaque, among the splats.
        lights: what falls on meshes and on splats with a material.
    """

    splats: Splats
    meshes: tuple[Mesh, ...] = ()
    lights: Lights = field(default_factory=Lights)

    @classmethod
    def of(cls, scene: Splats | Content) -> Content:
        """A content, or one with nothing but splats."""
        return scene if isinstance(scene, Content) else cls(scene)


def no_splats(up: tuple[float, float, float] = (0.0, 1.0, 0.0)) -> Splats:
    """A scene of no splats, for meshes alone; y is up as in glTF."""
    none = np.zeros((0, 3), np.float32)
    return Splats(
        none,
        np.zeros((0, 4), np.float32),
        none,
        np.zeros(0, np.float32),
        np.zeros((0, 1, 3), np.float32),
        up=up,
    )
