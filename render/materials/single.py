"""Evaluation of neural materials in single precision, by the kernels, over all threads."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.neural import BLOCK, Net
from ...kernels.cpu.neural import decode as decode_points
from ...kernels.cpu.workers import shared_workers, thread_count
from ...scenes.material import NeuralMaterial

_CHUNK = 1 << 11
"""Points that one thread takes at a time."""


def decode_single(
    material: NeuralMaterial, latents: NDArray[Any], w_i: NDArray[Any], w_o: NDArray[Any]
) -> NDArray[np.float32]:
    """(N, 3) as `decode`, for latents (N, L) and directions (N, 3): the same for any threads."""
    net = _net(material)
    z, i, o = (np.require(a, np.float32, ["C", "W"]) for a in (latents, w_i, w_o))
    found = np.empty((len(z), 3), np.float32)

    def part(k: int) -> None:
        first, last = k * _CHUNK, min((k + 1) * _CHUNK, len(z))
        decode_points(net, z, i, o, first, last, found)

    shared_workers(thread_count()).map(part, -(-len(z) // _CHUNK))
    return found


def _net(material: NeuralMaterial) -> Net:
    known = _NETS.get(material)
    if known is None:
        known = _NETS[material] = packed(material)
    return known


def packed(material: NeuralMaterial) -> Net:
    """The layers in blocks of outputs, the last of each layer filled up with zeros."""
    layers = [layer for name, layer in material.layers.items() if not name.startswith("sampler")]
    most = max(layer.weight.shape[1] for layer in layers)
    weights, biases, sizes = [], [], []
    for layer in layers:
        outputs, inputs = layer.weight.shape
        blocks = -(-outputs // BLOCK)
        weight = np.zeros((blocks * BLOCK, most), np.float32)
        bias = np.zeros(blocks * BLOCK, np.float32)
        weight[:outputs, :inputs], bias[:outputs] = layer.weight, layer.bias
        weights.append(weight.reshape(blocks, BLOCK, most).transpose(0, 2, 1))
        biases.append(bias.reshape(blocks, BLOCK))
        sizes.append((inputs, blocks))
    return Net(
        np.ascontiguousarray(np.concatenate(weights)),
        np.concatenate(biases),
        np.array(sizes, np.int64),
        material.shape.frames,
    )


_NETS: WeakKeyDictionary[NeuralMaterial, Net] = WeakKeyDictionary()
