"""Meshes from files: glTF, OBJ, STL and whatever else trimesh reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import SceneFormatError
from ..mesh import Mesh, MeshError, make_mesh
from ..progress import Progress, silent

EXTENSIONS = (".gltf", ".glb", ".obj", ".stl", ".off")
"""Files that are meshes by their name. A .ply may be one as well, and is splats where it can be."""

MOST_TRIANGLES = 50_000_000


def is_mesh(path: str | Path) -> bool:
    """Whether a file is a mesh by its name."""
    return Path(path).suffix.lower() in EXTENSIONS


def load_meshes(path: str | Path, progress: Progress = silent) -> list[Mesh]:
    """Reads all parts of a file, each where the file's scene puts it.

    The axes are the file's own: glTF has y up, and `Mesh.placed` turns it.

    Args:
        path: the file.
        progress: told the stage; may raise Cancelled.

    Raises:
        SceneFormatError: no such file, none that can be read, or nothing in it that has triangles.
        Cancelled: `progress` asked for it.
    """
    import trimesh

    path = Path(path)
    if not path.is_file():
        raise SceneFormatError(path, "file", "is not there", "Check the path.")
    progress(0.0, f"Reading {path.name}")
    try:
        opened = trimesh.load_scene(path)
        parts = [(name, opened.geometry[part], matrix) for name, matrix, part in _nodes(opened)]
    except Exception as error:  # trimesh raises whatever its readers do
        raise SceneFormatError(
            path,
            "content",
            f"cannot be read as a mesh ({type(error).__name__}: {error})",
            f"Voile reads {', '.join(EXTENSIONS)}; export the mesh again as .glb.",
        ) from error
    meshes = []
    for k, (name, part, matrix) in enumerate(parts):
        progress(k / len(parts), f"Reading {path.name}, {name}")
        if not isinstance(part, trimesh.Trimesh) or not len(part.faces):
            continue  # lines and points
        if len(part.faces) > MOST_TRIANGLES:
            raise SceneFormatError(
                path,
                f"mesh {name}",
                f"has {len(part.faces):,} triangles; at most {MOST_TRIANGLES:,} are drawn",
                "Simplify it.",
            )
        uvs = getattr(part.visual, "uv", None)
        if uvs is not None and len(uvs) != len(part.vertices):
            uvs = None
        try:
            mesh = make_mesh(
                part.vertices,
                part.faces,
                part.vertex_normals if _has_normals(part) else None,
                uvs,
                color=_color(part),
                name=name,
            )
            meshes.append(mesh.placed(matrix))
        except MeshError as error:
            raise SceneFormatError(
                path, f"mesh {name}", str(error), "Export the mesh again."
            ) from error
    if not meshes:
        raise SceneFormatError(
            path, "content", "has no triangles", "A mesh of points or lines cannot be drawn."
        )
    return meshes


def _nodes(opened):
    for name in opened.graph.nodes_geometry:
        matrix, part = opened.graph[name]
        yield name, np.asarray(matrix, np.float64), part


def _has_normals(part) -> bool:
    """Whether the file gave normals; what trimesh would make is not weighted by area."""
    return "vertex_normals" in part._cache


def _color(part) -> tuple[float, float, float]:
    """The base colour of the part's own material."""
    material = getattr(part.visual, "material", None)
    color = getattr(material, "baseColorFactor", None)
    if color is None:
        color = getattr(material, "main_color", None)
    if color is None:
        return (1.0, 1.0, 1.0)
    values = np.asarray(color, np.float64)[:3]
    if np.asarray(color).dtype.kind in "iu":
        values = values / 255
    red, green, blue = (float(value) for value in np.clip(values, 0, 1))
    return red, green, blue
