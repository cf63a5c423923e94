"""Gradient of a picture with respect to its Gaussians.

With the weights w_i of the K strongest at a pixel, their sum W and the colour c = sum w_i c_i / W,

    dL/dc_i = dL/dc w_i / W,        dL/dw_i = dL/dc . (c_i - c) / W,

and the weight is w = exp(-d^T P d / 2), d from the mean to the pixel: all that the geometry needs
of a Gaussian's pixels are the moments of t = w dL/dw, sum t d and sum t d d^T. A tile sums them
over rows in 16 lanes; along a lane x is constant, so three lane sums hold all six moments. Which
are the K strongest has no gradient.

A pixel that no Gaussian reaches would stay so, because nothing there has a gradient. So the loss
has a term strength / 2 max(0, 1 - W / COVER)^2, which holds Gaussians where W is getting small.
"""

from __future__ import annotations

import math

import numpy as np

from ..bins import TILE
from ..jit import inline, kernel
from ..project import FOOTPRINT, A, B, C, U, V
from ..tile import BATCH, FIRST, LANES, LAST, F, load_batch, place_batch
from .decode import NEARLY, weight_at

MX, MY, MXX, MXY, MYY, COLOR = range(6)
"""Columns of a sum: moments of t about the mean; from COLOR on the gradient by four channels."""

MOMENTS = 9

COVER = F(0.06)
"""Sum of weights below which a pixel is about to be lost."""

HOLD = F(0.5)
"""Strength of the term that keeps it."""

PIXEL = 6
"""Values of a pixel: dL/dc / W in four channels, that times c, and the threshold."""


@inline
def load_pixels(image, weights, thresholds, slope, x0, y0, pixels):
    """What a tile's pixels contribute to t; nothing beyond the image and where nothing is drawn."""
    height, width = weights.shape
    for i in range(TILE):
        for x in range(LANES):
            for value in range(PIXEL):
                pixels[i, value * LANES + x] = F(0)
            if y0 + i < height and x0 + x < width and weights[y0 + i, x0 + x] > F(0):
                total = weights[y0 + i, x0 + x]
                share = F(1) / total
                along = HOLD / COVER * max(F(1) - total / COVER, F(0))
                for channel in range(4):
                    g = slope[y0 + i, x0 + x, channel] * share
                    pixels[i, channel * LANES + x] = g
                    along += g * image[y0 + i, x0 + x, channel]
                pixels[i, 4 * LANES + x] = along
                pixels[i, 5 * LANES + x] = thresholds[y0 + i, x0 + x] * NEARLY


@inline
def add_row(pixels, at, v_squared, u, a, y, c0, c1, c2, c3, lanes):
    """Adds the 16 pixels of a row to the lane sums of one Gaussian."""
    for x in range(LANES):
        w = weight_at(v_squared, u + a * F(x), F(1))
        w = w if w >= pixels[at, 5 * LANES + x] else F(0)
        g0, g1 = pixels[at, x], pixels[at, LANES + x]
        g2, g3 = pixels[at, 2 * LANES + x], pixels[at, 3 * LANES + x]
        t = w * (g0 * c0 + g1 * c1 + g2 * c2 + g3 * c3 - pixels[at, 4 * LANES + x])
        lanes[x] += t
        lanes[LANES + x] += t * y
        lanes[2 * LANES + x] += t * y * y
        lanes[3 * LANES + x] += w * g0
        lanes[4 * LANES + x] += w * g1
        lanes[5 * LANES + x] += w * g2
        lanes[6 * LANES + x] += w * g3


