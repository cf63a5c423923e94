"""Smooth solids as meshes with texture coordinates, in work coordinates (y up)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..mesh import Mesh, make_mesh
from .light import turn
from .shapes import Float, dot, unit


def lathe(profile: ArrayLike, around: int, repeats: tuple[float, float], material: str) -> Mesh:
    """A surface of revolution about y.

    Args:
        profile: (M, 2) radius and height along the outline; outward is to its right.
        around: segments.
        repeats: of the texture, around and along the outline.
        material: name of what it is made of.
    """
    outline = np.asarray(profile, np.float64)
    steps = np.gradient(outline, axis=0)
    side = unit(np.stack([steps[:, 1], -steps[:, 0]], 1))
    angle = np.linspace(0.0, 2.0 * np.pi, around + 1)[:, None]
    ring = np.stack([np.cos(angle), 0.0 * angle, np.sin(angle)], -1)
    up = np.array([0.0, 1.0, 0.0])
    lengths = np.linalg.norm(np.diff(outline, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    u, v = np.broadcast_arrays(-angle / (2.0 * np.pi) * repeats[0], along * repeats[1])
    return _grid(
        ring * outline[:, :1] + outline[:, 1:] * up,
        ring * side[:, :1] + side[:, 1:] * up,
        np.stack([u, v], -1),
        material,
    )


def loop(line: Float, radius: float, around: int, repeats: tuple[int, int], material: str) -> Mesh:
    """A tube about a closed line.

    Args:
        line: (M, 3) points; the last is the first.
        radius: of the tube.
        around: segments of a section.
        repeats: of the texture, along the line and around the tube; whole, so that it closes.
        material: name of what it is made of.
    """
    along = unit(np.gradient(line, axis=0))
    along[0] = along[-1] = unit(along[0] + along[-1])
    side = unit(np.cross(along[0], [0.31, 0.90, 0.30]))
    sides = []
    for tangent in along:  # turned as little as can be from section to section
        side = unit(side - dot(side, tangent) * tangent)
        sides.append(side)
    first, across = np.array(sides), np.cross(along, sides)
    # What is left of a turn when the line closes is spread over all of it.
    closing = np.arctan2(dot(first[-1], across[0]), dot(first[-1], first[0]))
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    share = (lengths / lengths[-1])[:, None]
    angle = np.linspace(0.0, 2.0 * np.pi, around + 1)
    turned = (angle - closing * share)[..., None]
    normals = np.cos(turned) * first[:, None] + np.sin(turned) * across[:, None]
    u, v = np.broadcast_arrays(share * repeats[0], angle / (2.0 * np.pi) * repeats[1])
    return _grid(line[:, None] + radius * normals, normals, np.stack([u, v], -1), material)


def placed(mesh: Mesh, offset: ArrayLike, name: str) -> Mesh:
    """A mesh of work coordinates at its place in the scene, whose y is down."""
    matrix = np.diag([*turn(np.ones(3)), 1.0])
    matrix[:3, 3] = turn(np.asarray(offset, np.float64))
    return replace(mesh.placed(matrix), name=name)


def _grid(points: Float, normals: Float, uvs: Float, material: str) -> Mesh:
    """A mesh of a grid (R, C, 3) of points."""
    rows, columns = points.shape[:2]
    k = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (k[:-1, :-1], k[:-1, 1:], k[1:, 1:], k[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return make_mesh(
        points.reshape(-1, 3),
        faces,
        normals.reshape(-1, 3),
        uvs.reshape(-1, 2),
        material=material,
    )
