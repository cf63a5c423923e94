"""Cells: groups of splats that are culled and sorted as one (Duplex-GS, Liu et al. 2025).

A cell stands for its splats by a proxy, an ellipsoid around all of them. Cells are made once per
scene, by splitting where much is covered over a long way: splats are weighed by opacity times area,
and the heaviest and longest cell is cut in two at its mean until there are enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import ALPHA_MIN, COV2D_BLUR, JACOBIAN_MARGIN, SURFEL_BLUR
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .camera import Camera
from .projection import quats_to_matrices

Float64 = NDArray[np.float64]

SPLATS_PER_CELL = 24
"""On average: below 5 % of the keys of a full sort."""

MOST_SPLATS = 256
"""In one cell; the kernels hold a whole cell at a time."""

_CHUNK = 1 << 16

_STAGE = "Grouping splats into cells"
_PAUSE = 1 << 19  # splats gone through between two reports
_SPLITTING = 0.6  # the part of the time that it takes


@dataclass(frozen=True, eq=False)
class Cells:
    """G cells of a scene.

    Attributes:
        splats: the scene in the order of its cells.
        order: (N,) which splats of the scene these are.
        starts: (G + 1,) cell g is splats starts[g] to starts[g + 1].
        centers: (G, 3) world units.
        axes: (G, 3, 3) columns are the semi-axes of the proxies, world units.
    """

    splats: Splats
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    centers: Float64
    axes: Float64

    def __len__(self) -> int:
        return len(self.centers)

    @cached_property
    def numbers(self) -> NDArray[np.int32]:
        """(N,) the cell of every splat."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    def bounds(self, camera: Camera, splat_scale: float = 1.0) -> tuple[Float64, Float64, Float64]:
        """A box on the image around every cell, and depth.

        No splat of the cell touches the image outside the box, however its footprint is made.
        The proxy holds each splat out to alpha 1/255, and so does its outline on the image; but
        the linearised projection widens a footprint by slope times extent in depth, with the slope
        clamped, and the low-pass filter widens it once more.

        Returns:
            low, high: (G, 2) pixels; of a cell behind the near plane low is above high.
            depths: (G,) of the centres, world units.
        """
        rotation, translation = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
        solid = self.splats.kind == "3d"
        middle = self.centers @ rotation.T + translation
        reach = max(1.0, splat_scale) * np.linalg.norm(rotation @ self.axes, axis=2)
        z, reach_z = middle[:, 2:], reach[:, 2:]
        nearest = np.maximum(z - reach_z, camera.near)
        farthest = np.maximum(z + reach_z, nearest)
        focal = np.array([camera.fx, camera.fy])
        center = np.array([camera.cx, camera.cy])
        size = np.array([camera.width, camera.height])
        steepest = np.maximum(np.abs(center), np.abs(size - center)) / focal
        steepest += JACOBIAN_MARGIN * 0.5 * size / focal
        blur = np.sqrt(2.0 * np.log(1.0 / ALPHA_MIN) * (COV2D_BLUR if solid else SURFEL_BLUR))
        slope = np.minimum((np.abs(middle[:, :2]) + reach[:, :2]) / nearest, steepest)
        wide = focal / nearest * slope * reach_z + blur
        low, high = middle[:, :2] - reach[:, :2], middle[:, :2] + reach[:, :2]
        low = focal * np.minimum(low / nearest, low / farthest) + center - wide
        high = focal * np.maximum(high / nearest, high / farthest) + center + wide
        behind = z[:, 0] + reach_z[:, 0] <= camera.near
        low[behind], high[behind] = np.inf, -np.inf
        return low, high, z[:, 0]

    def visible(self, camera: Camera, splat_scale: float = 1.0) -> NDArray[np.int64]:
        """The cells whose box touches the image, front to back by the depth of their centres."""
        low, high, depths = self.bounds(camera, splat_scale)
        size = np.array([camera.width, camera.height])
        cells = np.nonzero(((high > 0.0) & (low < size)).all(axis=1))[0]
        return cells[np.argsort(depths[cells], kind="stable")]


