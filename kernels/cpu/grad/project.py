"""From slopes by projected splats to slopes by the columns of the scene: the projection backwards.

What a splat has collected are moments of e = dL/d log alpha in (u, v) = L d, where d is the offset
from the centre and L^T L = S'^-1 log2(e) / 2 (see `cpu.project`). With K = S'^-1 they give

    dL/dcentre = K sum e d = L^T sum e (u, v) / h,    dL/dS' = K (sum e d d^T) K / 2,

and the rest is the chain rule over S' = M M^T + 0.3 I, M = J W R diag(s), written out in float64.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import LOG2_HIGHEST, LOG2_LOWEST, SH_C0
from ..jit import inline, kernel
from ..project import HALF_LOG2_E, A, B, C
from ..project import RED as RED_AT
from .harmonics import MOST, sh_slopes
from .pixel import DEPTH, EU, EUU, EUV, EV, EVV, RED, WEIGHT, E

LOG2_E = 2.0 * HALF_LOG2_E


@kernel
def light(means, sh, position, degree, splats, start, stop, footprints):
    """Colours of visible splats start to stop, max(0, 0.5 + SH), in float64."""
    legendre, basis, slopes = np.zeros((6, 7)), np.zeros(MOST), np.zeros((3, MOST))
    for j in range(start, stop):
        i = splats[j]
        if degree == 0:
            basis[0] = SH_C0
        else:
            x, y, z, _ = _direction(means[i], position)
            sh_slopes(x, y, z, degree, legendre, basis, slopes)
        for channel in range(3):
            value = 0.5
            for k in range((degree + 1) * (degree + 1)):
                value += basis[k] * sh[i, k, channel]
            footprints[j, RED_AT + channel] = min(value, 1e30) if value > 0.0 else 0.0


@inline
def _direction(mean, position):
    """Unit direction from the camera, and 1 over the distance."""
    x, y, z = mean[0] - position[0], mean[1] - position[1], mean[2] - position[2]
    inv = 1.0 / math.sqrt(x * x + y * y + z * z)
    return x * inv, y * inv, z * inv, inv


@kernel
def place_splats(splats, places):
    """places[i] = j where splat i is the j-th visible one, else -1.

    What follows goes by the order of the scene, in which the long rows of its columns lie.
    """
    places[:] = -1
    for j in range(len(splats)):
        places[splats[j]] = j


@kernel
def color_slopes(
    means, sh, position, degree, places, footprints, totals, start, stop, d_means, d_sh
):  # fmt: skip
    """Slopes by the harmonics' coefficients of splats start to stop, and by the direction.

    Args:
        means, sh: columns of the scene.
        position: (3,) float64, of the camera.
        degree: of the harmonics.
        places: (N,) of `place_splats`.
        footprints: (M, 12) what was drawn.
        totals: (M, V) see `pixel`.
        start, stop: range of splats.
        d_means: (N, 3) added to; (0, 3) where it is not wanted.
        d_sh: (N, K, 3) out.
    """
    legendre, basis, slopes = np.zeros((6, 7)), np.zeros(MOST), np.zeros((3, MOST))
    basis[0] = SH_C0
    toward, slope = np.zeros(3), np.zeros(3)
    for i in range(start, stop):
        j = places[i]
        if j < 0:
            continue
        for channel in range(3):
            lit = footprints[j, RED_AT + channel] > 0.0
            slope[channel] = totals[j, RED + channel] if lit else 0.0
        if degree == 0:
            for channel in range(3):
                d_sh[i, 0, channel] = SH_C0 * slope[channel]
            continue
        x, y, z, inv = _direction(means[i], position)
        sh_slopes(x, y, z, degree, legendre, basis, slopes)
        toward[:] = 0.0
        for k in range((degree + 1) * (degree + 1)):
            along = 0.0
            for channel in range(3):
                d_sh[i, k, channel] = basis[k] * slope[channel]
                along += sh[i, k, channel] * slope[channel]
            for axis in range(3):
                toward[axis] += along * slopes[axis, k]
        if len(d_means):
            outward = toward[0] * x + toward[1] * y + toward[2] * z
            d_means[i, 0] += (toward[0] - outward * x) * inv
            d_means[i, 1] += (toward[1] - outward * y) * inv
            d_means[i, 2] += (toward[2] - outward * z) * inv


@kernel
def shape_slopes(
    means, quats, scales, view, antialias, places, footprints, totals, start, stop,
    d_means, d_quats, d_scales, surfels=None,
):  # fmt: skip
    """Slopes by centre, rotation and scales of splats start to stop.

    Args:
        means, quats, scales: columns of the scene; quaternions of any length but 0.
        view: the camera, `cpu.project.View`.
        antialias: the opacity has the factor sqrt(det M M^T / det S').
        places, footprints, totals, start, stop: as for `color_slopes`.
        d_means, d_quats, d_scales: added to, out, out.
        surfels: anything where splats of no thickness are surfels, which are left out.
    """
    r, t = view.rotation, view.translation
    (fx, fy), (low_x, low_y), (high_x, high_y) = view.focal, view.slope_low, view.slope_high
    local, p, q = np.empty(3), np.empty((2, 3)), np.empty((3, 3))  # camera axes; J W; rotation
    m, d_m, d_p, d_q = np.empty((2, 3)), np.empty((2, 3)), np.empty((2, 3)), np.empty((3, 3))
    for i in range(start, stop):
        j = places[i]
        if j < 0 or (surfels is not None and scales[i, 2] == 0):
            continue
        for k in range(3):
            local[k] = r[k, 0] * means[i, 0] + r[k, 1] * means[i, 1] + r[k, 2] * means[i, 2] + t[k]
        inv_z = 1.0 / local[2]
        slope_x, slope_y = local[0] * inv_z, local[1] * inv_z
        sx, sy = min(max(slope_x, low_x), high_x), min(max(slope_y, low_y), high_y)
        jx, jy = fx * inv_z, fy * inv_z
        for k in range(3):
            p[0, k], p[1, k] = jx * (r[0, k] - sx * r[2, k]), jy * (r[1, k] - sy * r[2, k])
        w, x, y, z, inv_length = _unit(quats[i])
        _rotation(w, x, y, z, q)
        for row in range(2):
            for k in range(3):
                turned = p[row, 0] * q[0, k] + p[row, 1] * q[1, k] + p[row, 2] * q[2, k]
                m[row, k] = scales[i, k] * turned

        # Moments to slopes by centre and covariance.
        a, b, c = np.float64(footprints[j, A]), np.float64(footprints[j, B]), footprints[j, C]
        eu, ev = totals[j, EU], totals[j, EV]
        d_x, d_y = a * eu / HALF_LOG2_E, (b * eu + c * ev) / HALF_LOG2_E
        half = 0.5 / (HALF_LOG2_E * HALF_LOG2_E)
        uu, uv, vv = totals[j, EUU] * half, totals[j, EUV] * half, totals[j, EVV] * half
        s_xx, s_xy = a * a * uu, a * (b * uu + c * uv)
        s_yy = b * b * uu + 2.0 * b * c * uv + c * c * vv
        e = totals[j, E]
        if antialias:
            # d log(det S')/dS' = K, of the factor's denominator.
            s_xx -= 0.5 * e * a * a / HALF_LOG2_E
            s_xy -= 0.5 * e * a * b / HALF_LOG2_E
            s_yy -= 0.5 * e * (b * b + c * c) / HALF_LOG2_E
        for k in range(3):
            d_m[0, k] = 2.0 * (s_xx * m[0, k] + s_xy * m[1, k])
            d_m[1, k] = 2.0 * (s_xy * m[0, k] + s_yy * m[1, k])
        if antialias:
            _add_sharpness(m, e, d_m)

        # M = J W R diag(s).
        d_q[:] = 0.0
        d_p[:] = 0.0
        for k in range(3):
            along, s = 0.0, scales[i, k]
            for row in range(2):
                for axis in range(3):
                    along += d_m[row, k] * p[row, axis] * q[axis, k]
                    d_q[axis, k] += s * d_m[row, k] * p[row, axis]
                    d_p[row, axis] += s * d_m[row, k] * q[axis, k]
            d_scales[i, k] = along
        _quaternion_slopes(w, x, y, z, inv_length, d_q, d_quats[i])

        # J, and the centre itself.
        d_jx = d_jy = d_sx = d_sy = 0.0
        for k in range(3):
            d_jx += d_p[0, k] * (r[0, k] - sx * r[2, k])
            d_jy += d_p[1, k] * (r[1, k] - sy * r[2, k])
            d_sx -= d_p[0, k] * jx * r[2, k]
            d_sy -= d_p[1, k] * jy * r[2, k]
        d_slope_x = fx * d_x + (d_sx if low_x < slope_x < high_x else 0.0)
        d_slope_y = fy * d_y + (d_sy if low_y < slope_y < high_y else 0.0)
        d_tx, d_ty = d_slope_x * inv_z, d_slope_y * inv_z
        d_tz = totals[j, DEPTH] - inv_z * (
            d_slope_x * slope_x + d_slope_y * slope_y + d_jx * jx + d_jy * jy
        )
        for k in range(3):
            d_means[i, k] += r[0, k] * d_tx + r[1, k] * d_ty + r[2, k] * d_tz


@inline
def _unit(quat):
    """The unit quaternion in float64, and 1 over the length."""
    w, x, y, z = (
        np.float64(quat[0]),
        np.float64(quat[1]),
        np.float64(quat[2]),
        np.float64(quat[3]),
    )
    inv = 1.0 / math.sqrt(w * w + x * x + y * y + z * z)
    return w * inv, x * inv, y * inv, z * inv, inv


@inline
def _rotation(w, x, y, z, q):
    q[0, 0], q[0, 1], q[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    q[1, 0], q[1, 1], q[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    q[2, 0], q[2, 1], q[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)


@inline
def _quaternion_slopes(w, x, y, z, inv_length, d, out):
    """From slopes by the rotation matrix to those by a quaternion of that length."""
    d_w = 2 * (x * (d[2, 1] - d[1, 2]) + y * (d[0, 2] - d[2, 0]) + z * (d[1, 0] - d[0, 1]))
    d_x = 2 * (y * (d[0, 1] + d[1, 0]) + z * (d[0, 2] + d[2, 0]) + w * (d[2, 1] - d[1, 2]))
    d_y = 2 * (x * (d[0, 1] + d[1, 0]) + z * (d[1, 2] + d[2, 1]) + w * (d[0, 2] - d[2, 0]))
    d_z = 2 * (x * (d[0, 2] + d[2, 0]) + y * (d[1, 2] + d[2, 1]) + w * (d[1, 0] - d[0, 1]))
    d_x -= 4 * x * (d[1, 1] + d[2, 2])
    d_y -= 4 * y * (d[0, 0] + d[2, 2])
    d_z -= 4 * z * (d[0, 0] + d[1, 1])
    along = d_w * w + d_x * x + d_y * y + d_z * z
    out[0] = (d_w - along * w) * inv_length
    out[1] = (d_x - along * x) * inv_length
    out[2] = (d_y - along * y) * inv_length
    out[3] = (d_z - along * z) * inv_length


@inline
def _add_sharpness(m, e, d_m):
    """Adds e d log sqrt(det M M^T) / dM: the determinant is |n|^2, n = m_0 x m_1."""
    n0 = m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1]
    n1 = m[0, 2] * m[1, 0] - m[0, 0] * m[1, 2]
    n2 = m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
    share = e / (n0 * n0 + n1 * n1 + n2 * n2)
    d_m[0, 0] += share * (m[1, 1] * n2 - m[1, 2] * n1)
    d_m[0, 1] += share * (m[1, 2] * n0 - m[1, 0] * n2)
    d_m[0, 2] += share * (m[1, 0] * n1 - m[1, 1] * n0)
    d_m[1, 0] += share * (n1 * m[0, 2] - n2 * m[0, 1])
    d_m[1, 1] += share * (n2 * m[0, 0] - n0 * m[0, 2])
    d_m[1, 2] += share * (n0 * m[0, 1] - n1 * m[0, 0])


@kernel
def weigh(splats, log_weights, start, stop, values):
    """exp of the log weights of visible splats start to stop, within the limits of weights."""
    for j in range(start, stop):
        power = log_weights[splats[j]] * LOG2_E
        values[j] = 2.0 ** min(max(power, LOG2_LOWEST), LOG2_HIGHEST)


@kernel
def value_slopes(places, opacities, log_weights, totals, start, stop, d_opacities, d_weights):
    """Slopes by opacity and log weight of splats start to stop; weights may be none."""
    for i in range(start, stop):
        j = places[i]
        if j < 0:
            continue
        d_opacities[i] = totals[j, E] / opacities[i]
        if len(log_weights):
            free = LOG2_LOWEST < log_weights[i] * LOG2_E < LOG2_HIGHEST
            d_weights[i] = totals[j, WEIGHT] if free else 0.0
