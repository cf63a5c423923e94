"""Measuring: how long frames take, and how far one picture is from another."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import metrics
from .finish import draw
from .frame import Frame, FrameRequest
from .renderer import Renderer

Float32 = NDArray[np.float32]

NOT_DRAWING = frozenset({"download"})
"""Stages that a window does not wait for."""

REPEATS = 3
"""Frames whose median counts, after one that warms up."""


@dataclass(frozen=True, eq=False)
class Timed:
    """A frame that was drawn several times.

    Attributes:
        frame: the last one.
        milliseconds: median over the frames of what drawing took, all stages but `NOT_DRAWING`.
        stages: median by stage, milliseconds.
    """

    frame: Frame
    milliseconds: float
    stages: dict[str, float]


@dataclass(frozen=True, eq=False)
class Difference:
    """How far picture B is from picture A, both as a display shows them.

    Attributes:
        psnr: dB, infinite for equal pictures.
        mse: mean squared error, of peak 1.
        max_error: largest difference of any channel, in 1/255.
        ssim: structural similarity; None for pictures below 11 pixels, or where not asked for.
        absolute: (H, W) float32, largest difference of any channel at every pixel, 0 to 1.
    """

    psnr: float
    mse: float
    max_error: float
    ssim: float | None
    absolute: Float32


def drawing_time(frame: Frame) -> float:
    """Milliseconds that drawing a frame took."""
    return sum(ms for stage, ms in frame.timings.items() if stage not in NOT_DRAWING)


def timed(
    renderer: Renderer,
    request: FrameRequest,
    repeats: int = REPEATS,
    before: Callable[[], None] = lambda: None,
) -> Timed:
    """Draws a frame once to warm up and then `repeats` times.

    Args:
        renderer: with the scene uploaded.
        request: the frame.
        repeats: how many frames count, at least 1.
        before: called before each frame; may raise to stop.

    Raises:
        RenderError: the frame cannot be drawn.
    """
    before()
    frame = draw(renderer, request)
    frames = []
    for _ in range(max(1, repeats)):
        before()
        frame = draw(renderer, request)
        frames.append((drawing_time(frame), frame.timings))
    stages = {
        stage: statistics.median(timings.get(stage, 0.0) for _, timings in frames)
        for stage in frame.timings
    }
    return Timed(frame, statistics.median(ms for ms, _ in frames), stages)


def difference(a: ArrayLike, b: ArrayLike, *, with_ssim: bool = True) -> Difference:
    """Compares two pictures, (H, W, 3), clamped to [0, 1]. `with_ssim`: it takes the longest.

    Raises:
        ValueError: pictures of different shapes.
    """
    left, right = (np.clip(np.asarray(each, np.float32), 0.0, 1.0) for each in (a, b))
    mse = metrics.mse(left, right)  # raises for different shapes
    absolute = np.abs(left - right).max(axis=2)
    similar = None
    if with_ssim and min(absolute.shape) >= 11:
        similar = metrics.ssim(left, right)
    return Difference(
        psnr=decibels(mse),
        mse=mse,
        max_error=255.0 * float(absolute.max(initial=0.0)),
        ssim=similar,
        absolute=absolute,
    )


def decibels(mse: float) -> float:
    """PSNR of peak 1 for a mean squared error; infinite for 0."""
    return float("inf") if mse == 0.0 else -10.0 * float(np.log10(mse))
