"""Cull, project and colour splats: EWA splatting (Zwicker 2001; Kerbl 2023), MATH.md section 1.

A projected splat is a row of 12 float32, a "footprint", made for evaluating the Gaussian on a grid
of pixels quickly and without cancellation. With the Cholesky factor of the inverse covariance,

    log2(o G(p)) = log2 o - u^2 - v^2,    u = U + a X + b Y,    v = V + c Y,

where (X, Y) counts whole pixels from an anchor, the pixel of the image nearest to the splat's
centre. Squaring u and v after the sums, instead of expanding the quadratic form, keeps long thin
splats exact in float32, and the anchor keeps splats exact whose centre is far outside.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..constants import ALPHA_MIN, COV2D_BLUR, JACOBIAN_MARGIN
from .harmonics import sh_basis
from .jit import inline, kernel

ANCHOR_X, ANCHOR_Y, U, V, A, B, C, LOG2_OPACITY, RED, GREEN, BLUE, DEPTH = range(12)
"""Columns of a footprint. Anchor in whole pixels; depth in world units."""

FOOTPRINT = 12

LOG2_ALPHA_MIN = math.log2(ALPHA_MIN)

_HALF_LOG2_E = 0.5 * math.log2(math.e)
_SMALLEST = 1e-18  # of the Cholesky diagonal: flat over any image, its square still a float32


class View(NamedTuple):
    """A camera as the kernels take it.

    Attributes:
        rotation: (3, 3) float64 rows of world_to_camera.
        translation, position: (3,) float64; position is the centre of projection in the world.
        focal, centre: (2,) float64, pixels.
        slope_low, slope_high: (2,) float64, what x/z and y/z are clamped to in the Jacobian.
        size: (2,) float64 width and height, pixels.
        near: world units.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    position: NDArray[np.float64]
    focal: NDArray[np.float64]
    centre: NDArray[np.float64]
    slope_low: NDArray[np.float64]
    slope_high: NDArray[np.float64]
    size: NDArray[np.float64]
    near: float


def make_view(
    world_to_camera: NDArray[np.float64],
    focal: tuple[float, float],
    centre: tuple[float, float],
    size: tuple[int, int],
    near: float,
) -> View:
    """The view of a pinhole camera (OpenCV axes, pixels)."""
    f, c, s = (np.array(pair, np.float64) for pair in (focal, centre, size))
    matrix = np.array(world_to_camera, np.float64)
    rotation, translation = matrix[:3, :3].copy(), matrix[:3, 3].copy()
    # As gsplat does it; a centred principal point gives 1.3 tan(fov / 2) of Kerbl et al.
    margin = JACOBIAN_MARGIN * 0.5 * s / f
    return View(
        rotation,
        translation,
        -rotation.T @ translation,
        f,
        c,
        -c / f - margin,
        (s - c) / f + margin,
        s,
        float(near),
    )


