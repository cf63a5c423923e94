"""Importance sampling of a neural material: a GGX lobe mixed with a cosine lobe.

A small net predicts for (latent, w_o) the normal of the lobe, its roughness and its share. The half
vector is drawn by the normal distribution of Walter et al. 2007 about the predicted normal, so

    p(w_i) = share D(h . n) (h . n) / (4 |w_o . h|) + (1 - share) max(0, w_i . z) / pi.

Samples may fall below the surface, where the reflectance is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.constants import LOBE_LEAST_ALPHA, LOBE_LEAST_SHARE, LOBE_MOST_SLOPE
from ...scenes.material import NeuralMaterial
from .decode import perceptron, unit

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Lobes:
    """A proposal for each of N points.

    Attributes:
        normal: (..., 3) unit, of the GGX lobe.
        alpha: (...) its roughness.
        share: (...) the probability that it is taken.
    """

    normal: Array
    alpha: Array
    share: Array


def propose(
    material: NeuralMaterial, latent: ArrayLike, w_o: ArrayLike, dtype: Any = np.float64
) -> Lobes:
    """The proposal at latents (..., L) for viewers at w_o (..., 3)."""
    z, w_o = np.asarray(latent, dtype), np.asarray(w_o, dtype)
    size = np.broadcast_shapes(z.shape[:-1], w_o.shape[:-1])
    x = np.empty((*size, z.shape[-1] + 3), dtype)
    x[..., :-3], x[..., -3:] = z, w_o
    y = perceptron(material.sampler, x)
    slopes = np.clip(y[..., :2], -LOBE_MOST_SLOPE, LOBE_MOST_SLOPE)
    normal = unit(np.concatenate([slopes, np.ones_like(slopes[..., :1])], axis=-1))
    alpha = LOBE_LEAST_ALPHA + (1 - LOBE_LEAST_ALPHA) * _sigmoid(y[..., 2])
    share = LOBE_LEAST_SHARE + (1 - 2 * LOBE_LEAST_SHARE) * _sigmoid(y[..., 3])
    return Lobes(normal, alpha, share)


def sample(lobes: Lobes, w_o: ArrayLike, u: ArrayLike) -> Array:
    """Directions (..., 3) to the light, unit, drawn by random numbers u (..., 3) in [0, 1)."""
    w_o, u = np.asarray(w_o), np.asarray(u)
    angle = 2 * np.pi * u[..., 0]
    # The GGX half vector about the predicted normal.
    cos2 = (1 - u[..., 1]) / (1 + (lobes.alpha**2 - 1) * u[..., 1])
    half = to_world(_polar(np.sqrt(cos2), angle), lobes.normal)
    mirrored = 2 * np.sum(w_o * half, axis=-1, keepdims=True) * half - w_o
    cosine = _polar(np.sqrt(1 - u[..., 1]), angle)
    return np.where((u[..., 2] < lobes.share)[..., None], mirrored, cosine)


def density(lobes: Lobes, w_i: ArrayLike, w_o: ArrayLike) -> Array:
    """Probability density (...) of w_i by `sample`, 1/sr."""
    w_i, w_o = np.asarray(w_i), np.asarray(w_o)
    half = unit(w_i + w_o)
    cos_n = np.maximum(np.sum(half * lobes.normal, axis=-1), 0.0)
    cos_o = np.maximum(np.abs(np.sum(half * w_o, axis=-1)), 1e-6)
    square = lobes.alpha**2
    spread = cos_n * cos_n * (square - 1) + 1
    lobe = square * cos_n / (np.pi * spread * spread) / (4 * cos_o)
    return lobes.share * lobe + (1 - lobes.share) * np.maximum(w_i[..., 2], 0.0) / np.pi


def to_world(v: Array, normal: Array) -> Array:
    """Vectors about z turned to a unit normal (Duff et al. 2017, an orthonormal basis)."""
    x, y, z = normal[..., 0], normal[..., 1], normal[..., 2]
    sign = np.where(z >= 0, 1.0, -1.0)
    a = -1.0 / (sign + z)
    b = x * y * a
    first = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=-1)
    second = np.stack([b, sign + y * y * a, -y], axis=-1)
    return v[..., :1] * first + v[..., 1:2] * second + v[..., 2:] * normal


def _polar(cosine: Array, angle: Array) -> Array:
    sine = np.sqrt(np.maximum(0.0, 1 - cosine * cosine))
    return np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=-1)


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(x, -30.0, 30.0)))
