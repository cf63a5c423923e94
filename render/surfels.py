"""Surfels in float64: exact ray-splat intersection of 2D Gaussian splatting (Huang et al. 2024).

A surfel is a disc in the plane of its first two axes. Its point (u, v), in standard deviations,
is at m + u s_u t_u + v s_v t_v; in homogeneous pixels

    (x w, y w, w) = M (u, v, 1),    w = z of the camera axes.

The ray of a pixel (x, y) is where two planes meet, x w - (x w) = 0 and y w - (y w) = 0. In the
surfel's coordinates they are h_u = x M_2 - M_0 and h_v = y M_2 - M_1, and they meet the disc at
(u, v, 1) ~ h_u x h_v: no matrix is inverted, so a disc seen from its edge is no special case.

    G = max(exp(-(u^2 + v^2) / 2), exp(-|p - c|^2 / (2 sigma^2))),    sigma = sqrt(2) / 2 pixels,

where c is the projected centre: the low-pass filter in the object's space. Where the ray meets the
disc behind the near plane, or nowhere, the filter alone is left. Depth is that of the meeting
point, or of the centre where the filter is the larger of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SURFEL_BLUR

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Surfel:
    """One surfel before a camera.

    Attributes:
        matrix: (3, 3) M.
        near: world units; nothing of the surfel nearer than this shows.
    """

    matrix: Float64
    near: float

    def meet(self, x: Float64, y: Float64) -> tuple[Float64, Float64]:
        """Squared distance from the centre in standard deviations, and depth, at pixels.

        x (W,) and y (H, 1) are pixel centres; returns (H, W) arrays. The exponent is half of the
        distance that is returned, whichever of the two Gaussians it belongs to.
        """
        to_x, to_y, to_w = self.matrix
        planes_u = x[..., None] * to_w - to_x
        planes_v = y[..., None] * to_w - to_y
        points = np.cross(planes_u, planes_v)
        depth_scale = points @ to_w
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            depths = depth_scale / points[..., 2]
            away = (points[..., 0] ** 2 + points[..., 1] ** 2) / points[..., 2] ** 2
        away = np.where(depths > self.near, away, np.inf)  # false for NaN as well
        dx, dy = x - to_x[2] / to_w[2], y - to_y[2] / to_w[2]
        blurred = (dx * dx + dy * dy) / SURFEL_BLUR
        return np.minimum(away, blurred), np.where(away <= blurred, depths, to_w[2])


def surfel_matrices(axes: Float64, centers: Float64, focal: Float64, center: Float64) -> Float64:
    """(M, 3, 3) matrices from (u, v, 1) to homogeneous pixels.

    Args:
        axes: (M, 3, 3) columns are the scaled axes in camera axes; the third is not used.
        centers: (M, 3) in camera axes.
        focal, center: (2,) of the camera, pixels.
    """
    points = np.concatenate([axes[:, :, :2], centers[:, :, None]], axis=2)
    projected = focal[:, None] * points[:, :2] + center[:, None] * points[:, 2:]
    return np.concatenate([projected, points[:, 2:]], axis=1)


def surfel_boxes(matrices: Float64, reach: Float64, near: float) -> tuple[Float64, Float64]:
    """The exact box of every surfel on the image, as (M, 2) low and high corners, pixels.

    What shows of the disc of radius r around the centre is its part with z >= near. It is convex,
    and so is its picture: the box ends at points of the rim whose tangent is upright or level, or
    at the ends of the chord where z = near. With T the row of M for x or y and n = T x M_2, the
    quotient T / w is stationary on the rim (r cos a, r sin a, 1) where
    n_0 cos a + n_1 sin a = r n_2. The low-pass filter adds a disc around the centre.

    Args:
        matrices: (M, 3, 3).
        reach: (M,) r^2: squared distance in standard deviations out to which alpha >= 1/255.
        near: world units; centres are beyond it.
    """
    radius, to_w = np.sqrt(reach), matrices[:, 2]
    chord = _angles(to_w[:, 0], to_w[:, 1], (near - to_w[:, 2]), radius)
    low, high = np.empty((len(matrices), 2)), np.empty((len(matrices), 2))
    for axis in (0, 1):
        to_pixel = matrices[:, axis]
        normal = np.cross(to_pixel, to_w)
        rim = _angles(normal[:, 0], normal[:, 1], reach * normal[:, 2], radius)
        angles = np.concatenate([rim, chord], axis=1)
        points = np.stack(
            [radius[:, None] * np.cos(angles), radius[:, None] * np.sin(angles), 1.0 + 0.0 * angles]
        )
        on_chord = np.arange(angles.shape[1]) >= rim.shape[1]
        z = np.where(on_chord, near, np.einsum("mi,ima->ma", to_w, points))
        shows = np.isfinite(angles) & (z >= near)
        place = np.einsum("mi,ima->ma", to_pixel, points) / np.where(shows, z, 1.0)
        middle = to_pixel[:, 2] / to_w[:, 2]
        blur = np.sqrt(reach * SURFEL_BLUR)
        low[:, axis] = np.minimum(np.where(shows, place, np.inf).min(axis=1), middle - blur)
        high[:, axis] = np.maximum(np.where(shows, place, -np.inf).max(axis=1), middle + blur)
    return low, high


def _angles(a: Float64, b: Float64, c: Float64, radius: Float64) -> Float64:
    """(M, 2) the angles where radius (a cos + b sin) = c; NaN where there are none."""
    length = radius * np.hypot(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.arccos(c / length)
    middle = np.arctan2(b, a)
    return np.stack([middle - half, middle + half], axis=1)
