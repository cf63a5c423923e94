"""Baked materials that come with the program, one for each of the reference library."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from ...scenes.material import MaterialError, NeuralMaterial
from ...scenes.material_file import SUFFIX, read_material
from .library import LIBRARY

NAMES = tuple(LIBRARY)


@cache
def builtin_material(name: str) -> NeuralMaterial:
    """A material by its name in `NAMES`. Raises MaterialError: no such name."""
    if name not in NAMES:
        raise MaterialError(f"there is no material {name!r}: there are {', '.join(NAMES)}")
    file = resources.files(__package__ or "") / "data" / f"{name}{SUFFIX}"
    return read_material(file.read_bytes(), Path(file.name))
