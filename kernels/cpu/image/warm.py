"""One Gaussian through every kernel of images: types of arguments do not depend on the content."""

from __future__ import annotations

import numpy as np

from ..bins import make_tile_lists
from ..project import FOOTPRINT
from ..scratch import Scratch
from ..workers import Workers
from .adam import adam, round_to
from .decode import decode, decode_points
from .gradient import MOMENTS, add_instances, chain, gradient
from .place import place
from .similarity import loss_slope

SIDE = 16


def warm_images(workers: Workers) -> None:
    """Draws and differentiates an image of one tile, and makes a step of its fit."""
    means = np.full((1, 2), SIDE / 2, np.float32)
    inverse_scales, rotations = np.ones((1, 2), np.float32), np.zeros(1, np.float32)
    colors = np.ones((1, 4), np.float32)
    footprints = np.empty((1, FOOTPRINT), np.float32)
    place(
        *(means, inverse_scales, rotations, 1.0, 0.0, 0.0, 0.0, SIDE, SIDE, 0, 1, footprints),
    )
    starts, members = make_tile_lists(footprints, SIDE, SIDE, workers, Scratch())
    tiles, none = np.zeros(1, np.int64), np.zeros((0, 0), np.float32)
    image = np.zeros((SIDE, SIDE, 4), np.float32)
    weights, thresholds = np.zeros((2, SIDE, SIDE), np.float32)
    for kept in (none, thresholds):
        decode(
            *(tiles, 0, 1, starts, members, footprints, colors, 1, 0, image, weights, kept),
        )
    decode_points(
        *(np.ones((1, 2)), SIDE, SIDE, starts, members, footprints, colors, 1),
        np.zeros((1, 4), np.float32),
    )
    slope = np.zeros_like(image)
    loss_slope(image, np.zeros_like(image), np.float32(0.1), 0, SIDE, slope)
    count = int(starts[-1])
    sums, totals = np.zeros((count, MOMENTS), np.float32), np.zeros((1, MOMENTS))
    gradient(
        *(tiles, 0, 1, starts, members, footprints, means, colors, image, weights, thresholds),
        *(slope, 0, 0, sums),
    )
    add_instances(members, 0, count, 0, sums, totals)
    slopes, values = np.zeros((1, MOMENTS)), np.zeros((1, MOMENTS))
    chain(inverse_scales, rotations, totals, 0, 1, slopes)
    one = np.ones(MOMENTS)
    adam(
        *(values, slopes, np.zeros_like(values), np.zeros_like(values), np.zeros(1, np.int64)),
        *(one, -one, one, 0, 1),
    )
    round_to(values, -one, one, 0, 1, np.zeros_like(values))
