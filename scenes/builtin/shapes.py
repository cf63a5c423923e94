"""Surfaces, tubes and lines as evenly spread points with frames.

Work coordinates are right-handed with y up; `compose` turns the finished scene to INRIA's axes.
Points follow the golden angle, which covers any surface of revolution without rows or clumps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]

GOLDEN = np.pi * (3.0 - np.sqrt(5.0))


@dataclass
class Part:
    """N splats before lighting. A value that is the same for all may be given once.

    Attributes:
        points: (N, 3) centres.
        normals, tangents: (N, 3) unit, perpendicular; the splat is thin along the normal.
        scales: (N, 3) along tangent, bitangent and normal.
        albedo: (N, 3) linear reflectance.
        opacities: (N,).
        gloss: (N,) strength of the mirror image of light, 0 for matt.
        sharpness: (N,) of the highlight; SH degree 3 shows up to about 8.
        tint: (N, 3) colour of the highlight, white for ceramics, the metal's own for metals.
        translucency: (N,) share of light that comes through from behind (leaves).
        glow: (N, 3) emitted light.
    """

    points: Float
    normals: Float
    tangents: Float
    scales: Float
    albedo: Float = field(default_factory=lambda: np.array([[0.5, 0.5, 0.5]]))
    opacities: Float = field(default_factory=lambda: np.array([0.95]))
    gloss: Float = field(default_factory=lambda: np.array([0.0]))
    sharpness: Float = field(default_factory=lambda: np.array([4.0]))
    tint: Float = field(default_factory=lambda: np.array([[1.0, 1.0, 1.0]]))
    translucency: Float = field(default_factory=lambda: np.array([0.0]))
    glow: Float = field(default_factory=lambda: np.array([[0.0, 0.0, 0.0]]))

    def __len__(self) -> int:
        return len(self.points)

    def look(self, **values: Any) -> Part:
        """Sets material values; returns itself."""
        for name, value in values.items():
            array = np.asarray(value, np.float64)
            wide = name in ("albedo", "tint", "glow")
            setattr(self, name, np.atleast_2d(array) if wide else np.atleast_1d(array))
        return self

    def at(self, offset: ArrayLike) -> Part:
        """Moves the part; returns itself."""
        self.points = self.points + np.asarray(offset, np.float64)
        return self

    def turned(self, matrix: Float) -> Part:
        """Rotates the part about the origin; returns itself."""
        for name in ("points", "normals", "tangents"):
            setattr(self, name, rotated(getattr(self, name), matrix))
        return self


def join(parts: list[Part]) -> Part:
    """All parts as one, with every value per splat."""
    columns = {}
    for f in fields(Part):
        columns[f.name] = np.concatenate(
            [np.broadcast_to(a := getattr(p, f.name), (len(p), *a.shape[1:])) for p in parts]
        )
    return Part(**columns)


def frame(points: Float, normals: Float, tangents: Float, scales: ArrayLike) -> Part:
    """A part from normals and rough tangents, which are made perpendicular."""
    normals = unit(normals)
    tangents = unit(tangents - np.sum(tangents * normals, 1, keepdims=True) * normals)
    return Part(points, normals, tangents, np.broadcast_to(scales, (len(points), 3)))


def dot(a: Float, b: Float) -> Float:
    """Inner products of vectors (..., 3), by plain sums: BLAS rounds by the processor it is on."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def rotated(v: Float, matrix: Float) -> Float:
    """Vectors (..., 3) by a matrix (3, 3), each as a column; by plain sums as well."""
    return np.stack([dot(v, row) for row in matrix], -1)


def unit(v: Float) -> Float:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def rotation(axis: ArrayLike, angle: float) -> Float:
    """(3, 3) rotation about an axis, radians (Rodrigues)."""
    x, y, z = unit(np.asarray(axis, np.float64))
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * rotated(k, k.T)