@kernel
def gradient(
    tiles, first, last, starts, members, footprints, means, colors, image, weights, thresholds,
    slope, offset, skipped, sums,
):  # fmt: skip
    """Sums of tiles[first:last], one row for each Gaussian of each tile's list.

    Args:
        tiles, first, last, starts, members, footprints, colors: see `decode`; amplitudes are 1.
        means: (M, 2) float32 on the pixels of the image.
        image, weights, thresholds: what `decode` gave.
        slope: (H, W, 4) float32 dL/dc.
        offset: instance that row 0 of `sums` is for.
        skipped: row of the view that the first row of the images is, see `decode`.
        sums: (instances, 9) float32 out; see `MX`.
    """
    columns = (weights.shape[1] + TILE - 1) // TILE
    pixels = np.empty((TILE, PIXEL * LANES), np.float32)
    lanes = np.empty(7 * LANES, np.float32)
    batch = np.ones((FOOTPRINT, BATCH), np.float32)
    for at in range(first, last):
        tile = tiles[at]
        x0, y0 = (tile % columns) * TILE, (tile // columns) * TILE
        load_pixels(image, weights, thresholds, slope, x0, y0, pixels)
        for start in range(starts[tile], starts[tile + 1], BATCH):
            count = min(BATCH, starts[tile + 1] - start)
            load_batch(members, start, count, footprints, batch)
            place_batch(F(x0), F(y0 + skipped), batch)
            for j in range(count):
                member = members[start + j]
                u, v = batch[U, j], batch[V, j]
                a, b, c = batch[A, j], batch[B, j], batch[C, j]
                c0, c1 = colors[member, 0], colors[member, 1]
                c2, c3 = colors[member, 2], colors[member, 3]
                for x in range(7 * LANES):
                    lanes[x] = F(0)
                for i in range(int(batch[FIRST, j]), int(batch[LAST, j]) + 1):
                    v_row = v + c * F(i)
                    add_row(pixels, i, v_row * v_row, u + b * F(i), a, F(i), c0, c1, c2, c3, lanes)
                # Moments about the mean, from those about the tile's first pixel.
                dx = np.float64(x0) + 0.5 - means[member, 0]
                dy = np.float64(y0 + skipped) + 0.5 - means[member, 1]
                t, tx, txx, ty, txy, tyy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                for x in range(LANES):
                    lane, lane_y = np.float64(lanes[x]), np.float64(lanes[LANES + x])
                    t += lane
                    tx += lane * x
                    txx += lane * (x * x)
                    ty += lane_y
                    txy += lane_y * x
                    tyy += lanes[2 * LANES + x]
                row = start + j - offset
                sums[row, MX] = tx + t * dx
                sums[row, MY] = ty + t * dy
                sums[row, MXX] = txx + 2 * dx * tx + dx * dx * t
                sums[row, MXY] = txy + dx * ty + dy * tx + dx * dy * t
                sums[row, MYY] = tyy + 2 * dy * ty + dy * dy * t
                for channel in range(4):
                    total = 0.0
                    for x in range(LANES):
                        total += lanes[(3 + channel) * LANES + x]
                    sums[row, COLOR + channel] = total


@kernel
def add_instances(members, first, last, offset, sums, totals):
    """totals[members[i]] += sums[i - offset], in order: the result is that of any thread count."""
    for i in range(first, last):
        for column in range(MOMENTS):
            totals[members[i], column] += sums[i - offset, column]


@kernel
def chain(inverse_scales, rotations, totals, start, stop, out):
    """Gradients by the parameters of Gaussians start to stop.

    Args:
        inverse_scales, rotations: of `ImageSplats`.
        totals: (N, 9) float64 sums over the image.
        out: (N, 9) float64 out: by mean (2), logarithm of the inverse scales (2), rotation,
            colours (4).
    """
    for n in range(start, stop):
        cos, sin = math.cos(rotations[n]), math.sin(rotations[n])
        aa = np.float64(inverse_scales[n, 0]) ** 2
        bb = np.float64(inverse_scales[n, 1]) ** 2
        mx, my = totals[n, MX], totals[n, MY]
        xx, xy, yy = totals[n, MXX], totals[n, MXY], totals[n, MYY]
        along, across = aa * (cos * mx + sin * my), bb * (cos * my - sin * mx)
        out[n, 0] = cos * along - sin * across
        out[n, 1] = sin * along + cos * across
        out[n, 2] = -aa * (cos * cos * xx + 2 * cos * sin * xy + sin * sin * yy)
        out[n, 3] = -bb * (sin * sin * xx - 2 * cos * sin * xy + cos * cos * yy)
        out[n, 4] = -(aa - bb) * (cos * sin * (yy - xx) + (cos * cos - sin * sin) * xy)
        for channel in range(4):
            out[n, 5 + channel] = totals[n, COLOR + channel]
