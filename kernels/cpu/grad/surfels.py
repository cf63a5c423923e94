"""Surfels and their slopes: rays that meet discs, backwards; see `cpu.surfels` and `cpu.meet`.

With M = (s_u t_u, s_v t_v, m) in camera axes, N = M^-1 and a pixel's ray d = (x, y, 1), p = N d and

    u = p_u / p_w,    v = p_v / p_w,    z = 1 / p_w,    log alpha = log o - (u^2 + v^2) / 2,

so with e = dL/d log alpha and e_z = dL/dz at a pixel

    g = dL/dp = z (-e u, -e v, e (u^2 + v^2) - e_z z),    dL/dM = -N^T (sum g d^T) N^T.

A surfel collects sums of g, alone and times the pixel's distance from the projected centre. Where
the low-pass filter is what shows, it collects slopes by that centre instead, and by its depth.
"""

from __future__ import annotations

import math

import numpy as np

from ...constants import SURFEL_BLUR
from ..footprint import HALF_LOG2_E
from ..jit import inline, kernel, merge
from ..project import DEPTH as CENTRE_DEPTH
from ..project import LOG2_OPACITY, A, B, C, U, V
from ..surfels import (
    A_U,
    A_V,
    A_W,
    B_U,
    B_V,
    B_W,
    MOST,
    P_U,
    P_V,
    P_W,
    SCALE,
    SPOT_X,
    SPOT_Y,
    SURFEL,
)
from ..tile import BATCH, LANES
from .pixel import (
    AT_PIXELS,
    BY_DEPTH,
    BY_X,
    BY_Y,
    DEPTH,
    G_U,
    G_V,
    G_W,
    GX_U,
    GX_V,
    GX_W,
    GY_U,
    GY_V,
    GY_W,
    MET,
    MET_ALPHA,
    MET_DEPTH,
    MET_U,
    MET_V,
    TOTALS,
    E,
    splat_alpha,
)
from .pixel import add_moments as add_flat_moments
from .project import _quaternion_slopes, _rotation, _unit

LOG2_E_SPOT = HALF_LOG2_E / SURFEL_BLUR

FROM_BASE_2 = 1.0 / math.sqrt(HALF_LOG2_E)
"""From u and v of `cpu.surfels` to standard deviations."""


@inline
def new_discs(footprints, count=BATCH):
    """Room for a batch of surfels, in the precision of the footprints."""
    return np.zeros((SURFEL, count), footprints.dtype)


@inline
def is_surfel(discs, j):
    """Whether splat j of a batch is one; the others of the scene are ellipsoids."""
    return discs[SCALE, j] > 0


@merge
def meet_row(discs, j, rows, i, z, log2_opacity):
    """Alpha, depth, u and v of surfel j of a batch at the 16 pixels of row i of its tile.

    `z` is the depth of its centre. MET is 1 where the disc is what shows, 0 where the filter.
    """
    real = rows.dtype.type
    y = real(i)
    p_u, p_v = discs[P_U, j] + discs[B_U, j] * y, discs[P_V, j] + discs[B_V, j] * y
    p_w, most = discs[P_W, j] + discs[B_W, j] * y, discs[MOST, j]
    a_u, a_v, a_w = discs[A_U, j], discs[A_V, j], discs[A_W, j]
    spot_x, spot_y, scale = discs[SPOT_X, j], discs[SPOT_Y, j] + y, discs[SCALE, j]
    for k in range(LANES):
        w = p_w + a_w * real(k)
        inverse = real(1) / w
        u, v = (p_u + a_u * real(k)) * inverse, (p_v + a_v * real(k)) * inverse
        away, beside = u * u + v * v, spot_x + real(k)
        spot = real(LOG2_E_SPOT) * (beside * beside + spot_y * spot_y)
        meets = (w > real(0)) & (w < most) & (away <= spot)  # false for NaN as well
        rows[i, MET_ALPHA + k] = splat_alpha(log2_opacity - (away if meets else spot), real(0))
        rows[i, MET_DEPTH + k] = scale * inverse if meets else z
        rows[i, MET_U + k] = u * real(FROM_BASE_2) if meets else real(0)
        rows[i, MET_V + k] = v * real(FROM_BASE_2) if meets else real(0)
        rows[i, MET + k] = real(1) if meets else real(0)


@merge
def add_moments(discs, j, rows, i):
    """Adds what surfel j collects at row i, from e and e_z on row `AT_PIXELS`."""
    real = rows.dtype.type
    spot_x, spot_y = discs[SPOT_X, j], discs[SPOT_Y, j] + real(i)
    for k in range(LANES):
        e, e_z = rows[AT_PIXELS, k], rows[AT_PIXELS, BY_DEPTH + k]
        meets = rows[i, MET + k]
        u, v, z, x = (
            rows[i, MET_U + k],
            rows[i, MET_V + k],
            rows[i, MET_DEPTH + k],
            spot_x + real(k),
        )
        share = meets * z
        g_u, g_v = -share * e * u, -share * e * v
        g_w = share * (e * (u * u + v * v) - e_z * z)
        rows[TOTALS, G_U * LANES + k] += g_u
        rows[TOTALS, G_V * LANES + k] += g_v
        rows[TOTALS, G_W * LANES + k] += g_w
        rows[TOTALS, GX_U * LANES + k] += g_u * x
        rows[TOTALS, GX_V * LANES + k] += g_v * x
        rows[TOTALS, GX_W * LANES + k] += g_w * x
        rows[TOTALS, GY_U * LANES + k] += g_u * spot_y
        rows[TOTALS, GY_V * LANES + k] += g_v * spot_y
        rows[TOTALS, GY_W * LANES + k] += g_w * spot_y
        filtered = real(1) - meets
        rows[TOTALS, DEPTH * LANES + k] += filtered * e_z
        rows[TOTALS, BY_X * LANES + k] += filtered * e * x / real(SURFEL_BLUR)
        rows[TOTALS, BY_Y * LANES + k] += filtered * e * spot_y / real(SURFEL_BLUR)


