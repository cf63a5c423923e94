"""A material for everything in a scene that has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...scenes.material import NeuralMaterial
from ...scenes.material_file import SUFFIX, load_material
from ...scenes.scene import Scene
from .builtin import builtin_material


def material_named(name: str) -> NeuralMaterial:
    """A material that comes with the program, or of a file.

    Raises:
        MaterialError: no such name.
        SceneFormatError: no such file, or a damaged one.
    """
    if name.lower().endswith(SUFFIX):
        return load_material(Path(name))
    return builtin_material(name)


def assigned(scene: Scene, material: NeuralMaterial) -> Scene:
    """The scene with a material on its meshes and splats, but those that have one."""
    number = len(scene.materials)
    nodes = []
    for node in scene.nodes:
        column = node.splats.material
        whole = np.full(len(node.splats), number, np.int32)
        column = whole if column is None else np.where(column < 0, whole, column)
        nodes.append(replace(node, splats=replace(node.splats, material=column)))
    meshes = tuple(
        mesh if mesh.material else replace(mesh, material=material.name) for mesh in scene.meshes
    )
    return replace(scene, nodes=tuple(nodes), meshes=meshes, materials=(*scene.materials, material))
