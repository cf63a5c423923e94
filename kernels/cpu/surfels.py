"""Surfels on tiles: exact ray-splat intersection (Huang et al. 2024); see `voile.render.surfels`.

Of the pixel (X, Y) pixels away from an anchor, the point (u, v, 1) ~ h_u x h_v at which the ray
meets the disc is linear in X and Y once the projected centre is subtracted from both planes:

    (p_u, p_v, p_w) = P + A X + B Y,    u = p_u / p_w,    v = p_v / p_w,    z = D / p_w

with p_w > 0 in front of the camera. Nothing cancels, even where a disc is seen from its edge. A row
of 16 pixels is one division each.

A surfel also has a footprint as ellipsoids do, but its quadratic form is only that of an ellipse
around all that it touches: tiles and rows are found from it as they are for ellipsoids.
"""

from __future__ import annotations

import math

import numpy as np

from ..constants import SURFEL_BLUR
from .footprint import (
    ANCHOR_X,
    ANCHOR_Y,
    HALF_LOG2_E,
    LOG2_ALPHA_MIN,
    SMALLEST,
    A,
    B,
    C,
    U,
    V,
)
from .jit import inline

P_U, P_V, P_W, A_U, A_V, A_W, B_U, B_V, B_W, SPOT_X, SPOT_Y, SCALE, MOST = range(13)
"""Columns of a surfel: P, A and B, with u and v times the root of log2(e) / 2; from the projected
centre to the anchor, pixels; D; the largest p_w, at the near plane. Ellipsoids have D = 0."""

SURFEL = 13


@inline
def find_disc(view, mean, quat, size_u, size_v):
    """The scaled first two axes and the centre of a surfel, in camera axes.

    Args:
        view: the camera.
        mean: centre, world units.
        quat: (4,) wxyz.
        size_u, size_v: standard deviations along the axes, world units.
    """
    r, t = view.rotation, view.translation
    w, x = np.float64(quat[0]), np.float64(quat[1])
    y, z = np.float64(quat[2]), np.float64(quat[3])
    two = 2.0 / (w * w + x * x + y * y + z * z)
    u = 1.0 - two * (y * y + z * z), two * (x * y + w * z), two * (x * z - w * y)
    v = two * (x * y - w * z), 1.0 - two * (x * x + z * z), two * (y * z + w * x)
    center = _turned(r, mean, 1.0)
    return (
        _turned(r, u, size_u),
        _turned(r, v, size_v),
        (center[0] + t[0], center[1] + t[1], center[2] + t[2]),
    )


@inline
def _turned(r, v, length):
    return (
        length * (r[0, 0] * v[0] + r[0, 1] * v[1] + r[0, 2] * v[2]),
        length * (r[1, 0] * v[0] + r[1, 1] * v[1] + r[1, 2] * v[2]),
        length * (r[2, 0] * v[0] + r[2, 1] * v[1] + r[2, 2] * v[2]),
    )


