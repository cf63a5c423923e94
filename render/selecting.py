"""Which splats a person means: shapes on screen, shapes in the world, attributes; masks (N,) bool.

All functions take a scene as it is drawn; splats with opacity 0, which are deleted or hidden, are
for the caller to leave out. Combine masks by `combined`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..scenes.errors import VoileError
from ..scenes.recolor import SH_C0
from ..scenes.splats import Splats
from .camera import Camera

Mask = NDArray[np.bool_]
Float64 = NDArray[np.float64]

How = Literal["replace", "add", "subtract", "intersect"]
HOWS: tuple[How, ...] = ("replace", "add", "subtract", "intersect")

VISIBLE = 0.3
"""Least mean transmittance in front of a splat that is not hidden behind others."""

SOLID = 0.3
"""Least opacity of a splat that is taken for a surface."""

_CHUNK = 1 << 16


class SelectionError(VoileError, ValueError):
    """A shape or range that can select nothing; the text names it."""


def combined(before: Mask, found: Mask, how: How) -> Mask:
    """A selection after one more was found: in its place, added, taken away, or what is in both."""
    if how == "replace":
        return found
    if how == "add":
        return before | found
    if how == "subtract":
        return before & ~found
    if how == "intersect":
        return before & found
    raise SelectionError(f"there is no way {how!r} to combine selections; there are {HOWS}")


def screen_centers(means: NDArray[np.float32], camera: Camera) -> tuple[Float64, Mask]:
    """(N, 2) pixels of centres, and (N,) whether they are beyond the near plane."""
    rotation, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    pixels, ahead = np.zeros((len(means), 2)), np.zeros(len(means), np.bool_)
    for start in range(0, len(means), _CHUNK):
        rows = slice(start, start + _CHUNK)
        x, y, z = (means[rows].astype(np.float64) @ rotation.T + shift).T
        ahead[rows] = z > camera.near
        depth = np.where(ahead[rows], z, 1.0)
        pixels[rows, 0] = camera.fx * x / depth + camera.cx
        pixels[rows, 1] = camera.fy * y / depth + camera.cy
    return pixels, ahead


def in_rectangle(
    means: NDArray[np.float32], camera: Camera, corner: ArrayLike, opposite: ArrayLike
) -> Mask:
    """Splats whose centre is seen inside a rectangle; two opposite corners (2,), pixels."""
    low = np.minimum(corner, opposite)
    high = np.maximum(corner, opposite)
    pixels, ahead = screen_centers(means, camera)
    return ahead & ((pixels >= low) & (pixels <= high)).all(axis=1)


def in_polygon(means: NDArray[np.float32], camera: Camera, polygon: ArrayLike) -> Mask:
    """Splats whose centre is seen inside a polygon (M, 2), pixels, by the even-odd rule.

    The last corner is joined to the first.

    Raises:
        SelectionError: fewer than three corners, or corners that are not finite.
    """
    corners = np.asarray(polygon, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise SelectionError(f"a polygon has at least three corners (M, 2), not {corners.shape}")
    if not np.isfinite(corners).all():
        raise SelectionError("a polygon's corners must be finite")
    pixels, ahead = screen_centers(means, camera)
    box = (pixels >= corners.min(axis=0)) & (pixels <= corners.max(axis=0))
    rows = np.nonzero(ahead & box.all(axis=1))[0]
    x, y = pixels[rows].T
    inside = np.zeros(len(rows), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        if y0 == y1:
            continue
        # A ray to the right crosses the edge where it is at the ray's height.
        inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    found = np.zeros(len(means), np.bool_)
    found[rows[inside]] = True
    return found


def in_sphere(means: NDArray[np.float32], center: ArrayLike, radius: float) -> Mask:
    """Splats whose centre is within `radius` of `center` (3,), world units."""
    offset = means - np.asarray(center, np.float32)
    return np.asarray(np.einsum("ij,ij->i", offset, offset) <= np.float32(radius) ** 2, np.bool_)


def in_box(
    means: NDArray[np.float32],
    center: ArrayLike,
    half: ArrayLike,
    rotation: ArrayLike | None = None,
) -> Mask:
    """Splats whose centre is in a box.

    Args:
        means: (N, 3) world units.
        center, half: (3,) the box's middle and half sizes, world units.
        rotation: (3, 3) whose columns are the box's axes; None are the world's.
    """
    offset = means - np.asarray(center, np.float32)
    if rotation is not None:
        offset = offset @ np.asarray(rotation, np.float32)
    return np.asarray((np.abs(offset) <= np.asarray(half, np.float32)).all(axis=1))


def pick(splats: Splats, camera: Camera, x: float, y: float, reach: float = 12.0) -> int | None:
    """The nearest splat that is not faint and whose centre is seen near a pixel, or None.

    Args:
        splats, camera: the scene and the view.
        x, y: the pixel.
        reach: how far from it centres may be, pixels.
    """
    pixels, ahead = screen_centers(splats.means, camera)
    near = ahead & (splats.opacities >= SOLID) & (np.abs(pixels - (x, y)) <= reach).all(axis=1)
    rows = np.nonzero(near)[0]
    if len(rows) == 0:
        return None
    depths = splats.means[rows] @ camera.world_to_camera[2, :3]
    return int(rows[np.argmin(depths)])


def by_opacity(splats: Splats, low: float, high: float) -> Mask:
    """Splats with an opacity from `low` to `high`, each 0 to 1."""
    return _between(splats.opacities, low, high, "opacity")


def by_size(splats: Splats, low: float, high: float) -> Mask:
    """Splats whose largest standard deviation is `low` to `high`, world units."""
    return _between(splats.scales.max(axis=1, initial=0.0), low, high, "size")


def base_colors(splats: Splats) -> NDArray[np.float32]:
    """(N, 3) the colour of each splat without what depends on the view, display RGB, unclamped."""
    return splats.sh[:, 0] * np.float32(SH_C0) + np.float32(0.5)


def by_color(splats: Splats, color: ArrayLike, distance: float) -> Mask:
    """Splats whose `base_colors` are within `distance` of a display colour (3,), Euclidean."""
    if not distance >= 0.0:
        raise SelectionError(f"the distance of colours is {distance}; it must not be negative")
    offset = np.clip(base_colors(splats), 0.0, 1.0) - np.asarray(color, np.float32)
    return np.asarray(np.einsum("ij,ij->i", offset, offset) <= np.float32(distance) ** 2)


def by_material(splats: Splats, row: int) -> Mask:
    """Splats that wear a row of the materials of their content; -1 for captured colours."""
    if splats.material is None:
        return np.full(len(splats), row < 0)
    return splats.material < 0 if row < 0 else splats.material == row


def unhidden(splats: Splats, camera: Camera, least: float = VISIBLE) -> Mask:
    """Splats that others do not hide from a camera.

    The transmittance in front of a splat, averaged over its footprint by the splat's alpha, as the
    CPU backend composites the sorted picture; splats that touch no pixel are hidden.

    Args:
        splats, camera: the scene and the view.
        least: smallest mean transmittance, 0 to 1.
    """
    from ..kernels.cpu.workers import shared_workers, thread_count  # loads Numba and the kernels
    from .fit import columns_of, see

    found = np.zeros(len(splats), np.bool_)
    if len(splats) == 0:
        return found
    lists, totals = see(splats, columns_of(splats), camera, shared_workers(thread_count()))
    through, whole = totals.T
    found[lists.splats] = (whole > 0.0) & (through >= least * whole)
    return found


def warm_unhidden() -> None:
    """Compiles what `unhidden` runs, or loads it from the cache; later calls return at once."""
    three, four = np.ones((1, 3), np.float32), np.full((1, 4), 0.5, np.float32)
    splats = Splats(three, four, three, np.ones(1, np.float32), three[:, None])
    unhidden(splats, Camera.look_at((0.0, 0.0, 4.0), (0.0, 0.0, 0.0), width=8, height=8))


def _between(values: NDArray[np.float32], low: float, high: float, what: str) -> Mask:
    if not low <= high:
        raise SelectionError(f"{what} from {low} to {high} is no range")
    return (values >= low) & (values <= high)
