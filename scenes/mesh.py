"""`Mesh`: triangles that share a frame with splats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .errors import VoileError
from .placement import Placement
from .texture import Texture

Float32 = NDArray[np.float32]

WHITE = (1.0, 1.0, 1.0)


class MeshError(VoileError, ValueError):
    """Arrays handed to `Mesh` have a wrong shape, dtype, range or a value that is not finite."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """F triangles over V vertices, seen from both sides.

    Attributes:
        vertices: (V, 3) float32, world units.
        normals: (V, 3) float32 unit vectors; zero where no triangle has an area.
        uvs: (V, 2) float32 texture coordinates, v up as in OpenGL; zero where there are none.
        faces: (F, 3) int32 rows of vertices.
        color: what the material's own colours are multiplied by, display space; of a matte surface
            its own colour.
        material: name of a material of the scene, "" for a plain matte surface.
        name: for people.
        texture: what `color` is multiplied by at each point; None for white.
        unlit: whether it shows its own colours, whatever the light; it then has no material.

    Raises:
        MeshError: the text names the array.
    """

    vertices: Float32
    normals: Float32
    uvs: Float32
    faces: NDArray[np.int32]
    color: tuple[float, float, float] = WHITE
    material: str = ""
    name: str = ""
    texture: Texture | None = None
    unlit: bool = False

    def __post_init__(self) -> None:
        count = len(self.vertices)
        for field, width in (("vertices", 3), ("normals", 3), ("uvs", 2)):
            array = getattr(self, field)
            if array.shape != (count, width) or array.dtype != np.float32:
                raise MeshError(
                    f"mesh {field} is {array.dtype} {array.shape}; it must be float32 "
                    f"({count}, {width})"
                )
            if not np.isfinite(array).all():
                raise MeshError(f"mesh {field} has values that are not finite")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3 or self.faces.dtype != np.int32:
            raise MeshError(
                f"mesh faces is {self.faces.dtype} {self.faces.shape}; it must be int32 (F, 3)"
            )
        if len(self.faces) and not (self.faces.min() >= 0 and self.faces.max() < count):
            raise MeshError(
                f"mesh faces run from {self.faces.min()} to {self.faces.max()}; there are "
                f"{count} vertices"
            )

    @cached_property
    def tangents(self) -> Float32:
        """(V, 3) unit, across the normal, along growing u; any where the texture has no extent.

        The mean of what the triangles around a vertex say, by area (Lengyel 2001).
        """
        a, b, c = (self.vertices[self.faces[:, k]].astype(np.float64) for k in range(3))
        s, t, r = (self.uvs[self.faces[:, k]].astype(np.float64) for k in range(3))
        (u1, v1), (u2, v2) = (t - s).T, (r - s).T
        turned = np.where(u1 * v2 - u2 * v1 < 0, -1.0, 1.0)[:, None]
        along = turned * (v2[:, None] * (b - a) - v1[:, None] * (c - a))
        length = np.linalg.norm(along, axis=1, keepdims=True)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1, keepdims=True)
        along = area * along / np.where(length > 0, length, 1.0)
        total = np.zeros(self.vertices.shape)
        for corner in range(3):
            np.add.at(total, self.faces[:, corner], along)
        normals = self.normals.astype(np.float64)
        total -= np.sum(total * normals, axis=1, keepdims=True) * normals
        # Where nothing is left, the axis that is least along the normal.
        other = np.eye(3)[np.argmin(np.abs(normals), axis=1)]
        other = other - np.sum(other * normals, axis=1, keepdims=True) * normals
        known = np.linalg.norm(total, axis=1, keepdims=True) > 1e-9 * (1e-30 + area.max(initial=0))
        total = np.where(known, total, other)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return (total / np.where(length > 0, length, 1.0)).astype(np.float32)

    def moved(self, placement: Placement) -> Mesh:
        """The mesh in another place. Raises MeshError: that is beyond what float32 holds."""
        turn = placement.matrix.T.astype(np.float32)
        moved = replace(self, vertices=placement.apply(self.vertices), normals=self.normals @ turn)
        moved.__dict__["tangents"] = self.tangents @ turn  # which take longer to find anew
        return moved

    def wearing(self, material: str) -> Mesh:
        """The mesh with a material of this name; one without light wears none."""
        if self.unlit or material == self.material:
            return self
        worn = replace(self, material=material)
        worn.__dict__["tangents"] = self.tangents
        return worn

    def placed(self, matrix: NDArray[np.float64]) -> Mesh:
        """The mesh moved by an affine (4, 4) matrix.

        Raises:
            MeshError: the matrix is not invertible, so that there would be no normals.
        """
        matrix = np.asarray(matrix, np.float64)
        linear = matrix[:3, :3]
        if not np.isfinite(matrix).all() or abs(np.linalg.det(linear)) < 1e-30:
            raise MeshError("a mesh can be placed only by a finite matrix that has an inverse")
        normals = self.normals @ np.linalg.inv(linear)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        return replace(
            self,
            vertices=(self.vertices @ linear.T + matrix[:3, 3]).astype(np.float32),
            normals=(normals / np.where(length > 0, length, 1)).astype(np.float32),
        )


def turn_up(before: tuple[float, float, float], after: tuple[float, float, float]):
    """(4, 4) float64 shortest rotation that turns one unit vector to another."""
    a, b = np.array(before, np.float64), np.array(after, np.float64)
    axis, cosine = np.cross(a, b), float(a @ b)
    turn = np.eye(4)
    if cosine < -1.0 + 1e-9:  # half a turn about any axis across
        across = np.cross(a, np.eye(3)[np.argmin(np.abs(a))])
        across /= np.linalg.norm(across)
        turn[:3, :3] = 2.0 * np.outer(across, across) - np.eye(3)
        return turn
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn[:3, :3] += skew + skew @ skew / (1.0 + cosine)
    return turn


def make_mesh(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    normals: NDArray[np.floating] | None = None,
    uvs: NDArray[np.floating] | None = None,
    *,
    color: tuple[float, float, float] = WHITE,
    material: str = "",
    name: str = "",
    texture: Texture | None = None,
) -> Mesh:
    """A `Mesh` from any number types; normals that are missing are the mean of the triangles'.

    Args:
        vertices: (V, 3) world units.
        faces: (F, 3) rows of vertices.
        normals: (V, 3) any length.
        uvs: (V, 2) texture coordinates.
        color, material, name, texture: as in `Mesh`.

    Raises:
        MeshError: the text names the array.
    """
    vertices = np.asarray(vertices, np.float64)
    if np.asarray(faces).dtype.kind not in "iu" or len(vertices) > np.iinfo(np.int32).max:
        raise MeshError("mesh faces must be whole numbers below 2^31")
    # Checked before rows are taken by them.
    bare = Mesh(
        vertices.astype(np.float32),
        np.zeros(vertices.shape, np.float32),
        np.zeros((len(vertices), 2), np.float32) if uvs is None else np.asarray(uvs, np.float32),
        np.ascontiguousarray(faces, np.int32).reshape(-1, 3),
        *(color, material, name, texture),
    )
    if normals is None:
        corners = vertices[bare.faces]
        # The cross product's length is twice the area, which is the weight of the mean.
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.zeros_like(vertices)
        for corner in range(3):
            np.add.at(normals, bare.faces[:, corner], across)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit = normals / np.where(length > 0, length, 1)
    return replace(bare, normals=unit.astype(np.float32))
