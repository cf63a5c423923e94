"""Materials by the names that people give."""

from __future__ import annotations

from pathlib import Path

from ...scenes.builtin.materials import builtin_material
from ...scenes.coat import Coat
from ...scenes.material import NeuralMaterial
from ...scenes.material_file import SUFFIX, load_material


def material_named(name: str) -> NeuralMaterial:
    """A material that comes with the program, or of a file.

    Raises:
        MaterialError: no such name.
        SceneFormatError: no such file, or a damaged one.
    """
    if name.lower().endswith(SUFFIX):
        return load_material(Path(name))
    return builtin_material(name)


def coat_named(source: str) -> Coat:
    """A coat of a material by name or file; errors as `material_named`."""
    material = material_named(source)
    file = source.lower().endswith(SUFFIX)
    return Coat(str(Path(source).absolute()) if file else source, material)
