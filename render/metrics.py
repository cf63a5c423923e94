"""Measures of how far one picture is from another. Pictures are (H, W, C) floats in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]


def mse(a: ArrayLike, b: ArrayLike, *, clamp: bool = True) -> float:
    """Mean squared error; `clamp` limits both to [0, 1] first, which is what a display shows.

    Raises, as all measures here: ValueError for pictures of different shapes.
    """
    return float(np.mean(np.square(_difference(a, b, clamp))))


def psnr(a: ArrayLike, b: ArrayLike, *, clamp: bool = True) -> float:
    """Peak signal-to-noise ratio, dB, of peak 1; infinite for equal pictures. `clamp` as `mse`."""
    error = mse(a, b, clamp=clamp)
    return float("inf") if error == 0.0 else -10.0 * float(np.log10(error))


def max_error(a: ArrayLike, b: ArrayLike, *, clamp: bool = True) -> float:
    """Largest absolute difference of any channel."""
    return float(np.max(np.abs(_difference(a, b, clamp)), initial=0.0))


def mean_signed(a: ArrayLike, b: ArrayLike, *, clamp: bool = True) -> Float64:
    """(C,) mean of a - b per channel: a shift of brightness that noise does not cause."""
    return _difference(a, b, clamp).reshape(-1, np.shape(a)[-1]).mean(axis=0)


def ssim(a: ArrayLike, b: ArrayLike) -> float:
    """Structural similarity, mean over pixels and channels (Wang et al. 2004).

    11x11 Gaussian window of standard deviation 1.5, K1 = 0.01, K2 = 0.03, peak 1; only windows
    that lie wholly inside count. Pictures must be at least 11x11.

    Raises:
        ValueError: different shapes, or smaller than the window.
    """
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape or min(x.shape[:2]) < 11:
        raise ValueError(f"SSIM needs equal shapes of at least 11x11, got {x.shape} and {y.shape}")
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    cov = _blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * cov + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    )
    return float(similarity.mean())


def flip(reference: ArrayLike, test: ArrayLike) -> tuple[float, NDArray[np.float32]]:
    """Mean LDR-FLIP and its error map drawn in colours, (H, W, 3) (Andersson et al. 2020).

    It draws the picture that explains a difference; as a gate it ranks a white box below noise.
    """
    from flip_evaluator import evaluate

    image, mean, _ = evaluate(
        np.ascontiguousarray(reference, np.float32), np.ascontiguousarray(test, np.float32), "LDR"
    )
    return float(mean), np.asarray(image, np.float32)


def _difference(a: ArrayLike, b: ArrayLike, clamp: bool) -> Float64:
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"pictures of different shapes: {x.shape} and {y.shape}")
    if clamp:
        x, y = np.clip(x, 0.0, 1.0), np.clip(y, 0.0, 1.0)
    return x - y


def _blur(image: Float64) -> Float64:
    """Separable 11-tap Gaussian of standard deviation 1.5 over the first two axes, valid part."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        n = image.shape[axis] - 10
        image = sum(w * image.take(range(k, k + n), axis) for k, w in enumerate(taps))  # type: ignore[assignment]
    return image
