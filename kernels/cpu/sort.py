"""Front-to-back order: a stable, parallel least-significant-digit radix sort of view depth.

Keys are cut from the bits of float64 depths. Positive floats compare like their bits as integers,
so (bits - smallest bits) >> shift is monotonic, and with the shift chosen to leave 32 bits it keeps
about 29 bits of mantissa for a scene whose depths span a factor of 1000: 32 times finer than
float32. Depths that agree that far keep the order of their index.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .jit import kernel
from .scratch import Scratch
from .workers import Workers, shared_workers, thread_count

DIGITS = (11, 11, 10)
"""Bits of each of the three passes, lowest first."""

CHUNK = 1 << 14
"""Splats of one piece of work."""


def depth_order(
    means: NDArray[np.float32],
    world_to_camera: NDArray[np.float64],
    near: float,
    workers: Workers | None = None,
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The splats in front of the near plane, front to back, equal depths by index.

    Args:
        means: (N, 3) centres in world coordinates.
        world_to_camera: (4, 4), OpenCV axes.
        near: splats at z <= near are left out, world units.
        workers: threads to use; the process's own when None.

    Returns:
        order: (M,) indices into `means`.
        z: (M,) view depths in that order, world units.
    """
    workers = workers or shared_workers(thread_count())
    n = len(means)
    means = np.require(means, np.float32, ["C", "W"])
    row = np.array(world_to_camera[2], np.float64)
    z = np.empty(n, np.float64)
    kept = np.empty(n, np.uint32)

    def cull(piece: int) -> int:
        start = piece * CHUNK
        return cull_near(means, row, float(near), start, min(start + CHUNK, n), z, kept)

    counts = np.array(workers.map(cull, -(-n // CHUNK)), np.int64)
    places = sort_slices(z, counts, CHUNK, workers, Scratch())
    order, depths = np.empty(len(places), np.uint32), np.empty(len(places), np.float32)

    def look_up(piece: int) -> None:
        take(places, kept, z, piece * CHUNK, min((piece + 1) * CHUNK, len(places)), order, depths)

    workers.map(look_up, -(-len(places) // CHUNK))
    return order, depths


def sort_slices(
    z: NDArray[np.float64],
    counts: NDArray[np.int64],
    stride: int,
    workers: Workers,
    scratch: Scratch,
) -> NDArray[np.uint64]:
    """Sorts depths that lie in slices: slice k is z[k * stride : k * stride + counts[k]].

    Args:
        z: (N,) view depths, > 0.
        counts: (K,) length of each slice.
        stride: distance between the starts of slices.
        workers: threads to use.
        scratch: holds the result and a buffer of its size.

    Returns:
        (M,) with the position in `z` in the low 32 bits, front to back, stable by position.
    """
    total = int(counts.sum())
    pairs = scratch.array("sort pairs", total, np.uint64)
    spare = scratch.array("sort spare", total, np.uint64)
    if total == 0:
        return pairs
    bits = z.view(np.uint64)
    spans = workers.map(lambda k: min_max(bits, k * stride, counts[k]), len(counts))
    lowest, highest = int(min(low for low, _ in spans)), int(max(high for _, high in spans))
    shift = max(0, (highest - lowest).bit_length() - sum(DIGITS))
    offsets = np.concatenate([[0], np.cumsum(counts)])

    def make_keys(k: int) -> None:
        pack_keys(bits, k * stride, counts[k], lowest, shift, pairs, offsets[k])

    workers.map(make_keys, len(counts))
    return _radix_sort(pairs, spare, (highest - lowest) >> shift, workers)


def _radix_sort(
    pairs: NDArray[np.uint64], spare: NDArray[np.uint64], highest_key: int, workers: Workers
) -> NDArray[np.uint64]:
    """Sorts by the high 32 bits, stable; returns whichever of the two buffers has the result."""
    total = len(pairs)
    pieces = workers.count if total > 4 * CHUNK else 1
    edges = np.linspace(0, total, pieces + 1).astype(np.int64)
    histograms = np.empty((pieces, 1 << max(DIGITS)), np.int64)
    low = 0
    for digit in DIGITS:
        if highest_key >> low == 0:
            break
        shift, mask = 32 + low, (1 << digit) - 1

        def count(p: int, source=pairs, shift=shift, mask=mask) -> None:
            count_digits(source, edges[p], edges[p + 1], shift, mask, histograms[p])

        def scatter(p: int, source=pairs, target=spare, shift=shift, mask=mask) -> None:
            scatter_digits(source, edges[p], edges[p + 1], shift, mask, histograms[p], target)

        workers.map(count, pieces)
        start_digits(histograms, mask)
        workers.map(scatter, pieces)
        pairs, spare = spare, pairs
        low += digit
    return pairs


@kernel
def cull_near(means, row, near, start, stop, z, kept):
    """View depth of splats start to stop; those beyond `near` are written from `start` on.

    means (N, 3) float32; row (4,) float64, third row of world_to_camera; z (N,) float64 and kept
    (N,) uint32 are outputs. Returns how many were kept.
    """
    count = 0
    for i in range(start, stop):
        depth = row[0] * means[i, 0] + row[1] * means[i, 1] + row[2] * means[i, 2] + row[3]
        z[start + count] = depth
        kept[start + count] = i
        count += depth > near
    return count


@kernel
def min_max(bits, start, count):
    """Smallest and largest of bits[start : start + count]; of none: the neutral elements."""
    lowest, highest = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    for i in range(start, start + count):
        lowest = min(lowest, bits[i])
        highest = max(highest, bits[i])
    return lowest, highest


@kernel
def pack_keys(bits, start, count, lowest, shift, pairs, offset):
    """pairs[offset + j] = 32-bit key << 32 | position, for positions start to start + count."""
    for j in range(count):
        key = (bits[start + j] - np.uint64(lowest)) >> np.uint64(shift)
        pairs[offset + j] = (key << np.uint64(32)) | np.uint64(start + j)


@kernel
def count_digits(pairs, start, stop, shift, mask, histogram):
    """Histogram of one digit over pairs[start:stop]."""
    histogram[: mask + 1] = 0
    for i in range(start, stop):
        histogram[(pairs[i] >> np.uint64(shift)) & np.uint64(mask)] += 1


@kernel
def start_digits(histograms, mask):
    """Turns the counts of P pieces into where each piece writes each digit, in place, (P, D)."""
    start = 0
    for digit in range(mask + 1):
        for piece in range(histograms.shape[0]):
            count = histograms[piece, digit]
            histograms[piece, digit] = start
            start += count


@kernel
def scatter_digits(pairs, start, stop, shift, mask, heads, target):
    """Moves pairs[start:stop] to where `heads` says for their digit, keeping their order."""
    for i in range(start, stop):
        digit = (pairs[i] >> np.uint64(shift)) & np.uint64(mask)
        target[heads[digit]] = pairs[i]
        heads[digit] += 1


@kernel
def take(places, kept, z, start, stop, order, depths):
    """order = kept[place], depths = z[place], for the sorted places start to stop."""
    for i in range(start, stop):
        place = places[i] & np.uint64(0xFFFFFFFF)
        order[i] = kept[place]
        depths[i] = z[place]