def revolve(profile: ArrayLike, count: int, *, flat: float = 0.12, cover: float = 0.72) -> Part:
    """A surface of revolution about y.

    Args:
        profile: (M, 2) radius and height along the outline; outward is to its right.
        count: splats.
        flat: thickness of a splat over its width.
        cover: width of a splat over the distance to its neighbours.
    """
    outline = np.asarray(profile, np.float64)
    steps = np.diff(outline, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    areas = np.pi * (outline[1:, 0] + outline[:-1, 0]) * lengths
    k, along = _spread(areas, count)
    radius = outline[k, 0] + along * steps[k, 0]
    height = outline[k, 1] + along * steps[k, 1]
    angle = GOLDEN * np.arange(count)
    cos, sin = np.cos(angle), np.sin(angle)
    # Normals vary smoothly along the outline: averaged at its corners, blended in between.
    side = np.stack([steps[:, 1], -steps[:, 0]], 1) / lengths[:, None]
    corner = np.concatenate([side[:1], side[1:] + side[:-1], side[-1:]])
    n2 = unit(unit(corner)[k] * (1 - along[:, None]) + unit(corner)[k + 1] * along[:, None])
    normals = np.stack([n2[:, 0] * cos, n2[:, 1], n2[:, 0] * sin], 1)
    tangents = np.stack([-sin, np.zeros(count), cos], 1)
    size = cover * np.sqrt(areas.sum() / count)
    points = np.stack([radius * cos, height, radius * sin], 1)
    return frame(points, normals, tangents, (size, size, flat * size))


def disc(radius: float, count: int, *, flat: float = 0.12, cover: float = 0.72) -> Part:
    """A horizontal disc at y = 0, facing up."""
    return revolve([(radius, 0.0), (0.0, 0.0)], count, flat=flat, cover=cover)


def ellipsoid(radii: ArrayLike, count: int, *, flat: float = 0.12) -> Part:
    """An ellipsoid about the origin."""
    a = np.asarray(radii, np.float64)
    y = 1 - 2 * (np.arange(count) + 0.5) / count
    r, angle = np.sqrt(1 - y * y), GOLDEN * np.arange(count)
    ball = np.stack([r * np.cos(angle), y, r * np.sin(angle)], 1)
    size = 0.72 * np.sqrt(4 * np.pi / count) * a.mean()
    tangents = np.cross(ball, [0.31, 0.9, 0.3])
    return frame(ball * a, ball / a, tangents, (size, size, flat * size))


def curve(path: Callable[[Float], Float], samples: int = 200) -> Float:
    """(samples, 3) points of a path given over [0, 1]."""
    return path(np.linspace(0.0, 1.0, samples))


def spline(points: ArrayLike, samples: int = 120) -> Float:
    """(samples, 3) points of a Catmull-Rom spline through control points."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, len(p) - 3 - 1e-9, samples)
    k, f = t.astype(int), (t % 1.0)[:, None]
    a, b, c, d = p[k], p[k + 1], p[k + 2], p[k + 3]
    return 0.5 * (
        2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3
    )


def tube(line: Float, radii: ArrayLike, count: int, *, stretch: float = 1.5) -> Part:
    """A tube around a line (M, 3) of points; `stretch`: splat length over width."""
    radii = np.broadcast_to(np.asarray(radii, np.float64), (len(line),))
    steps = np.diff(line, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    areas = lengths * (radii[1:] + radii[:-1]) * np.pi
    k, f = _spread(areas, count)
    center = line[k] + f[:, None] * steps[k]
    radius = radii[k] + f * (radii[k + 1] - radii[k])
    along = unit(steps[k])
    reference = np.where(np.abs(along[:, 1:2]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    side = unit(np.cross(along, reference))
    other = np.cross(along, side)
    angle = (GOLDEN * np.arange(count))[:, None]
    normals = np.cos(angle) * side + np.sin(angle) * other
    size = 0.72 * np.sqrt(areas.sum() / count)
    width = np.minimum(size, 1.1 * radius)
    scales = np.stack(
        [np.maximum(size, width) * stretch, width / np.sqrt(stretch), 0.15 * width], 1
    )
    return frame(center + radius[:, None] * normals, normals, along, scales)


def wire(line: Float, radius: float, count: int, facing: ArrayLike = (0.3, 0.8, 0.5)) -> Part:
    """A line thinner than its splats are long: one splat after the other along it."""
    steps = np.diff(line, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    k, f = _spread(lengths, count)
    points = line[k] + f[:, None] * steps[k]
    along = unit(steps[k])
    toward = np.asarray(facing, np.float64)
    normals = toward - np.sum(along * toward, 1, keepdims=True) * along
    return frame(points, normals, along, (0.6 * lengths.sum() / count, radius, radius))


def _spread(sizes: Float, count: int) -> tuple[NDArray[np.intp], Float]:
    """Evenly spread places over pieces (M,): which piece (count,), and the share of it before."""
    edges = np.concatenate([[0.0], np.cumsum(sizes)])
    where = (np.arange(count) + 0.5) / count * edges[-1]
    # A place on the border of two is in the second, however the sizes were rounded.
    k = np.searchsorted(edges[1:-1] - 1e-9 * edges[-1], where, "right")
    return k, (where - edges[k]) / sizes[k]
