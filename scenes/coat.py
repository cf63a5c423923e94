"""`Coat`: one material for everything in a scene that has none of its own."""

from __future__ import annotations

from dataclasses import dataclass

from .material import NeuralMaterial


@dataclass(frozen=True, eq=False)
class Coat:
    """A material, and where it came from.

    Attributes:
        source: a name of the library or a .vnm file, by which a session finds it again.
        material: what it is.
    """

    source: str
    material: NeuralMaterial
