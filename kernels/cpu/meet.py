"""Rows of tiles of scenes with surfels: alpha and depth of a splat at 16 pixels; see `surfels`."""

from __future__ import annotations

import numpy as np

from ..constants import ALPHA_MAX, SURFEL_BLUR
from .footprint import ANCHOR_X, ANCHOR_Y, HALF_LOG2_E, LOG2_ALPHA_MIN
from .jit import inline, kernel, merge
from .surfels import (
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
from .tile import LANES, LIMIT, MET_ALPHA, MET_DEPTH, F, exp2_small, seen_alpha

LOG2_E_SPOT = HALF_LOG2_E / SURFEL_BLUR


@inline
def new_discs(count):
    """Room for a batch of surfels; ellipsoids until it is filled."""
    return np.zeros((SURFEL, count), np.float32)


@kernel
def gather_surfels(places, start, stop, surfels, ordered):
    """ordered[i] = surfels[place i] for positions start to stop."""
    for i in range(start, stop):
        place = places[i] & np.uint64(0xFFFFFFFF)
        for k in range(SURFEL):
            ordered[i, k] = surfels[place, k]


@inline
def load_surfels(members, start, count, footprints, surfels, x0, y0, batch):
    """Copies surfels to the columns of a batch (13, BATCH), moved to a tile's first pixel."""
    for j in range(count):
        member = members[start + j]
        for k in range(SURFEL):
            batch[k, j] = surfels[member, k]
        dx, dy = x0 - footprints[member, ANCHOR_X], y0 - footprints[member, ANCHOR_Y]
        batch[P_U, j] += batch[A_U, j] * dx + batch[B_U, j] * dy
        batch[P_V, j] += batch[A_V, j] * dx + batch[B_V, j] * dy
        batch[P_W, j] += batch[A_W, j] * dx + batch[B_W, j] * dy
        batch[SPOT_X, j] += dx
        batch[SPOT_Y, j] += dy


@merge
def meet_row(batch, j, rows, i, u, a, p, z, log2_opacity):
    """Alpha and depth of splat j of a batch at the 16 pixels of row i of its tile, into `rows`.

    Nothing where the depth z of the centre is beyond the limit of the pixel; see `tile.seen_alpha`.
    Of an ellipsoid u + a k and p are as in `tile.alpha_at`, and z is its depth.
    """
    scale = batch[SCALE, j]
    if scale == F(0):
        for k in range(LANES):
            w = u + a * F(k)
            rows[i, MET_ALPHA + k] = seen_alpha(p, w, z, rows[i, LIMIT + k])
            rows[i, MET_DEPTH + k] = z
    else:
        y = F(i)
        p_u, p_v = batch[P_U, j] + batch[B_U, j] * y, batch[P_V, j] + batch[B_V, j] * y
        p_w, most = batch[P_W, j] + batch[B_W, j] * y, batch[MOST, j]
        a_u, a_v, a_w = batch[A_U, j], batch[A_V, j], batch[A_W, j]
        spot_x, spot_y = batch[SPOT_X, j], batch[SPOT_Y, j] + y
        above = F(LOG2_E_SPOT) * spot_y * spot_y
        for k in range(LANES):
            x = F(k)
            w = p_w + a_w * x
            inverse = F(1) / w
            s, t = (p_u + a_u * x) * inverse, (p_v + a_v * x) * inverse
            away, beside = s * s + t * t, spot_x + x
            spot = above + F(LOG2_E_SPOT) * beside * beside
            meets = (w > F(0)) & (w < most) & (away <= spot)  # false for NaN as well
            q = log2_opacity - (away if meets else spot)
            alpha = min(exp2_small(q), F(ALPHA_MAX))
            seen = (q >= F(LOG2_ALPHA_MIN)) & (z <= rows[i, LIMIT + k])
            rows[i, MET_ALPHA + k] = alpha if seen else F(0)
            rows[i, MET_DEPTH + k] = scale * inverse if meets else z