@merge
def see_row(batch, discs, j, rows, i):
    """Alpha and depth of splat j of a batch, of either kind, at the 16 pixels of row i of its tile.

    `discs` is None in a scene without surfels. Alpha goes to MET_ALPHA, depth to MET_DEPTH.
    """
    real = rows.dtype.type
    y, z, power = real(i), batch[CENTRE_DEPTH, j], batch[LOG2_OPACITY, j]
    if discs is not None and is_surfel(discs, j):
        meet_row(discs, j, rows, i, z, power)
    else:
        u, v, a = batch[U, j] + batch[B, j] * y, batch[V, j] + batch[C, j] * y, batch[A, j]
        p = power - v * v
        for k in range(LANES):
            rows[i, MET_ALPHA + k] = splat_alpha(p, u + a * real(k))
            rows[i, MET_DEPTH + k] = z


@merge
def add_row_moments(batch, discs, j, rows, i, with_shape):
    """What splat j, of either kind, collects at row i beside its colour, of e and e_z on AT_PIXELS.

    e_z is the slope by the depth at which the splat is seen.
    """
    real = rows.dtype.type
    for k in range(LANES):
        rows[TOTALS, E * LANES + k] += rows[AT_PIXELS, k]
    if discs is not None and is_surfel(discs, j):
        if with_shape:
            add_moments(discs, j, rows, i)
    else:
        for k in range(LANES):
            rows[TOTALS, DEPTH * LANES + k] += rows[AT_PIXELS, BY_DEPTH + k]
        if with_shape:
            y = real(i)
            u, v = batch[U, j] + batch[B, j] * y, batch[V, j] + batch[C, j] * y
            add_flat_moments(rows, u, batch[A, j], v)


@kernel
def surfel_slopes(
    means, quats, scales, view, places, totals, start, stop, d_means, d_quats, d_scales
):
    """Slopes by centre, rotation and scales of the surfels among splats start to stop.

    The arguments are those of `project.shape_slopes`. The third scale, which is 0, has none.
    """
    r, t = view.rotation, view.translation
    fx, fy = view.focal
    m, n, d_m = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    q, d_q, g = np.empty((3, 3)), np.zeros((3, 3)), np.empty((3, 3))
    for i in range(start, stop):
        j = places[i]
        if j < 0 or scales[i, 2] != 0:
            continue
        w, x, y, z, inv_length = _unit(quats[i])
        _rotation(w, x, y, z, q)
        for k in range(3):  # camera axes
            m[k, 2] = r[k, 0] * means[i, 0] + r[k, 1] * means[i, 1] + r[k, 2] * means[i, 2] + t[k]
            for axis in range(2):
                along = r[k, 0] * q[0, axis] + r[k, 1] * q[1, axis] + r[k, 2] * q[2, axis]
                m[k, axis] = scales[i, axis] * along
        inv_z = 1.0 / m[2, 2]
        slope_x, slope_y = m[0, 2] * inv_z, m[1, 2] * inv_z

        d_m[:] = 0.0
        if _invert(m, n):
            # sum g d^T, of d = (x, y, 1) = the centre's ray and the distance from that.
            for k in range(3):
                own = totals[j, G_U + k]
                g[k, 0] = own * slope_x + totals[j, GX_U + k] / fx
                g[k, 1] = own * slope_y + totals[j, GY_U + k] / fy
                g[k, 2] = own
            for a in range(3):
                for b in range(3):
                    total = 0.0
                    for k in range(3):
                        for axis in range(3):
                            total += n[k, a] * g[k, axis] * n[b, axis]
                    d_m[a, b] = -total if math.isfinite(total) else 0.0

        # The filter's centre, f_x x / z + c_x, and its depth.
        d_x, d_y = fx * totals[j, BY_X], fy * totals[j, BY_Y]
        d_m[0, 2] += d_x * inv_z
        d_m[1, 2] += d_y * inv_z
        d_m[2, 2] += totals[j, DEPTH] - inv_z * (d_x * slope_x + d_y * slope_y)

        for k in range(3):
            d_means[i, k] += r[0, k] * d_m[0, 2] + r[1, k] * d_m[1, 2] + r[2, k] * d_m[2, 2]
            for axis in range(2):
                turned = r[0, k] * d_m[0, axis] + r[1, k] * d_m[1, axis] + r[2, k] * d_m[2, axis]
                d_q[k, axis] = scales[i, axis] * turned
                if k == 0:
                    d_scales[i, axis] = 0.0
                d_scales[i, axis] += q[k, axis] * turned
        _quaternion_slopes(w, x, y, z, inv_length, d_q, d_quats[i])


@inline
def _invert(m, n):
    """The inverse of m (3, 3), into n; false where there is none: no size, or edge-on."""
    for row in range(3):
        a, b = (row + 1) % 3, (row + 2) % 3
        for column in range(3):
            c, d = (column + 1) % 3, (column + 2) % 3
            n[column, row] = m[a, c] * m[b, d] - m[a, d] * m[b, c]
    det = m[0, 0] * n[0, 0] + m[1, 0] * n[0, 1] + m[2, 0] * n[0, 2]
    if not abs(det) > 1e-290:
        return False
    for row in range(3):
        for column in range(3):
            n[row, column] /= det
    return True
