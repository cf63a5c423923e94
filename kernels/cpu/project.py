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
from .footprint import (
    ANCHOR_X,
    ANCHOR_Y,
    BLUE,
    DEPTH,
    FOOTPRINT,
    GREEN,
    HALF_LOG2_E,
    LOG2_ALPHA_MIN,
    LOG2_OPACITY,
    RED,
    SMALLEST,
    A,
    B,
    C,
    U,
    V,
)
from .harmonics import sh_basis
from .jit import inline, kernel
from .surfels import SCALE as SURFEL_SCALE
from .surfels import find_disc, place_surfel

BLOCK = 64
"""Splats whose geometry is worked out together; their columns fit in the first-level cache."""

MEAN, QUAT, SCALE = 0, 3 * BLOCK, 7 * BLOCK
TZ, XX, YY, DET, SHARP_DET, GAP_X, GAP_Y, PIXEL_X, PIXEL_Y, CORNER_U, CORNER_V = range(
    10 * BLOCK, 21 * BLOCK, BLOCK
)
CHOLESKY_A, CHOLESKY_B, CHOLESKY_C = range(21 * BLOCK, 24 * BLOCK, BLOCK)
BLOCK_COLUMNS = 24
"""Columns of a block, float64. In: mean, quaternion, scales. Out: view depth; diagonal of S' with
its low-pass filter, its determinant, the determinant without; how far the centre is outside of the
image's pixel centres; the footprint's anchor, U, V, a, b, c."""


Pair = tuple[float, float]