def build_cells(splats: Splats, progress: Progress = silent) -> Cells:
    """Groups a scene; the same scene gives the same cells.

    Raises:
        Cancelled: `progress` asked for it.
    """
    n = len(splats)
    progress(0.0, _STAGE)
    if n == 0:
        none = np.zeros(0, np.int64)
        return Cells(splats, none, np.zeros(1, np.int64), np.zeros((0, 3)), np.zeros((0, 3, 3)))
    sizes = np.sort(splats.scales, axis=1).astype(np.float64)
    mass = splats.opacities * sizes[:, 1] * sizes[:, 2]
    mass = np.maximum(mass, 1e-9 * max(float(mass.max()), 1e-290))
    mass /= mass.max()
    order, starts = _split(splats, mass, lambda part, stage: progress(_SPLITTING * part, stage))
    progress(_SPLITTING, _STAGE)
    grouped = splats.take(order)
    proxies = _proxies(
        *(grouped, mass[order], starts),
        lambda part, stage: progress(_SPLITTING + (1.0 - _SPLITTING) * part, stage),
    )
    return Cells(grouped, order, starts, *proxies)


def _split(
    splats: Splats, mass: Float64, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) splats cell by cell, and (G + 1,) where the cells start."""
    from ..kernels.cpu.cells import split_cells  # Numba: whoever needs no cells does not load it

    n = len(splats)
    points = splats.means.astype(np.float64)
    order, ends, urgencies = np.arange(n), np.zeros(n, np.bool_), np.zeros(n)
    wanted, more = -(-n // SPLATS_PER_CELL), True
    while more:
        cells, more = split_cells(points, mass, wanted, MOST_SPLATS, _PAUSE, order, ends, urgencies)
        # Splitting all cells once more takes about as long as it did the time before.
        progress(min(1.0, math.log(cells + 1) / math.log(wanted + 1)), _STAGE)
    return order, np.concatenate([[0], np.nonzero(ends)[0] + 1])


def _proxies(
    splats: Splats, mass: Float64, starts: NDArray[np.int64], progress: Progress
) -> tuple[Float64, Float64]:
    """Centres (G, 3) and semi-axes (G, 3, 3) of ellipsoids around the splats of each cell.

    A splat reaches to where its alpha is 1/255. Its ellipsoid {m + B v} lies within {c + A u} if
    |A^-1 (m - c)| + |A^-1 B| <= 1 (the triangle inequality), so A is the spread of the cell, grown
    until that holds for every splat.
    """
    first, cells = starts[:-1], np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    total = np.add.reduceat(mass, first)
    means = splats.means.astype(np.float64)
    centers = np.add.reduceat(mass[:, None] * means, first) / total[:, None]
    offsets = means - centers[cells]
    reach = np.sqrt(2.0 * np.log(np.maximum(splats.opacities / ALPHA_MIN, 1.0)))
    spread = np.zeros((len(centers), 3, 3))
    for rows in _chunks(len(means)):
        progress(0.3 * rows.start / len(means), _STAGE)
        shape = _shape(splats, reach, rows)
        own = offsets[rows, :, None] * offsets[rows, None, :] + shape @ shape.transpose(0, 2, 1)
        np.add.at(spread, cells[rows], own)
    values, vectors = np.linalg.eigh(spread / np.diff(starts)[:, None, None])
    largest = np.maximum(values[:, -1:], 1e-60)
    axes = vectors * np.sqrt(np.maximum(values, 1e-6 * largest))[:, None, :]
    inverse = np.linalg.inv(axes)
    growth = np.zeros(len(centers))
    for rows in _chunks(len(means)):
        progress(0.3 + 0.7 * rows.start / len(means), _STAGE)
        to_unit = inverse[cells[rows]]
        away = np.linalg.norm(np.einsum("nij,nj->ni", to_unit, offsets[rows]), axis=1)
        own = np.linalg.norm(to_unit @ _shape(splats, reach, rows), ord=2, axis=(1, 2))
        np.maximum.at(growth, cells[rows], away + own)
    return centers, axes * np.maximum(growth, 1e-30)[:, None, None]


def _shape(splats: Splats, reach: Float64, rows: slice) -> Float64:
    """(n, 3, 3) columns are the semi-axes of splats out to alpha 1/255."""
    matrices = quats_to_matrices(splats.quats[rows].astype(np.float64))
    return matrices * (splats.scales[rows] * reach[rows, None])[:, None, :]


def _chunks(n: int) -> list[slice]:
    return [slice(k, k + _CHUNK) for k in range(0, n, _CHUNK)]
