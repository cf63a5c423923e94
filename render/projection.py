"""Projection of splats in float64: EWA splatting (Zwicker et al. 2001) as in Kerbl et al. 2023.

The antialiasing factor is Mip-Splatting's (Yu et al. 2024); it is for ellipsoids only. Surfels are
met by rays, see `surfels`; what concerns their centres is as for ellipsoids. Every other backend is
tested against this file and the modes in `render/modes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import ALPHA_MAX, ALPHA_MIN, COV2D_BLUR, JACOBIAN_MARGIN
from ..scenes.sh import sh_basis
from ..scenes.splats import Splats
from .camera import Camera
from .settings import FRUSTUM_MARGIN, Settings
from .surfels import Surfel, surfel_boxes, surfel_matrices

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Projected:
    """M visible splats on the image plane, front to back by the depth of their centres.

    Attributes:
        centers: (M, 2) pixels.
        conics: (M, 3) inverse covariance (A, B, C): q = A dx^2 + 2 B dx dy + C dy^2, pixels^-2.
        low, high: (M, 2) corners of the exact box where alpha >= 1/255, pixels.
        opacities: (M,) with the antialiasing factor.
        colors: (M, 3) seen from the camera, >= 0.
        depths: (M,) z of the centres in camera axes, world units.
        thicknesses: (M,) standard deviations along z of the camera axes, world units.
        directions: (M, 3) unit, from the camera to the centres, world axes.
        splats: (M,) which splat of the scene each one is.
        surfels: (M,) which are surfels. Their conics mean nothing.
        matrices: (M, 3, 3) of surfels, see `surfels`.
    """

    centers: Float64
    conics: Float64
    low: Float64
    high: Float64
    opacities: Float64
    colors: Float64
    depths: Float64
    thicknesses: Float64
    directions: Float64
    splats: NDArray[np.int64]
    surfels: NDArray[np.bool_]
    matrices: Float64


@dataclass(frozen=True)
class Footprint:
    """One splat where it touches the image: `alpha` on the pixels `image[window]`.

    Attributes:
        depth: of the centre, which modes order, weigh and bin by, as scenes are trained.
        seen_depth: what depth images show: of the point that the ray of each pixel meets, where
            the splat is a surfel.
        row: its place in `Projected`.
    """

    window: tuple[slice, slice]
    alpha: Float64
    color: Float64
    depth: float
    seen_depth: Float64 | float
    row: int


def project(splats: Splats, camera: Camera, settings: Settings) -> Projected:
    """Splats in front of the near plane on the image plane, sorted by depth, stable by index."""
    rotation, translation = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    means = splats.means.astype(np.float64)
    t = means @ rotation.T + translation
    visible = np.nonzero(t[:, 2] > camera.near)[0]
    order = visible[np.argsort(t[visible, 2], kind="stable")]
    means, t = means[order], t[order]
    x, y, z = t.T

    # Rows of M = J W R diag(s): the projected covariance is S' = M M^T.
    axes = rotation @ quats_to_matrices(splats.quats[order].astype(np.float64))
    axes *= (splats.scales[order].astype(np.float64) * settings.splat_scale)[:, None, :]
    slope_x = _clamp_slope(x / z, camera.fx, camera.cx, camera.width)
    slope_y = _clamp_slope(y / z, camera.fy, camera.cy, camera.height)
    m_x = (camera.fx / z)[:, None] * (axes[:, 0] - slope_x[:, None] * axes[:, 2])
    m_y = (camera.fy / z)[:, None] * (axes[:, 1] - slope_y[:, None] * axes[:, 2])
    s_xx, s_yy = np.sum(m_x * m_x, 1), np.sum(m_y * m_y, 1)
    s_xy = np.sum(m_x * m_y, 1)
    # Lagrange's identity: s_xx s_yy - s_xy^2 without its cancellation for thin splats.
    trace_sharp = s_xx + s_yy
    det_sharp = np.sum(np.cross(m_x, m_y) ** 2, 1)
    det = det_sharp + COV2D_BLUR * (s_xx + s_yy) + COV2D_BLUR**2
    s_xx, s_yy = s_xx + COV2D_BLUR, s_yy + COV2D_BLUR

    opacities = splats.opacities[order].astype(np.float64)
    surfels = splats.surfels[order]
    if settings.uses_antialiasing(splats.antialiased):
        opacities = opacities * np.where(surfels, 1.0, np.sqrt(det_sharp / det))
    # alpha >= 1/255 where q <= 2 ln(255 o), an ellipse with this half width and height.
    reach = 2.0 * np.log(np.maximum(opacities / ALPHA_MIN, 1.0))

    directions = means - camera.position
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    degree = min(splats.sh_degree, settings.max_sh_degree)
    basis = sh_basis(directions, degree)
    sh = splats.sh[order, : basis.shape[1]].astype(np.float64)
    centers = np.stack([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy], 1)
    extents = np.sqrt(reach[:, None] * np.stack([s_xx, s_yy], 1))
    low, high = centers - extents, centers + extents
    matrices = surfel_matrices(
        axes, t, np.array([camera.fx, camera.fy]), np.array([camera.cx, camera.cy])
    )
    low[surfels], high[surfels] = surfel_boxes(matrices[surfels], reach[surfels], camera.near)
    kept = _kept(centers, trace_sharp, opacities, camera, settings)
    return Projected(
        centers=centers[kept],
        conics=(np.stack([s_yy, -s_xy, s_xx], 1) / det[:, None])[kept],
        low=low[kept],
        high=high[kept],
        opacities=opacities[kept],
        colors=np.maximum(0.0, 0.5 + np.einsum("mk,mkc->mc", basis, sh))[kept],
        depths=z[kept],
        thicknesses=np.linalg.norm(axes[:, 2], axis=1)[kept],
        directions=directions[kept],
        splats=order[kept],
        surfels=surfels[kept],
        matrices=matrices[kept],
    )


def _kept(
    centers: Float64, trace: Float64, opacities: Float64, camera: Camera, settings: Settings
) -> NDArray[np.bool_]:
    """(M,) which splats the settings do not leave out, whether they touch the picture or not.

    `trace` is that of the projected covariance without its low-pass filter, pixels^2.
    """
    size = np.array([camera.width, camera.height])
    gap = np.maximum(np.maximum(0.5 - centers, centers - (size - 0.5)), 0.0)
    return (
        (opacities >= settings.min_alpha)
        & (trace >= settings.min_pixels**2)
        & (gap <= FRUSTUM_MARGIN[settings.frustum] * size).all(axis=1)
    )


def footprints(
    splats: Projected,
    camera: Camera,
    limits: NDArray[np.floating] | None = None,
    rows: slice | None = None,
) -> Iterator[Footprint]:
    """Each splat's alpha on the pixels of its box, in order; pixel centres are at +0.5.

    `limits` (H, W) are depths beyond which splats are not seen at a pixel. `rows` of the image are
    taken for the whole of it, and windows are in them.
    """
    top, bottom = (0, camera.height) if rows is None else (rows.start, rows.stop)
    least, most = np.array([0, top]), np.array([camera.width, bottom])
    first = np.clip(np.ceil(splats.low - 0.5), least, most).astype(int)
    end = np.clip(np.floor(splats.high - 0.5) + 1, least, most).astype(int)
    seen = (end > first).all(axis=1) & (splats.opacities >= ALPHA_MIN)
    for i in map(int, np.nonzero(seen)[0]):
        (x0, y0), (x1, y1) = first[i], end[i]
        x, y = np.arange(x0, x1) + 0.5, (np.arange(y0, y1) + 0.5)[:, None]
        seen_depth = depth = float(splats.depths[i])
        if splats.surfels[i]:
            q, seen_depth = Surfel(splats.matrices[i], camera.near).meet(x, y)
        else:
            dx, dy = x - splats.centers[i, 0], y - splats.centers[i, 1]
            a, b, c = splats.conics[i]
            q = np.maximum(0.0, a * dx * dx + 2.0 * b * dx * dy + c * dy * dy)
        alpha = np.minimum(ALPHA_MAX, splats.opacities[i] * np.exp(-0.5 * q))
        alpha[alpha < ALPHA_MIN] = 0.0
        if limits is not None:
            alpha[depth > limits[y0:y1, x0:x1]] = 0.0
        window = (slice(y0 - top, y1 - top), slice(x0, x1))
        yield Footprint(window, alpha, splats.colors[i], depth, seen_depth, i)


def quats_to_matrices(quats: Float64) -> Float64:
    """(N, 4) quaternions wxyz to (N, 3, 3) rotation matrices, columns are the axes.

    Of any length but 0: `Splats` has them unit but for 5e-4, which would shear a long splat.
    """
    w, x, y, z = quats.T
    two = 2.0 / (w * w + x * x + y * y + z * z)
    rows = (
        (1 - two * (y * y + z * z), two * (x * y - w * z), two * (x * z + w * y)),
        (two * (x * y + w * z), 1 - two * (x * x + z * z), two * (y * z - w * x)),
        (two * (x * z - w * y), two * (y * z + w * x), 1 - two * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def _clamp_slope(slope: Float64, focal: float, center: float, size: int) -> Float64:
    """x/z kept near the image, where the linearisation of the projection still makes sense."""
    margin = JACOBIAN_MARGIN * 0.5 * size / focal
    return np.clip(slope, -center / focal - margin, (size - center) / focal + margin)
