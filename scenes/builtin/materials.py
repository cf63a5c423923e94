"""Baked materials that come with the program: data, as the scenes are that wear them.

They are baked from the references of `voile.render.materials.library`, by the same names.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from ..material import MaterialError, NeuralMaterial
from ..material_file import SUFFIX, read_material

NAMES = "ceramic", "brushed", "car-paint", "fabric"


@cache
def builtin_material(name: str) -> NeuralMaterial:
    """A material by its name in `NAMES`. Raises MaterialError: no such name."""
    if name not in NAMES:
        raise MaterialError(f"there is no material {name!r}: there are {', '.join(NAMES)}")
    file = resources.files(__package__ or "") / "data" / f"{name}{SUFFIX}"
    return read_material(file.read_bytes(), Path(file.name))
