"""The definition of a neural material: what light it sends from one direction to another.

Directions are unit vectors away from the surface, in its tangent frame: x along growing u, y along
growing v, z the normal. With a latent z (L,) of the texture, a linear layer predicts frames

    n = unit(a),  t = unit(b - (b . n) n),  n x t    where (a, b) = F z + f    for each frame,

both directions in every frame (along t, n x t, n) are input with the latent to a perceptron with
rectified units, and the reflectance is the exponential of its output (Zeltner et al. 2024).
`glsl.py` writes the same for shaders, `nets.py` for training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.constants import LATENT_SPREAD, NEURAL_LEAST_SQUARE, NEURAL_MOST_LOG
from ...scenes.material import Dense, NeuralMaterial

Array = NDArray[np.floating[Any]]


def level_of(footprint: ArrayLike) -> Array:
    """The level to read for a footprint (...) in texels of the finest level; 0 for one texel."""
    return np.log2((np.maximum(footprint, 1.0) + (LATENT_SPREAD - 1.0)) / LATENT_SPREAD)


def footprint_of(level: ArrayLike) -> Array:
    """The footprint that a level stands for, in texels of the finest: the inverse of `level_of`."""
    return LATENT_SPREAD * 2.0 ** np.asarray(level, np.float64) - (LATENT_SPREAD - 1.0)


def unit(v: Array) -> Array:
    """Vectors (..., 3) of length one; shorter than one where they are close to zero."""
    square = np.sum(v * v, axis=-1, keepdims=True)
    return v / np.sqrt(np.maximum(square, np.asarray(NEURAL_LEAST_SQUARE, v.dtype)))


def decode(
    material: NeuralMaterial,
    latent: ArrayLike,
    w_i: ArrayLike,
    w_o: ArrayLike,
    dtype: Any = np.float64,
) -> Array:
    """Reflectance f_r, 1/sr, linear light, without the cosine.

    Args:
        latent: (..., L) of `lookup`.
        w_i: (..., 3) to the light.
        w_o: (..., 3) to the viewer.
        dtype: of the arithmetic; float64 is the definition, float32 is by the kernels.

    Returns:
        (..., 3), zero where a direction is not above the surface.
    """
    z, w_i, w_o = (np.asarray(a, dtype) for a in (latent, w_i, w_o))
    size = np.broadcast_shapes(z.shape[:-1], w_i.shape[:-1], w_o.shape[:-1])
    if np.dtype(dtype) == np.float32:
        flat = (
            np.broadcast_to(a, (*size, a.shape[-1])).reshape(-1, a.shape[-1]) for a in (z, w_i, w_o)
        )
        from .single import decode_single  # brings the compiler of kernels along

        return decode_single(material, *flat).reshape(*size, 3)
    x = np.empty((*size, material.shape.inputs), dtype)
    latents = material.shape.latents
    x[..., :latents] = z
    x[..., latents:] = local_directions(material, z, w_i, w_o)
    y = perceptron(material.decoder, x)
    reflectance = np.exp(np.clip(y, -NEURAL_MOST_LOG, NEURAL_MOST_LOG))
    above = (w_i[..., 2] > 0) & (w_o[..., 2] > 0)
    return np.where(above[..., None], reflectance, np.asarray(0.0, dtype))


def local_directions(material: NeuralMaterial, z: Array, w_i: Array, w_o: Array) -> Array:
    """(..., 6 frames): w_i then w_o along the axes t, n x t, n of each frame."""
    if not material.shape.frames:
        size = np.broadcast_shapes(w_i.shape, w_o.shape)
        return np.concatenate([np.broadcast_to(w, size) for w in (w_i, w_o)], axis=-1)
    return np.concatenate(
        [np.sum(axis * w, axis=-1, keepdims=True)
         for axes in shading_frames(material, z) for w in (w_i, w_o) for axis in axes],
        axis=-1,
    )  # fmt: skip


def shading_frames(material: NeuralMaterial, latent: Array) -> list[tuple[Array, Array, Array]]:
    """The learned frames at latents (..., L): t, n x t and n of each, (..., 3)."""
    raw = linear(material.layers["frames"], latent)
    frames = []
    for k in range(0, raw.shape[-1], 6):
        n = unit(raw[..., k : k + 3])
        t = raw[..., k + 3 : k + 6]
        t = unit(t - np.sum(t * n, axis=-1, keepdims=True) * n)
        frames.append((t, np.cross(n, t), n))
    return frames


def perceptron(layers: list[Dense], x: Array) -> Array:
    """Linear layers with rectified units between them."""
    for layer in layers[:-1]:
        x = linear(layer, x)
        np.maximum(x, 0, out=x)
    return linear(layers[-1], x)


def linear(layer: Dense, x: Array) -> Array:
    """weight x + bias, in the type of x."""
    return x @ layer.weight.T.astype(x.dtype) + layer.bias.astype(x.dtype)


def lookup(material: NeuralMaterial, uv: ArrayLike, level: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Latents (..., L) at texture coordinates.

    Bilinear within a level and linear between levels; the texture repeats.

    Args:
        uv: (..., 2).
        level: (...) of `level_of`; limited to the levels there are.
    """
    uv = np.asarray(uv, np.float64)
    level = np.clip(np.broadcast_to(level, uv.shape[:-1]), 0.0, len(material.levels) - 1.0)
    found = np.zeros((*uv.shape[:-1], material.shape.latents))
    for k in np.unique(np.concatenate([np.floor(level).ravel(), np.ceil(level).ravel()])):
        share = np.maximum(0.0, 1.0 - np.abs(level - k))
        some = share > 0
        found[some] += share[some, None] * bilinear(material.levels[int(k)], uv[some])
    return found


def bilinear(texture: Array, uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, C) of a repeating texture (H, W, C) at (N, 2)."""
    height, width = texture.shape[:2]
    at = uv * (width, height) - 0.5
    corner = np.floor(at)
    fx, fy = (at - corner).T[..., None]
    x, y = corner.astype(np.int64).T
    x0, x1, y0, y1 = x % width, (x + 1) % width, y % height, (y + 1) % height
    top = texture[y0, x0] * (1 - fx) + texture[y0, x1] * fx
    bottom = texture[y1, x0] * (1 - fx) + texture[y1, x1] * fx
    return top * (1 - fy) + bottom * fy