@inline
def place_surfel(view, disc, log2_opacity, row, footprints, surfels):
    """Writes the geometry of one surfel; returns whether it may touch the image.

    Args:
        view: the camera.
        disc: see `find_disc`.
        log2_opacity: of the surfel.
        row: where to write.
        footprints: (N, 12), see `project`.
        surfels: (N, 13).
    """
    (fx, fy), (width, height) = view.focal, view.size
    axis_u, axis_v, (x, y, z) = disc
    slope_x, slope_y = x / z, y / z
    middle_x, middle_y = fx * slope_x + view.centre[0], fy * slope_y + view.centre[1]
    # Rows of M about the projected centre: those of x and y end in 0.
    ux, uy = fx * (axis_u[0] - slope_x * axis_u[2]), fy * (axis_u[1] - slope_y * axis_u[2])
    vx, vy = fx * (axis_v[0] - slope_x * axis_v[2]), fy * (axis_v[1] - slope_y * axis_v[2])
    uw, vw = axis_u[2], axis_v[2]

    reach = max(log2_opacity - LOG2_ALPHA_MIN, 1e-9) / HALF_LOG2_E  # r^2, of alpha = 1/255
    square = reach * (uw * uw + vw * vw)
    blur = reach * SURFEL_BLUR
    if math.sqrt(square) < 0.999 * z:
        # The disc is in front of the camera, and its outline an ellipse: M D* M^T of the circle.
        depth = z * z - square
        away_x, away_y = -reach * (ux * uw + vx * vw) / depth, -reach * (uy * uw + vy * vw) / depth
        share = reach / depth
        xx, yy = share * (ux * ux + vx * vx), share * (uy * uy + vy * vy)
        xy = share * (ux * uy + vx * vy)
        xx, xy, yy = xx + away_x * away_x, xy + away_x * away_y, yy + away_y * away_y
        # The filter's disc around the projected centre widens each half axis that is shorter.
        difference = 0.5 * (xx - yy)
        radius = math.sqrt(difference * difference + xy * xy)
        longer = 0.5 * (xx + yy) + radius
        least = (math.sqrt(blur) + math.sqrt(away_x * away_x + away_y * away_y)) ** 2
        if longer <= least:
            xx, xy, yy, det = least, 0.0, least, least * least
        elif longer - 2.0 * radius < least:
            grown = (longer - least) / radius
            xx, xy = least + grown * 0.5 * (radius + difference), 0.5 * grown * xy
            yy = least + grown * 0.5 * (radius - difference)
            det = longer * least
        else:
            det = longer * (longer - 2.0 * radius)
    else:
        rim = math.sqrt(reach)
        low_x, high_x = box(ux, vx, uw, vw, z, rim, view.near)
        low_y, high_y = box(uy, vy, uw, vw, z, rim, view.near)
        spot = math.sqrt(blur)
        low_x, high_x = min(low_x, -spot) + middle_x, max(high_x, spot) + middle_x
        low_y, high_y = min(low_y, -spot) + middle_y, max(high_y, spot) + middle_y
        low_x, high_x = max(low_x, 0.0), min(high_x, width)
        low_y, high_y = max(low_y, 0.0), min(high_y, height)
        if not (low_x < high_x and low_y < high_y):
            return False
        away_x, away_y = 0.5 * (low_x + high_x) - middle_x, 0.5 * (low_y + high_y) - middle_y
        # The ellipse around the box, and a pixel more than that.
        xx, yy = 0.5 * (high_x - low_x + 2.0) ** 2, 0.5 * (high_y - low_y + 2.0) ** 2
        xy, det = 0.0, xx * yy
    ellipse_x, ellipse_y = middle_x + away_x, middle_y + away_y
    gap_x = max(max(0.5 - ellipse_x, ellipse_x - (width - 0.5)), 0.0)
    gap_y = max(max(0.5 - ellipse_y, ellipse_y - (height - 0.5)), 0.0)
    if not (gap_x * gap_x <= xx and gap_y * gap_y <= yy and det < 1e300):
        return False

    # On the outline the form is as large as the logarithm of what is left of the opacity.
    form = max(log2_opacity - LOG2_ALPHA_MIN, 1e-9)
    a, c = math.sqrt(form * yy / det), math.sqrt(form / yy)
    b = -a * xy / yy
    a, c = max(a, SMALLEST), max(c, SMALLEST)
    pixel_x = np.floor(min(max(ellipse_x, 0.0), width - 0.5))
    pixel_y = np.floor(min(max(ellipse_y, 0.0), height - 0.5))
    dx, dy = pixel_x + 0.5 - ellipse_x, pixel_y + 0.5 - ellipse_y
    footprints[row, ANCHOR_X], footprints[row, ANCHOR_Y] = pixel_x, pixel_y
    footprints[row, U], footprints[row, V] = a * dx + b * dy, c * dy
    footprints[row, A], footprints[row, B], footprints[row, C] = a, b, c

    dx, dy = pixel_x + 0.5 - middle_x, pixel_y + 0.5 - middle_y
    root = math.sqrt(HALF_LOG2_E) * z
    area = ux * vy - vx * uy
    turn = 1.0 if area >= 0.0 else -1.0  # p_w > 0 in front, whichever side is seen
    a_u, a_v, a_w = root * vy, -root * uy, vw * uy - uw * vy
    b_u, b_v, b_w = -root * vx, root * ux, uw * vx - vw * ux
    p_u, p_v, p_w = a_u * dx + b_u * dy, a_v * dx + b_v * dy, area + a_w * dx + b_w * dy
    # Only quotients count: in units of the largest, so that no square leaves float32.
    most = max(max(abs(a_u), abs(a_v)), max(abs(b_u), abs(b_v)))
    unit = turn / max(max(most, max(abs(a_w), abs(b_w))), 1e-300)
    surfels[row, P_U], surfels[row, P_V], surfels[row, P_W] = p_u * unit, p_v * unit, p_w * unit
    surfels[row, A_U], surfels[row, A_V], surfels[row, A_W] = a_u * unit, a_v * unit, a_w * unit
    surfels[row, B_U], surfels[row, B_V], surfels[row, B_W] = b_u * unit, b_v * unit, b_w * unit
    surfels[row, SPOT_X], surfels[row, SPOT_Y] = dx, dy
    scale = max(z * area * unit, 1e-38)
    surfels[row, SCALE], surfels[row, MOST] = min(scale, 1e38), min(scale / view.near, 1e38)
    return True


@inline
def box(u, v, uw, vw, z, radius, near):
    """Ends in x or y, from the projected centre, of a disc's part with z >= near.

    See `voile.render.surfels.surfel_boxes`; u, v are that row of M and uw, vw, z its last.
    """
    low, high = 0.0, 0.0
    # The rim is upright or level where n_0 cos + n_1 sin = r n_2, with n = (u, v, 0) x (uw, vw, z).
    first, second, third = v * z, -u * z, u * vw - v * uw
    length = math.sqrt(first * first + second * second)
    middle = math.atan2(second, first)
    half = math.acos(min(max(radius * third / max(length, 1e-300), -1.0), 1.0))
    if abs(radius * third) <= length:
        for side in range(2):
            angle = middle + half if side else middle - half
            cos, sin = radius * math.cos(angle), radius * math.sin(angle)
            w = z + uw * cos + vw * sin
            if w >= near:
                low = min(low, (u * cos + v * sin) / w)
                high = max(high, (u * cos + v * sin) / w)
    length = radius * math.sqrt(uw * uw + vw * vw)
    middle = math.atan2(vw, uw)
    if abs(near - z) <= length:
        half = math.acos((near - z) / length)
        for side in range(2):
            angle = middle + half if side else middle - half
            end = (u * math.cos(angle) + v * math.sin(angle)) * radius / near
            low, high = min(low, end), max(high, end)
    return low, high
