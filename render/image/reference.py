"""What an image made of splats shows: the definition, in float64.

    c(p) = sum_i w_i(p) c_i / sum_i w_i(p),    over the K Gaussians of the largest w_i(p)

(Image-GS, Zhang et al. 2024), with w_i = G_i, nothing below 1/255 as everywhere in Voile. Where no
Gaussian reaches the picture is clear: colour 0, alpha 0. Those equal to the K-th, but for rounding,
count as well.

At a scale s the same field is evaluated at p / s (GSASR, Chen et al. 2025). Where a pixel of the
picture is larger than one of the image, each Gaussian is convolved with the rest of its footprint:
its covariance grows by f I, f = (1/s^2 - 1) / 12, and w by sqrt(det S / det (S + f I)), which keeps
its integral. Below s = 1/2 several such samples are averaged, because K Gaussians no longer say
what a pixel sees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import ALPHA_MIN, STRONGEST_SLACK
from ...scenes.image_splats import ImageSplats
from .renderer import ImageFrame, assemble
from .view import ImageView

Float64 = NDArray[np.float64]


def render(splats: ImageSplats, view: ImageView) -> NDArray[np.floating]:
    """(H, W, C + 1): the channels, and 1 where a Gaussian reaches, premultiplied by that."""
    n = view.samples
    fine = view.finer((0, view.height))
    image = evaluate(splats, points(fine), view.k, view.widening)
    samples = image.reshape(view.height, n, view.width, n, -1)
    return samples.mean(axis=(1, 3))


def points(view: ImageView) -> Float64:
    """(H, W, 2) the image's points at the pixel centres of a view."""
    x = (np.arange(view.width) + 0.5) / view.scale + view.left
    y = (np.arange(view.height) + 0.5) / view.scale + view.top
    where = np.empty((view.height, view.width, 2))
    where[..., 0], where[..., 1] = x, y[:, None]
    return where


def evaluate(splats: ImageSplats, where: Float64, k: int, widening: float = 0.0) -> Float64:
    """(..., C + 1) at points (..., 2) of the image."""
    flat = where.reshape(-1, 2)
    weights = (
        np.stack([strength(splats, i, flat, widening) for i in range(len(splats))])
        if len(splats)
        else np.zeros((1, len(flat)))
    )
    if len(weights) > k:
        threshold = -np.partition(-weights, k - 1, axis=0)[k - 1]
        weights = np.where(weights >= threshold * (1 - STRONGEST_SLACK), weights, 0.0)
    total = weights.sum(axis=0)
    share = np.where(total > 0, 1 / np.where(total > 0, total, 1), 0.0)
    colors = splats.colors.astype(np.float64) if len(splats) else np.zeros((1, splats.channels))
    color = (weights.T @ colors) * share[:, None]
    reached = (total > 0).astype(np.float64)
    return np.concatenate([color, reached[:, None]], axis=1).reshape(*where.shape[:-1], -1)


def strength(splats: ImageSplats, i: int, where: Float64, widening: float) -> Float64:
    """(P,) weight of Gaussian i at points (P, 2)."""
    angle = float(splats.rotations[i])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    variances = splats.inverse_scales[i].astype(np.float64) ** -2
    offset = where - splats.means[i]
    exponent = np.square(offset @ turn) @ (1 / (variances + widening))
    g = np.exp(-0.5 * exponent)
    amplitude = np.sqrt(np.prod(variances / (variances + widening)))
    return np.where(g >= ALPHA_MIN, amplitude * g, 0.0)


class ReferenceImageRenderer:
    """Draws by the definition; slow."""

    name = "reference"
    device = "numpy, float64"

    def __init__(self) -> None:
        self._splats: ImageSplats | None = None

    def upload(self, splats: ImageSplats) -> None:
        """Takes the image."""
        self._splats = splats

    def render(self, view: ImageView) -> ImageFrame:
        """Draws a view."""
        assert self._splats is not None, "upload an image first"
        image = render(self._splats, view).astype(np.float32)
        color = np.zeros((*image.shape[:2], 4), np.float32)
        color[..., : self._splats.channels] = image[..., :-1]
        return assemble(color, image[..., -1], self._splats.channels, {}, len(self._splats))

    def close(self) -> None:
        """Forgets the image."""
        self._splats = None
