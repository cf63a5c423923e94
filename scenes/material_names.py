"""Materials by the names that people and files give: of the library, or a .vnm file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from .bits import bits_of
from .builtin.materials import builtin_material
from .coat import Coat, Patch
from .errors import VoileError
from .material import NeuralMaterial
from .material_file import SUFFIX, load_material
from .node import Node


def material_named(name: str) -> NeuralMaterial:
    """A material that comes with the program, or of a file.

    Raises:
        MaterialError: no such name.
        SceneFormatError: no such file, or a damaged one.
    """
    if is_file(name):
        return load_material(Path(name))
    return builtin_material(name)


def coat_named(source: str, beside: Path | None = None) -> Coat:
    """A coat of a material by name or file; errors as `material_named`.

    Args:
        source: the name, or the path.
        beside: a file that names it; a material that is not where it was is looked for beside it.
    """
    if is_file(source) and beside is not None and not os.path.exists(source):
        found = beside.parent / Path(source).name
        source = str(found) if os.path.exists(found) else source  # of pathlib long names raise
    material = material_named(source)
    return Coat(str(Path(source).absolute()) if is_file(source) else source, material)


def is_file(source: str) -> bool:
    """Whether the source of a coat is a file, and no name of the library."""
    return source.lower().endswith(SUFFIX)


def with_named_coats(node: Node, path: Path) -> Node:
    """A node that wears what its file names; what is not there becomes a note.

    Args:
        node: its splats number `Splats.material_names`.
        path: the file.
    """
    splats, coats, notes = node.splats, [], []
    if splats.material is None or not splats.material_names:
        return node
    for number, name in enumerate(splats.material_names):
        rows = bits_of(splats.material == number)
        if rows is None:
            continue
        try:
            coats.append(Patch(coat_named(name, path), rows))
        except VoileError as error:
            notes.append(f"{rows.count:,} splats show captured colours: {error}")
    bare = splats.with_columns(material=None, material_names=(), notes=(*splats.notes, *notes))
    return replace(node, splats=bare, coats=tuple(coats))
