"""A neural material's decoder; for the equations see `voile.render.materials.decode`.

A layer is done in blocks of eight outputs whose sums are eight variables, of which LLVM makes one
register: sums in an array would be stored and loaded for every input.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..constants import NEURAL_LEAST_SQUARE as LEAST_SQUARE
from ..constants import NEURAL_MOST_LOG as MOST_LOG
from .jit import inline, kernel, merge

BLOCK = 8
"""Outputs of a layer that are summed together: layers are padded to a multiple of it."""


class Net(NamedTuple):
    """The layers of a decoder one after the other: the frames' if there are any, then its own.

    Attributes:
        weights: (blocks, most inputs, BLOCK) float32; zero beyond the inputs of a layer.
        biases: (blocks, BLOCK) float32.
        sizes: (layers, 2) int64 inputs of each, and blocks of outputs.
        frames: how many learned frames.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    sizes: NDArray[np.int64]
    frames: int


@kernel
def decode(net, latents, w_i, w_o, start, stop, found):
    """Reflectance of points start to stop, zero where a direction is not above the surface.

    Args:
        net: a `Net`.
        latents: (N, L) float32.
        w_i, w_o: (N, 3) float32 unit, to the light and to the viewer.
        found: (N, 3) float32 out, 1/sr.
    """
    room = max(net.weights.shape[1], BLOCK * net.sizes[:, 1].max())
    x, y = np.zeros(room, np.float32), np.zeros(room, np.float32)
    count, layers = latents.shape[1], len(net.sizes)
    for n in range(start, stop):
        if not (w_i[n, 2] > 0.0 and w_o[n, 2] > 0.0):
            found[n, 0] = found[n, 1] = found[n, 2] = 0.0
            continue
        for j in range(count):
            x[j] = latents[n, j]
        block = 0
        if net.frames:
            block = _linear(net, 0, net.sizes[0, 0], net.sizes[0, 1], x, y)
            for frame in range(net.frames):
                _turn(y, 6 * frame, w_i[n], w_o[n], x, count + 6 * frame)
        else:
            for j in range(3):
                x[count + j], x[count + 3 + j] = w_i[n, j], w_o[n, j]
        for layer in range(1 if net.frames else 0, layers):
            block = _linear(net, block, net.sizes[layer, 0], net.sizes[layer, 1], x, y)
            x, y = y, x
            if layer < layers - 1:
                for j in range(BLOCK * net.sizes[layer, 1]):
                    x[j] = max(x[j], np.float32(0.0))
        for j in range(3):
            found[n, j] = math.exp(min(max(x[j], np.float32(-MOST_LOG)), np.float32(MOST_LOG)))


@merge
def _linear(net, first, inputs, blocks, x, y):
    """y = weight x + bias of the layer that begins at block `first`; returns where it ends."""
    weights, biases = net.weights, net.biases
    for i in range(blocks):
        b = first + i
        y0, y1, y2, y3 = biases[b, 0], biases[b, 1], biases[b, 2], biases[b, 3]
        y4, y5, y6, y7 = biases[b, 4], biases[b, 5], biases[b, 6], biases[b, 7]
        for j in range(inputs):
            value = x[j]
            y0 += weights[b, j, 0] * value
            y1 += weights[b, j, 1] * value
            y2 += weights[b, j, 2] * value
            y3 += weights[b, j, 3] * value
            y4 += weights[b, j, 4] * value
            y5 += weights[b, j, 5] * value
            y6 += weights[b, j, 6] * value
            y7 += weights[b, j, 7] * value
        k = BLOCK * i
        y[k], y[k + 1], y[k + 2], y[k + 3] = y0, y1, y2, y3
        y[k + 4], y[k + 5], y[k + 6], y[k + 7] = y4, y5, y6, y7
    return first + blocks


@inline
def _turn(raw, row, w_i, w_o, x, into):
    """Both directions along the axes t, n x t and n of the frame whose numbers are in `raw`."""
    nx, ny, nz = _unit(raw[row], raw[row + 1], raw[row + 2])
    tx, ty, tz = raw[row + 3], raw[row + 4], raw[row + 5]
    d = tx * nx + ty * ny + tz * nz
    tx, ty, tz = _unit(tx - d * nx, ty - d * ny, tz - d * nz)
    bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
    for side in range(2):
        w = w_o if side else w_i
        x[into + 3 * side] = tx * w[0] + ty * w[1] + tz * w[2]
        x[into + 3 * side + 1] = bx * w[0] + by * w[1] + bz * w[2]
        x[into + 3 * side + 2] = nx * w[0] + ny * w[1] + nz * w[2]


@inline
def _unit(x, y, z):
    scale = np.float32(1.0) / math.sqrt(max(x * x + y * y + z * z, np.float32(LEAST_SQUARE)))
    return x * scale, y * scale, z * scale
