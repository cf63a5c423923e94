"""The picture, its loss and its gradient on the CPU, in bands of rows that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.bins import TILE
from ...kernels.cpu.image.decode import decode
from ...kernels.cpu.image.gradient import MOMENTS, add_instances, chain, gradient
from ...kernels.cpu.image.similarity import loss_slope
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.workers import Workers
from ...scenes.image_splats import ImageSplats
from .cpu import Placed, four_channels
from .source import Source
from .view import whole

Float32 = NDArray[np.float32]

BAND_PIXELS = 1 << 21
"""Pixels whose picture, target, slope, weights and thresholds are in memory at once (56 bytes)."""

PIECES = 16
"""Pieces of a band; what they give does not depend on how many threads take them."""


@dataclass(frozen=True, eq=False)
class Band:
    """Rows top to bottom of a picture as drawn, with a row of tiles more on either side.

    Attributes:
        top, bottom: rows that count.
        first: row of the image that row 0 of the arrays is.
        image, target: (R, W, 4) float32.
        weights, thresholds: (R, W), see `decode`.
        known: (R, W) bool, or None.
        starts: where the lists of the band's tiles begin in `members`.
    """

    top: int
    bottom: int
    first: int
    image: Float32
    target: Float32
    weights: Float32
    thresholds: Float32
    known: NDArray[np.bool_] | None
    starts: NDArray[np.int64]

    @property
    def inner(self) -> slice:
        """The rows of the arrays that count."""
        return slice(self.top - self.first, self.bottom - self.first)

    def squares(self) -> Float32:
        """(R, W) squared error of the rows that count, of values as a display shows them."""
        shown = np.clip(self.image[self.inner], 0.0, 1.0)
        squares = np.square(shown - self.target[self.inner]).sum(axis=2)
        if self.known is not None:
            squares *= self.known[self.inner]
        return squares


class Loss:
    """A source that splats are compared with.

    Args:
        source: the picture.
        workers: threads to use.
        k: how many Gaussians count at a pixel.
        band_pixels: see `BAND_PIXELS`.
    """

    def __init__(
        self, source: Source, workers: Workers, k: int, band_pixels: int = BAND_PIXELS
    ) -> None:
        self._source, self._workers, self._k = source, workers, k
        self._scratch, self._sums = Scratch(), Scratch()
        width, height = source.size
        rows = max(1, band_pixels // (width * TILE)) * TILE
        self.tops = list(range(0, height, rows))
        self._rows = rows
        known = height * width if source.known is None else int(source.known.sum())
        self._values = known * source.channels
        self._kept: tuple[int, Float32] | None = None

    def bands(self, splats: ImageSplats) -> Iterator[tuple[Band, Placed]]:
        """Draws the picture band by band."""
        placed = Placed(splats, whole(splats), 0.0, self._workers, self._scratch)
        colors = four_channels(splats.colors)
        for top in self.tops:
            yield self._draw(placed, colors, top), placed

    def error(self, splats: ImageSplats) -> float:
        """Mean squared error over the known pixels."""
        return self.mean(sum(float(band.squares().sum()) for band, _ in self.bands(splats)))

    def mean(self, squared: float) -> float:
        """The mean of a sum of squares over all known values."""
        return squared / self._values

    def gradient(self, splats: ImageSplats, similarity: float) -> tuple[NDArray[np.float64], float]:
        """Gradient of sum |x - y| - similarity sum SSIM by all parameters.

        Args:
            splats: what is drawn.
            similarity: strength of the SSIM term.

        Returns:
            gradients: (N, 9), see `chain`.
            error: mean squared error.
        """
        n = len(splats)
        totals = np.zeros((n, MOMENTS), np.float64)
        colors = four_channels(splats.colors)
        squared = 0.0
        for band, placed in self.bands(splats):
            slope = self._sums.array("slope", band.image.shape, np.float32)
            squared += self._slope(band, similarity, slope)
            self._collect(splats, placed, colors, band, slope, totals)
        out = np.empty((n, MOMENTS), np.float64)
        size = -(-n // PIECES)
        self._workers.map(
            lambda p: chain(
                *(splats.inverse_scales, splats.rotations, totals),
                *(min(p * size, n), min((p + 1) * size, n), out),
            ),
            PIECES,
        )
        return out, self.mean(squared)

    def _target(self, first: int, last: int) -> Float32:
        if self._kept is None or len(self.tops) > 1:
            self._kept = first, self._source.rows(first, last)
        return self._kept[1]

    def _draw(self, placed: Placed, colors: Float32, top: int) -> Band:
        width, height = self._source.size
        bottom = min(top + self._rows, height)
        first, last = max(top - TILE, 0), min(bottom + TILE, height)
        columns = -(-width // TILE)
        low, high = first // TILE * columns, -(-last // TILE) * columns
        # The lists of the band's tiles, and tiles counted from its first row.
        starts = placed.starts[low : high + 1]
        shape = last - first, width
        image = self._sums.array("image", (*shape, 4), np.float32)
        weights = self._sums.array("weights", shape, np.float32)
        thresholds = self._sums.array("thresholds", shape, np.float32)
        footprints = placed.footprints
        tiles = np.arange(high - low)

        def part(p: int) -> None:
            decode(
                tiles, *_span(len(tiles), p), starts, placed.members, footprints, colors,
                self._k, first, image, weights, thresholds,
            )  # fmt: skip

        self._workers.map(part, PIECES)
        known = None if self._source.known is None else self._source.known[first:last]
        target = self._target(first, last)
        if known is not None:  # what is not known agrees with what is drawn
            target = np.where(known[..., None], target, image)
        return Band(top, bottom, first, image, target, weights, thresholds, known, starts)

    def _slope(self, band: Band, similarity: float, slope: Float32) -> float:
        inner = band.inner
        height = inner.stop - inner.start
        slope[: inner.start], slope[inner.stop :] = 0.0, 0.0

        def part(p: int) -> Any:
            top, bottom = _span(height, p)
            return loss_slope(
                band.image, band.target, np.float32(similarity),
                inner.start + top, inner.start + bottom, slope,
            )  # fmt: skip

        squared = self._workers.map(part, PIECES)
        if band.known is not None:
            slope[~band.known] = 0.0
        return sum(map(float, squared))

    def _collect(
        self, splats: ImageSplats, placed: Placed, colors: Float32, band: Band, slope: Float32,
        totals: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Adds the band's rows to the sums of all Gaussians."""
        columns = -(-splats.size[0] // TILE)
        low = (band.top - band.first) // TILE * columns
        high = -(-(band.bottom - band.first) // TILE) * columns
        tiles = np.arange(low, high)
        offset, end = int(band.starts[low]), int(band.starts[high])
        sums = self._sums.array("sums", (end - offset, MOMENTS), np.float32)
        footprints: Any = placed.footprints

        def part(p: int) -> None:
            gradient(
                tiles, *_span(len(tiles), p), band.starts, placed.members, footprints,
                splats.means, colors, band.image, band.weights, band.thresholds, slope,
                offset, band.first, sums,
            )  # fmt: skip

        self._workers.map(part, PIECES)
        add_instances(placed.members, offset, end, offset, sums, totals)


def _span(count: int, piece: int) -> tuple[int, int]:
    """Start and end of one of PIECES parts of a range."""
    return count * piece // PIECES, count * (piece + 1) // PIECES
