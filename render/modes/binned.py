"""`binned`: no order; transmittance is read from K bins of optical depth per pixel.

For every pixel, bins along the ray collect tau = -log(1 - alpha). What is seen of each bin then
follows without any order, and the splats of a bin share it:

    C = sum_i alpha_i c_i sum_k m_k(x_i) t_k(x_i) W_k / E_k,
    W_k = exp(-sum_{l<k} B_l) (1 - exp(-B_k)),       B_k = sum_j tau_j m_k(x_j),
    t_k(x_i) = exp(-(B_k - tau_i m_k(x_i)) F_k(x_i)),  E_k = sum_j alpha_j m_k(x_j) t_k(x_j)

where x is depth mapped to (-1, 1) pixel by pixel, m_k(x) the share of a splat that falls into bin
k, and F_k(x) the part of bin k that lies in front of x. A splat does not stand in front of itself,
so its own share is taken out of the bin. The bins' shares of the picture are exact, whatever
happens inside them. A splat is spread over the bins by its thickness along
the view: everything is continuous in depth, splats that pass through each other change places
gradually, and nothing pops.

The bins begin equal in x, which is made from mean and spread of depth (moments in the sense of
Muenstermann et al. 2018). Each refinement counts optical depth once more and moves the edges: bins
become narrow where transmittance falls, in proportion to the cube root of the fall as is optimal
for a quantiser (Panter and Dite 1951).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import (
    BIN_HIDES,
    BIN_LEAST_THICKNESS,
    BIN_SPREAD,
    BIN_THICKNESS,
    BIN_UNIFORM,
)
from ..camera import Camera
from ..projection import Footprint
from ..scene_facts import SceneFacts
from .layers import Canvas, Layers, WeightedSum
from .mode import Mode

Float64 = NDArray[np.float64]


def composite(layers: Layers, canvas: Canvas) -> None:
    """See the equations above, band by band of the image."""
    for band, rows in layers.bands(layers.settings.bins):
        _composite_band(band, canvas.part(rows))


def _composite_band(layers: Layers, canvas: Canvas) -> None:
    """3 + `refine` passes collect, the last one composites."""
    axis, edges, bins = laid_out(layers)
    energies = np.zeros_like(bins)
    for splat in layers:
        energies[splat.window] += bin_weights(splat, axis, edges, bins)
    seen = np.divide(seen_of(bins), energies, out=np.zeros_like(bins), where=energies > 1e-30)
    sums = WeightedSum(layers.shape)
    for splat in layers:
        weights = bin_weights(splat, axis, edges, bins) * seen[splat.window]
        alpha = np.where(splat.alpha > 0, splat.alpha, 1.0)
        sums.add(splat, np.sum(weights, axis=-1) / alpha)
    sums.composite(canvas)


def laid_out(layers: Layers) -> tuple[DepthAxis, Float64, Float64]:
    """The axis of depth, the edges of bins along it after all refinements, and what is in them."""
    axis = DepthAxis(layers)
    edges = np.linspace(-1.0, 1.0, layers.settings.bins + 1) * np.ones((*layers.shape, 1))
    bins = collect(layers, axis, edges)
    for _ in range(layers.settings.refine):
        edges = refined(edges, bins)
        bins = collect(layers, axis, edges)
    return axis, edges, bins


def bins_in_use(layers: Layers) -> Float64:
    """(H, W) how many bins share each pixel, (sum W_k)^2 / sum W_k^2, for a debug view."""
    used = np.zeros(layers.shape)
    for band, rows in layers.bands(layers.settings.bins):
        seen = seen_of(laid_out(band)[2])
        total, squares = seen.sum(axis=-1), np.square(seen).sum(axis=-1)
        np.divide(total**2, squares, out=used[rows], where=squares > 0)
    return used


def optical_depth(alpha: Float64) -> Float64:
    """tau = -log(1 - alpha); alpha is at most 0.99."""
    return -np.log1p(-alpha)


def depth_unit(facts: SceneFacts, camera: Camera) -> float:
    """z_0 of y = 1/2 - z_0 / (z + z_0), which is bounded: as far as the scene reaches."""
    return float(np.linalg.norm(camera.position - facts.center)) + facts.radius


class DepthAxis:
    """x in (-1, 1) of a splat at every pixel: t / sqrt(1 + t^2) with t = (y - mean) / spread."""

    def __init__(self, layers: Layers) -> None:
        self._unit = depth_unit(layers.facts, layers.camera)
        self._thicknesses = layers.projected.thicknesses
        moments = np.zeros((*layers.shape, 3))
        for splat in layers:
            y = self._y(splat.depth)
            moments[splat.window] += optical_depth(splat.alpha)[..., None] * [1.0, y, y * y]
        total = np.where(moments[..., 0] > 0, moments[..., 0], 1.0)
        self._mean = moments[..., 1] / total
        variance = np.maximum(moments[..., 2] / total - self._mean**2, 0.0)
        self._spread = np.sqrt(variance + BIN_SPREAD**2)

    def __call__(self, splat: Footprint) -> tuple[Float64, Float64]:
        """x, and the half of the splat's thickness in x."""
        spread = self._spread[splat.window]
        t = (self._y(splat.depth) - self._mean[splat.window]) / spread
        slope = self._unit / (splat.depth + self._unit) ** 2 / spread * (1.0 + t * t) ** -1.5
        half = BIN_THICKNESS * self._thicknesses[splat.row] * slope
        return t / np.sqrt(1.0 + t * t), half + BIN_LEAST_THICKNESS

    def _y(self, depth: float) -> float:
        """1/2 - z_0 / (z + z_0) in [-1/2, 1/2): around 0, so that float32 moments are exact."""
        return 0.5 - self._unit / (depth + self._unit)


