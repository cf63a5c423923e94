"""Meshes from files: glTF, OBJ, STL and whatever else trimesh reads."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..mesh import Mesh, MeshError, make_mesh
from ..progress import Progress, silent
from ..srgb import to_display
from ..texture import Texture
from .gltf import GltfMaterial, numbered
from .mesh_textures import Beside, read_texture
from .pictures import quiet

EXTENSIONS = (".gltf", ".glb", ".obj", ".stl", ".off")
"""Files that are meshes by their name. A .ply may be one as well, and is splats where it can be."""

MOST_TRIANGLES = 50_000_000


def is_mesh(path: str | Path) -> bool:
    """Whether a file is a mesh by its name."""
    return Path(path).suffix.lower() in EXTENSIONS


@quiet()
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
    try:
        if not path.is_file():
            raise SceneFormatError(path, "file", "is not there", "Check the path.")
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    progress(0.0, f"Reading {path.name}")
    beside = Beside(path)
    resolver: Any = beside
    said: list[GltfMaterial] | None = None
    try:
        if path.suffix.lower() in (".gltf", ".glb"):
            data, said = numbered(path, path.read_bytes())
            kind = path.suffix.lower().removeprefix(".")
            opened = trimesh.load_scene(io.BytesIO(data), file_type=kind, resolver=resolver)
        else:
            opened = trimesh.load_scene(path, resolver=resolver)
        parts = [(name, opened.geometry[part], matrix) for name, matrix, part in _nodes(opened)]
    except SceneFormatError:
        raise
    except Exception as error:  # trimesh raises whatever its readers do
        beside.check(path)
        raise SceneFormatError(
            path,
            "content",
            f"cannot be read as a mesh ({type(error).__name__}: {error})",
            f"Voile reads {', '.join(EXTENSIONS)}; export the mesh again as .glb.",
        ) from error
    beside.check(path)
    looks = _Looks(path, said)
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
        look = looks.of(part, uvs)
        try:
            mesh = make_mesh(
                part.vertices,
                part.faces,
                part.vertex_normals if _has_normals(part) else None,
                look.uvs,
                color=look.color,
                name=name,
                texture=look.texture,
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


@dataclass(frozen=True)
class _Look:
    color: tuple[float, float, float]
    uvs: NDArray[np.float64] | None
    texture: Texture | None = None


class _Looks:
    """Colours and textures of the parts of a file; a texture that many show is made once.

    Args:
        path: of the file.
        said: of its materials, if it is a glTF.
    """

    def __init__(self, path: Path, said: list[GltfMaterial] | None) -> None:
        self._path, self._said = path, said
        self._made: dict[object, Texture] = {}

    def of(self, part, uvs: NDArray[np.float64] | None) -> _Look:
        """Raises SceneFormatError: the texture cannot be read."""
        material = getattr(part.visual, "material", None)
        if self._said is None:
            return self._of_obj(material, uvs)
        number = getattr(material, "name", None)
        if number is None:
            return _Look((1.0, 1.0, 1.0), uvs)
        said = self._said[int(number)]
        red, green, blue = (float(x) for x in to_display(np.clip(said.factor[:3], 0.0, 1.0)))
        if said.image is None or uvs is None:
            return _Look((red, green, blue), uvs)
        if said.transform is not None:
            down = np.stack([uvs[:, 0], 1.0 - uvs[:, 1], np.ones(len(uvs))])
            u, v = said.transform @ down
            uvs = np.stack([u, 1.0 - v], axis=1)
        field = f"material {said.name!r}, baseColorTexture {said.image}".rstrip()
        texture = self._texture(
            field, getattr(material, "baseColorTexture", None), said.wrap, said.cutoff
        )
        return _Look((red, green, blue), uvs, texture)

    def _of_obj(self, material, uvs: NDArray[np.float64] | None) -> _Look:
        color = getattr(material, "main_color", None)
        shown = (1.0, 1.0, 1.0)
        if color is not None:
            red, green, blue = (float(x) for x in np.asarray(color, np.float64)[:3] / 255)
            shown = red, green, blue
        image = getattr(material, "image", None)
        if image is None or uvs is None:
            return _Look(shown, uvs)
        options = image.info.get("file_path", "").split()
        clamped = any(a == "-clamp" and b == "on" for a, b in pairwise(options))
        wrap = ("clamp", "clamp") if clamped else ("repeat", "repeat")
        cut = "map_d" in getattr(material, "kwargs", {})
        field = f"map_Kd {options[-1] if options else ''}".rstrip()
        return _Look(shown, uvs, self._texture(field, image, wrap, 0.5 if cut else 0.0))

    def _texture(self, field: str, image: object, wrap: tuple[str, str], cutoff: float) -> Texture:
        key = id(image), wrap, cutoff
        if key not in self._made:
            self._made[key] = read_texture(self._path, field, image, wrap, cutoff)
        return self._made[key]
