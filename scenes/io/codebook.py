"""Codebooks for SOG: 256 numbers for a column, and a palette for vectors of harmonics."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent

Float32 = NDArray[np.float32]

LEVELS = 256
_FINE = 1 << 14  # bins of the histogram that levels are placed by


def levels_of(values: Float32) -> NDArray[np.float64]:
    """(256,) rising numbers that stand for many.

    Half of them follow the cube root of the density, which makes the squared error least (Panter
    and Dite 1951), the others are spread evenly: no value is farther from its level than 1/256 of
    the range, however rare it is.
    """
    if values.size == 0:
        return np.zeros(LEVELS)
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.full(LEVELS, low)
    count, edges = np.histogram(values, bins=_FINE, range=(low, high))
    share = np.cbrt(count)
    share = 0.5 * share / share.sum() + 0.5 / _FINE
    below = np.concatenate([[0.0], np.cumsum(share)])
    return np.interp((np.arange(LEVELS) + 0.5) / LEVELS, below / below[-1], edges)


def nearest(levels: NDArray[np.float64], values: Float32) -> NDArray[np.uint8]:
    """Which of the rising levels is nearest to each value; shaped like the values."""
    middles = (levels[1:] + levels[:-1]) / 2.0
    return np.searchsorted(middles, values).astype(np.uint8)


def palette_of(
    vectors: Float32, entries: int, progress: Progress = silent, text: str = ""
) -> tuple[Float32, NDArray[np.uint16]]:
    """At most `entries` <= 65536 vectors that stand for many.

    The part whose squared error is largest is halved at the mean of the coordinate that varies
    most, again and again (a tree-structured quantiser: Wu 1992). Vectors that are equal share an
    entry, so where there are few different ones nothing is lost.

    Args:
        vectors: (N, D).
        entries: of the palette.
        progress: reports progress; may raise Cancelled.
        text: what is reported.

    Returns:
        The palette (P, D) and the entry of each vector (N,).
    """
    data, rows = vectors.copy(), np.arange(len(vectors))
    worst: list[tuple[float, int, int, int]] = []  # minus the error, first row, end, coordinate
    done: list[tuple[int, int]] = []

    def put(first: int, end: int) -> None:
        errors = data[first:end].var(axis=0, dtype=np.float64) * (end - first)
        axis = int(errors.argmax())
        if (data[first:end, axis] == data[first, axis]).all():
            done.append((first, end))
        else:
            heapq.heappush(worst, (-float(errors.sum()), first, end, axis))

    if len(vectors):
        put(0, len(vectors))
    while worst and len(worst) + len(done) < entries:
        _, first, end, axis = heapq.heappop(worst)
        column = data[first:end, axis]
        low = column <= column.mean(dtype=np.float64)
        if low.all():  # the mean was rounded up to the largest
            low = column < column.max()
        order = np.concatenate([np.nonzero(low)[0], np.nonzero(~low)[0]])
        data[first:end], rows[first:end] = data[first:end][order], rows[first:end][order]
        middle = first + int(np.count_nonzero(low))
        put(first, middle)
        put(middle, end)
        if (len(worst) + len(done)) % 256 == 0:
            progress((len(worst) + len(done)) / entries, text)
    parts = [*done, *((first, end) for _, first, end, _ in worst)]
    palette = np.zeros((len(parts), vectors.shape[1]), np.float32)
    labels = np.zeros(len(vectors), np.uint16)
    for entry, (first, end) in enumerate(parts):
        palette[entry] = data[first:end].mean(axis=0, dtype=np.float64)
        labels[rows[first:end]] = entry
    return palette, labels