def bin_shares(x: Float64, half: Float64, edges: Float64) -> tuple[Float64, Float64]:
    """F_k(x), how much of each bin lies in front of x, and m_k, the share of a splat in each bin.

    The splat is a box from x - half to x + half; what lies beyond the ends is in the end bins.
    """
    low, high = edges[..., :-1], edges[..., 1:]
    in_front = np.clip((x[..., None] - low) / (high - low), 0.0, 1.0)
    beyond = np.clip(0.5 + (x[..., None] - low[..., 1:]) / (2.0 * half[..., None]), 0.0, 1.0)
    ends = np.ones((*x.shape, 1))
    beyond = np.concatenate([ends, beyond, 0.0 * ends], axis=-1)
    return in_front, beyond[..., :-1] - beyond[..., 1:]


def bin_weights(splat: Footprint, axis: DepthAxis, edges: Float64, bins: Float64) -> Float64:
    """(h, w, K) alpha m_k t_k: how a splat takes part in each bin; no bin hides too much of it."""
    in_front, share = bin_shares(*axis(splat), edges[splat.window])
    tau = optical_depth(splat.alpha)[..., None]
    hides = np.maximum(bins[splat.window] - tau * share, 0.0) * in_front
    hidden = np.exp2(-np.minimum(hides / np.log(2.0), BIN_HIDES))
    return splat.alpha[..., None] * share * hidden


def seen_of(bins: Float64) -> Float64:
    """(H, W, K) W_k: what is seen of each bin; they add up to 1 - T."""
    behind = np.exp(-np.cumsum(bins, axis=-1))
    before = np.concatenate([np.ones((*bins.shape[:2], 1)), behind[..., :-1]], axis=-1)
    return before - behind


def collect(layers: Layers, axis: DepthAxis, edges: Float64) -> Float64:
    """(H, W, K) optical depth in each bin."""
    bins = np.zeros((*layers.shape, edges.shape[-1] - 1))
    for splat in layers:
        _, share = bin_shares(*axis(splat), edges[splat.window])
        bins[splat.window] += optical_depth(splat.alpha)[..., None] * share
    return bins


def refined(edges: Float64, bins: Float64) -> Float64:
    """(H, W, K + 1) edges that cut the weight of the bins into K equal parts.

    A bin weighs the cube root of the transmittance lost in it, spread evenly; some weight is
    spread over all bins so that none grows without bound.
    """
    count = bins.shape[-1]
    depth = np.concatenate([np.zeros((*bins.shape[:2], 1)), np.cumsum(bins, axis=-1)], axis=-1)
    weight = np.cbrt(-np.diff(np.exp(-depth), axis=-1))
    total = weight.sum(axis=-1, keepdims=True)
    weight = weight / np.where(total > 0, total, 1.0) + BIN_UNIFORM / count
    below = np.concatenate([np.zeros((*bins.shape[:2], 1)), np.cumsum(weight, axis=-1)], axis=-1)
    widths, moved = np.diff(edges, axis=-1), edges.copy()
    for k in range(1, count):
        wanted = below[..., -1:] * k / count
        # Each bin's part of the way to the wanted weight; over bins, the inverse of `below`.
        part = np.clip((wanted - below[..., :-1]) / weight, 0.0, 1.0)
        moved[..., k] = edges[..., 0] + np.sum(part * widths, axis=-1)
    return moved


MODE = Mode(
    "binned",
    "No sort, no popping: transmittance from bins of optical depth per pixel; close to exact.",
    composite,
    settings=("bins", "refine"),
)