class View(NamedTuple):
    """A camera as the kernels take it.

    Attributes:
        rotation: (3, 3) float64 rows of world_to_camera.
        translation, position: (3,) float64; position is the centre of projection in the world.
        focal, centre: x and y, pixels.
        slope_low, slope_high: what x/z and y/z are clamped to in the Jacobian.
        size: width and height, pixels.
        near: world units.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    position: NDArray[np.float64]
    focal: Pair
    centre: Pair
    slope_low: Pair
    slope_high: Pair
    size: Pair
    near: float


class Culling(NamedTuple):
    """Which splats are left out although they touch the picture.

    Attributes:
        opacity: least opacity, with the antialiasing factor; `ALPHA_MIN` leaves out none more.
        trace: least trace of the projected covariance, without its low-pass filter, pixels^2.
        margin: how far outside of the image's pixel centres a centre may lie, pixels.
    """

    opacity: float
    trace: float
    margin: Pair


KEEP_ALL = Culling(ALPHA_MIN, 0.0, (math.inf, math.inf))
"""Leaves out nothing that touches the picture."""


def make_view(
    world_to_camera: NDArray[np.float64],
    focal: tuple[float, float],
    centre: tuple[float, float],
    size: tuple[int, int],
    near: float,
) -> View:
    """The view of a pinhole camera (OpenCV axes, pixels)."""
    matrix = np.array(world_to_camera, np.float64)
    rotation, translation = matrix[:3, :3].copy(), matrix[:3, 3].copy()
    f, c, s = (np.array(pair, np.float64) for pair in (focal, centre, size))
    # As gsplat does it; a centred principal point gives 1.3 tan(fov / 2) of Kerbl et al.
    margin = JACOBIAN_MARGIN * 0.5 * s / f
    return View(
        rotation,
        translation,
        -rotation.T @ translation,
        _pair(f),
        _pair(c),
        _pair(-c / f - margin),
        _pair((s - c) / f + margin),
        _pair(s),
        float(near),
    )


def _pair(values: NDArray[np.float64]) -> Pair:
    return float(values[0]), float(values[1])


@kernel
def project(
    means, quats, scales, opacities, sh, view, degree, size, antialias, cull, start, stop, z,
    which, footprints, surfels=None,
):  # fmt: skip
    """Projects splats start to stop; writes the visible ones from row `start` on, in order.

    Invisible are splats at z <= near, splats whose opacity is below the smallest alpha, those
    whose exact extent holds no pixel centre of the image's bounds, and what `cull` leaves out.

    Args:
        means, quats, scales, opacities, sh: columns of `Splats`, float32.
        view: the camera.
        degree: of the spherical harmonics to evaluate.
        size: factor of all scales.
        antialias: multiply the opacity by sqrt(det S' / det(S' + 0.3 I)) (Yu et al. 2024).
        cull: a `Culling`.
        start, stop: range of splats.
        z: (N,) float64 out, view depth.
        which: (N,) uint32 out, the splat.
        footprints: (N, 12) float32 out.
        surfels: (N, 13) float32 out, see `surfels`. None where the scene has none, and then the
            code for them is not even compiled; splats of no thickness are flat ellipsoids then.

    Returns:
        Number of visible splats.
    """
    block = np.ones(BLOCK_COLUMNS * BLOCK, np.float64)
    basis = np.zeros(25, np.float32)
    # Read once: taking an array out of a tuple counts a reference, which costs more than a splat.
    near, position = view.near, view.position
    eye_x, eye_y, eye_z = position[0], position[1], position[2]
    least_opacity, (margin_x, margin_y) = cull.opacity, cull.margin
    least_trace = cull.trace + 2.0 * COV2D_BLUR
    row = start
    for first in range(start, stop, BLOCK):
        count = min(BLOCK, stop - first)
        load_block(means, quats, scales, size, first, count, block)
        project_block(view, block)
        for j in range(count):
            i = first + j
            opacity = np.float64(opacities[i])
            # A determinant out of range: a splat this large for its distance has left float64.
            if not (block[TZ + j] > near and opacity >= least_opacity and block[DET + j] < 1e300):
                continue
            is_surfel = False
            if surfels is not None:  # otherwise they are drawn as flat ellipsoids
                is_surfel = scales[i, 2] == np.float32(0)
            if antialias and scales[i, 2] != np.float32(0):  # the mip filter is not for surfels
                opacity *= math.sqrt(block[SHARP_DET + j] / block[DET + j])
                if opacity < least_opacity:
                    continue
            if cull.trace > 0.0 and block[XX + j] + block[YY + j] < least_trace:
                continue
            if block[GAP_X + j] > margin_x or block[GAP_Y + j] > margin_y:
                continue
            log2_opacity = math.log2(opacity)
            if is_surfel:
                if surfels is not None:
                    mean = block[MEAN + j], block[MEAN + BLOCK + j], block[MEAN + 2 * BLOCK + j]
                    disc = find_disc(
                        *(view, mean, quats[i], size * scales[i, 0], size * scales[i, 1])
                    )
                    if not place_surfel(view, disc, log2_opacity, row, footprints, surfels):
                        continue
            else:
                # Extent of alpha >= 1/255: d^T S'^-1 d <= 2 ln(255 o), so |dx|^2 <= that S'xx.
                reach = (log2_opacity - LOG2_ALPHA_MIN) / HALF_LOG2_E
                if not (
                    block[GAP_X + j] ** 2 <= reach * block[XX + j]
                    and block[GAP_Y + j] ** 2 <= reach * block[YY + j]
                ):
                    continue
                footprints[row, ANCHOR_X] = block[PIXEL_X + j]
                footprints[row, ANCHOR_Y] = block[PIXEL_Y + j]
                footprints[row, U] = block[CORNER_U + j]
                footprints[row, V] = block[CORNER_V + j]
                footprints[row, A] = block[CHOLESKY_A + j]
                footprints[row, B] = block[CHOLESKY_B + j]
                footprints[row, C] = block[CHOLESKY_C + j]
                if surfels is not None:
                    surfels[row, SURFEL_SCALE] = np.float32(0)
            z[row] = block[TZ + j]
            footprints[row, LOG2_OPACITY] = log2_opacity
            footprints[row, DEPTH] = min(block[TZ + j], 1e38)
            which[row] = i

            # Colour towards the splat from the camera: max(0, 0.5 + SH).
            dx, dy = block[MEAN + j] - eye_x, block[MEAN + BLOCK + j] - eye_y
            dz = block[MEAN + 2 * BLOCK + j] - eye_z
            inv = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
            sh_basis(
                np.float32(dx * inv), np.float32(dy * inv), np.float32(dz * inv), degree, basis
            )
            red = green = blue = np.float32(0.5)
            for k in range((degree + 1) * (degree + 1)):
                red += basis[k] * sh[i, k, 0]
                green += basis[k] * sh[i, k, 1]
                blue += basis[k] * sh[i, k, 2]
            footprints[row, RED] = _light(red)
            footprints[row, GREEN] = _light(green)
            footprints[row, BLUE] = _light(blue)
            row += 1
    return row - start


@inline
def load_block(means, quats, scales, size, first, count, block):
    """Columns of splats, as float64; what is left of the block keeps the values it has."""
    for j in range(count):
        for k in range(3):
            block[MEAN + k * BLOCK + j] = means[first + j, k]
            block[SCALE + k * BLOCK + j] = size * scales[first + j, k]
        for k in range(4):
            block[QUAT + k * BLOCK + j] = quats[first + j, k]


@inline
def project_block(view, block):
    """The geometry of a block of splats: no branch, so that it runs on SIMD lanes of float64."""
    r, t = view.rotation, view.translation
    r00, r01, r02 = r[0, 0], r[0, 1], r[0, 2]
    r10, r11, r12 = r[1, 0], r[1, 1], r[1, 2]
    r20, r21, r22 = r[2, 0], r[2, 1], r[2, 2]
    t0, t1, t2 = t[0], t[1], t[2]
    (fx, fy), (cx, cy) = view.focal, view.centre
    (low_x, low_y), (high_x, high_y) = view.slope_low, view.slope_high
    right, bottom = view.size[0] - 0.5, view.size[1] - 0.5
    for j in range(BLOCK):
        mx, my, mz = block[MEAN + j], block[MEAN + 1 * BLOCK + j], block[MEAN + 2 * BLOCK + j]
        tz = r20 * mx + r21 * my + r22 * mz + t2
        inv_z = 1.0 / tz
        slope_x = (r00 * mx + r01 * my + r02 * mz + t0) * inv_z
        slope_y = (r10 * mx + r11 * my + r12 * mz + t1) * inv_z
        x, y = fx * slope_x + cx, fy * slope_y + cy

        # Rows of J W: the Jacobian of the projection times the view rotation.
        jx, jy = fx * inv_z, fy * inv_z
        sx, sy = min(max(slope_x, low_x), high_x), min(max(slope_y, low_y), high_y)
        h00, h01, h02 = jx * (r00 - sx * r20), jx * (r01 - sx * r21), jx * (r02 - sx * r22)
        h10, h11, h12 = jy * (r10 - sy * r20), jy * (r11 - sy * r21), jy * (r12 - sy * r22)

        # M = J W Q diag(s), so that the projected covariance is M M^T + 0.3 I.
        qw, qx, qy, qz = (
            block[QUAT + j],
            block[QUAT + 1 * BLOCK + j],
            block[QUAT + 2 * BLOCK + j],
            block[QUAT + 3 * BLOCK + j],
        )
        two = 2.0 / (qw * qw + qx * qx + qy * qy + qz * qz)
        q00, q01 = 1.0 - two * (qy * qy + qz * qz), two * (qx * qy - qw * qz)
        q10, q11 = two * (qx * qy + qw * qz), 1.0 - two * (qx * qx + qz * qz)
        q20, q21 = two * (qx * qz - qw * qy), two * (qy * qz + qw * qx)
        q02, q12 = two * (qx * qz + qw * qy), two * (qy * qz - qw * qx)
        q22 = 1.0 - two * (qx * qx + qy * qy)
        s0, s1, s2 = block[SCALE + j], block[SCALE + 1 * BLOCK + j], block[SCALE + 2 * BLOCK + j]
        m00, m10 = (
            s0 * (h00 * q00 + h01 * q10 + h02 * q20),
            s0 * (h10 * q00 + h11 * q10 + h12 * q20),
        )
        m01, m11 = (
            s1 * (h00 * q01 + h01 * q11 + h02 * q21),
            s1 * (h10 * q01 + h11 * q11 + h12 * q21),
        )
        m02, m12 = (
            s2 * (h00 * q02 + h01 * q12 + h02 * q22),
            s2 * (h10 * q02 + h11 * q12 + h12 * q22),
        )
        xx, yy = m00 * m00 + m01 * m01 + m02 * m02, m10 * m10 + m11 * m11 + m12 * m12
        xy = m00 * m10 + m01 * m11 + m02 * m12

        # det(M M^T) as a sum of squares (Cauchy-Binet), and det(M M^T + 0.3 I) as a sum of positive
        # terms: the difference xx yy - xy^2 would cancel for needles.
        d01, d02, d12 = m00 * m11 - m01 * m10, m00 * m12 - m02 * m10, m01 * m12 - m02 * m11
        sharp_det = d01 * d01 + d02 * d02 + d12 * d12
        det = sharp_det + COV2D_BLUR * (xx + yy) + COV2D_BLUR * COV2D_BLUR
        xx += COV2D_BLUR
        yy += COV2D_BLUR

        a, c = math.sqrt(HALF_LOG2_E * yy / det), math.sqrt(HALF_LOG2_E / yy)
        b = -a * xy / yy
        a, c = max(a, SMALLEST), max(c, SMALLEST)
        pixel_x = np.floor(min(max(x, 0.0), right))
        pixel_y = np.floor(min(max(y, 0.0), bottom))
        dx, dy = pixel_x + 0.5 - x, pixel_y + 0.5 - y

        block[TZ + j] = tz
        block[XX + j], block[YY + j] = xx, yy
        block[DET + j], block[SHARP_DET + j] = det, sharp_det
        block[GAP_X + j] = max(max(0.5 - x, x - right), 0.0)
        block[GAP_Y + j] = max(max(0.5 - y, y - bottom), 0.0)
        block[PIXEL_X + j], block[PIXEL_Y + j] = pixel_x, pixel_y
        block[CORNER_U + j], block[CORNER_V + j] = a * dx + b * dy, c * dy
        block[CHOLESKY_A + j], block[CHOLESKY_B + j], block[CHOLESKY_C + j] = a, b, c


@inline
def _light(value):
    """max(0, value), and finite: coefficients near float32's limits overflow in the sum."""
    return min(value, np.float32(1e30)) if value > np.float32(0) else np.float32(0)


@kernel
def gather(places, start, stop, footprints, which, ordered, splats):
    """ordered[i] = footprints[place i], splats[i] = which[place i], for positions start to stop.

    The tile stages read footprints in this order; copied once, they read memory in order.
    """
    for i in range(start, stop):
        place = places[i] & np.uint64(0xFFFFFFFF)
        splats[i] = which[place]
        for k in range(FOOTPRINT):
            ordered[i, k] = footprints[place, k]


@kernel
def paint(coat, splats, start, stop, ordered):
    """Colours of footprints start to stop become keep colour + values.

    Args:
        coat: (N, 4) float32 of the splats of the scene, three values and keep.
        splats: (M,) uint32, which splats of the scene the footprints are.
        start, stop: range of footprints.
        ordered: (M, 12) float32 in and out.
    """
    for i in range(start, stop):
        n = splats[i]
        for k in range(3):
            ordered[i, RED + k] = coat[n, 3] * ordered[i, RED + k] + coat[n, k]


@kernel
def list_places(start, count, offset, places):
    """places[offset + j] = start + j: the order of the splats themselves."""
    for j in range(count):
        places[offset + j] = start + j