@kernel
def project(
    means, quats, scales, opacities, sh, view, degree, size, antialias, start, stop, z, footprints
):
    """Projects splats start to stop; writes the visible ones from row `start` on, in order.

    Invisible are splats at z <= near, splats whose opacity is below the smallest alpha, and those
    whose exact extent holds no pixel centre of the image's bounds.

    Args:
        means, quats, scales, opacities, sh: columns of `Splats`, float32.
        view: the camera.
        degree: of the spherical harmonics to evaluate.
        size: factor of all scales.
        antialias: multiply the opacity by sqrt(det S' / det(S' + 0.3 I)) (Yu et al. 2024).
        start, stop: range of splats.
        z: (N,) float64 out, view depth.
        footprints: (N, 12) float32 out.

    Returns:
        Number of visible splats.
    """
    r, t, centre, focal = view.rotation, view.translation, view.centre, view.focal
    width, height = view.size[0], view.size[1]
    basis = np.zeros(25, np.float32)
    blur = COV2D_BLUR
    count = 0
    for i in range(start, stop):
        mx, my, mz = np.float64(means[i, 0]), np.float64(means[i, 1]), np.float64(means[i, 2])
        tz = r[2, 0] * mx + r[2, 1] * my + r[2, 2] * mz + t[2]
        opacity = np.float64(opacities[i])
        if tz <= view.near or opacity < ALPHA_MIN:
            continue
        tx = r[0, 0] * mx + r[0, 1] * my + r[0, 2] * mz + t[0]
        ty = r[1, 0] * mx + r[1, 1] * my + r[1, 2] * mz + t[1]
        inv_z = 1.0 / tz
        slope_x, slope_y = tx * inv_z, ty * inv_z
        x, y = focal[0] * slope_x + centre[0], focal[1] * slope_y + centre[1]

        # Rows of J W: the Jacobian of the projection times the view rotation.
        jx, jy = focal[0] * inv_z, focal[1] * inv_z
        sx = min(max(slope_x, view.slope_low[0]), view.slope_high[0])
        sy = min(max(slope_y, view.slope_low[1]), view.slope_high[1])
        h00, h10 = jx * (r[0, 0] - sx * r[2, 0]), jy * (r[1, 0] - sy * r[2, 0])
        h01, h11 = jx * (r[0, 1] - sx * r[2, 1]), jy * (r[1, 1] - sy * r[2, 1])
        h02, h12 = jx * (r[0, 2] - sx * r[2, 2]), jy * (r[1, 2] - sy * r[2, 2])

        # M = J W R diag(s), so that the projected covariance is M M^T + 0.3 I.
        qw, qx = np.float64(quats[i, 0]), np.float64(quats[i, 1])
        qy, qz = np.float64(quats[i, 2]), np.float64(quats[i, 3])
        s0, s1 = size * np.float64(scales[i, 0]), size * np.float64(scales[i, 1])
        s2 = size * np.float64(scales[i, 2])
        two = 2.0 / (qw * qw + qx * qx + qy * qy + qz * qz)
        r00, r01 = 1 - two * (qy * qy + qz * qz), two * (qx * qy - qw * qz)
        r10, r11 = two * (qx * qy + qw * qz), 1 - two * (qx * qx + qz * qz)
        r20, r21 = two * (qx * qz - qw * qy), two * (qy * qz + qw * qx)
        r02, r12 = two * (qx * qz + qw * qy), two * (qy * qz - qw * qx)
        r22 = 1 - two * (qx * qx + qy * qy)
        m00, m10 = (
            s0 * (h00 * r00 + h01 * r10 + h02 * r20),
            s0 * (h10 * r00 + h11 * r10 + h12 * r20),
        )
        m01, m11 = (
            s1 * (h00 * r01 + h01 * r11 + h02 * r21),
            s1 * (h10 * r01 + h11 * r11 + h12 * r21),
        )
        m02, m12 = (
            s2 * (h00 * r02 + h01 * r12 + h02 * r22),
            s2 * (h10 * r02 + h11 * r12 + h12 * r22),
        )
        xx, yy = m00 * m00 + m01 * m01 + m02 * m02, m10 * m10 + m11 * m11 + m12 * m12
        xy = m00 * m10 + m01 * m11 + m02 * m12

        # det(M M^T) as a sum of squares (Cauchy-Binet), and det(M M^T + 0.3 I) as a sum of positive
        # terms: the difference xx yy - xy^2 would cancel for needles.
        d01, d02, d12 = m00 * m11 - m01 * m10, m00 * m12 - m02 * m10, m01 * m12 - m02 * m11
        sharp_det = d01 * d01 + d02 * d02 + d12 * d12
        det = sharp_det + blur * (xx + yy) + blur * blur
        if not det < 1e300:  # a splat this large against its distance has left float64
            continue
        xx += blur
        yy += blur
        if antialias:
            opacity *= math.sqrt(sharp_det / det)
            if opacity < ALPHA_MIN:
                continue
        log2_opacity = math.log2(opacity)

        # Extent of alpha >= 1/255: d^T S'^-1 d <= 2 ln(255 o).
        reach = (log2_opacity - LOG2_ALPHA_MIN) / _HALF_LOG2_E
        half_x, half_y = math.sqrt(reach * xx), math.sqrt(reach * yy)
        if not (
            x + half_x >= 0.5
            and x - half_x <= width - 0.5
            and y + half_y >= 0.5
            and y - half_y <= height - 0.5
        ):
            continue

        a, c = math.sqrt(_HALF_LOG2_E * yy / det), math.sqrt(_HALF_LOG2_E / yy)
        b = -a * xy / yy
        a, c = max(a, _SMALLEST), max(c, _SMALLEST)
        anchor_x = math.floor(min(max(x, 0.0), width - 1.0))
        anchor_y = math.floor(min(max(y, 0.0), height - 1.0))
        dx, dy = anchor_x + 0.5 - x, anchor_y + 0.5 - y

        row = start + count
        z[row] = tz
        out = footprints[row]
        out[ANCHOR_X], out[ANCHOR_Y] = anchor_x, anchor_y
        out[U], out[V] = a * dx + b * dy, c * dy
        out[A], out[B], out[C] = a, b, c
        out[LOG2_OPACITY] = log2_opacity
        out[DEPTH] = min(tz, 1e38)

        vx, vy, vz = mx - view.position[0], my - view.position[1], mz - view.position[2]
        inv_length = 1.0 / math.sqrt(vx * vx + vy * vy + vz * vz)
        sh_basis(
            np.float32(vx * inv_length),
            np.float32(vy * inv_length),
            np.float32(vz * inv_length),
            degree,
            basis,
        )
        red = green = blue = np.float32(0.5)
        for k in range((degree + 1) * (degree + 1)):
            red += basis[k] * sh[i, k, 0]
            green += basis[k] * sh[i, k, 1]
            blue += basis[k] * sh[i, k, 2]
        out[RED], out[GREEN], out[BLUE] = _light(red), _light(green), _light(blue)
        count += 1
    return count


@inline
def _light(value):
    """max(0, value), and finite: coefficients near float32's limits overflow in the sum."""
    return min(value, np.float32(1e30)) if value > np.float32(0) else np.float32(0)


@kernel
def gather(places, start, stop, footprints, ordered):
    """ordered[i] = footprints[place i], for positions start to stop of the depth order.

    The tile stages read footprints front to back; copied once, they read memory in order.
    """
    for i in range(start, stop):
        place = places[i] & np.uint64(0xFFFFFFFF)
        for k in range(FOOTPRINT):
            ordered[i, k] = footprints[place, k]
