"""Where Gaussians are put: where the picture changes at first, then where the error is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from .loss import BAND_PIXELS, Band
from .source import Source

Float64 = NDArray[np.float64]

UNIFORM = 0.3
"""Share of the first Gaussians that lie anywhere."""


def places_by_change(source: Source, count: int, random: np.random.Generator) -> Float64:
    """(count, 2) points, by the size of the picture's gradient and a share of them anywhere."""
    width, height = source.size
    rows = max(1, BAND_PIXELS // width)

    def densities() -> Iterable[tuple[int, NDArray[np.floating]]]:
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            first, last = max(top - 1, 0), min(bottom + 1, height)
            part = source.rows(first, last)
            change = np.zeros(part.shape[:2], np.float64)
            for axis in (0, 1):
                if part.shape[axis] > 1:
                    change += np.square(np.gradient(part, axis=axis)).sum(axis=2)
            density = np.sqrt(change[top - first : bottom - first])
            if source.known is not None:
                density *= inside(source.known[first:last])[top - first : bottom - first]
            yield top, density

    total = sum(float(d.sum()) for _, d in densities())
    even = UNIFORM / (width * height) if total > 0 else 1.0

    def mixed() -> Iterable[tuple[int, NDArray[np.floating]]]:
        for top, density in densities():
            known = 1.0 if source.known is None else source.known[top : top + len(density)]
            share = (1 - UNIFORM) / total if total > 0 else 0.0
            yield top, (density * share + even) * known

    return _drawn(mixed, count, random)


def places_by_error(
    bands: Callable[[], Iterable[Band]], count: int, random: np.random.Generator
) -> Float64:
    """(count, 2) points, by the error of a picture."""

    def densities() -> Iterable[tuple[int, NDArray[np.floating]]]:
        for band in bands():
            known = 1.0 if band.known is None else band.known[band.inner]
            yield band.top, np.sqrt(band.squares(), dtype=np.float64) + 1e-6 * known

    return _drawn(densities, count, random)


def inside(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) known pixels whose four neighbours are known, as far as there are any."""
    found = known.copy()
    found[1:] &= known[:-1]
    found[:-1] &= known[1:]
    found[:, 1:] &= known[:, :-1]
    found[:, :-1] &= known[:, 1:]
    return found


def shape_at(
    source: Source, places: Float64, spread: float, limits: tuple[Float64, Float64]
) -> Float64:
    """(N, 9) values of round Gaussians at places, in the colours of the picture there."""
    low, high = limits
    values = np.zeros((len(places), 9))
    values[:, :2] = places
    values[:, 2:4] = -np.log(spread)
    width, height = source.size
    x = np.clip(places[:, 0].astype(np.int64), 0, width - 1)
    y = np.clip(places[:, 1].astype(np.int64), 0, height - 1)
    for row in np.unique(y):
        at = y == row
        values[at, 5:] = source.rows(row, row + 1)[0, x[at]]
    return np.clip(values, low, high)


def _drawn(
    densities: Callable[[], Iterable[tuple[int, NDArray[np.floating]]]],
    count: int,
    random: np.random.Generator,
) -> Float64:
    """Points by systematic sampling of a density that comes in bands of rows (top, (R, W)).

    The k-th of `count` points lies where the sum of the density passes (k + r) / count of all of
    it: as even as the density allows, with no pixel twice unless it has room for two.
    """
    total = sum(float(d.sum(dtype=np.float64)) for _, d in densities())
    wanted = (np.arange(count) + random.random()) / count * total
    parts, before = [], 0.0
    for top, density in densities():
        sums = np.cumsum(density, dtype=np.float64)
        here = wanted[(wanted >= before) & (wanted < before + sums[-1])]
        at = np.minimum(np.searchsorted(sums, here - before, side="right"), density.size - 1)
        rows, columns = np.divmod(at, density.shape[1])
        parts.append(np.stack([columns, rows + top], axis=1).astype(np.float64))
        before += float(sums[-1])
    places = np.concatenate(parts)
    while len(places) < count:  # rounding lost the last
        places = np.concatenate([places, places[-1:]])
    return places[:count] + random.random((count, 2))
