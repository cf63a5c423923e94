"""Groups splats into cells: a tree split where the error of not sorting would be largest."""

from __future__ import annotations

import heapq
import math

import numpy as np

from .jit import inline, kernel

SMALLEST = 1e-30


@inline
def principal_axis(points, mass, order, start, stop, axis):
    """Writes the unit axis of greatest spread of order[start:stop]; returns mass, its variance.

    Power iteration on the covariance; a few steps are enough to cut a cloud of points in two.
    """
    total, m = 0.0, np.zeros(3)
    for i in range(start, stop):
        w = mass[order[i]]
        total += w
        for k in range(3):
            m[k] += w * points[order[i], k]
    for k in range(3):
        m[k] /= total
    c = np.zeros((3, 3))
    for i in range(start, stop):
        w = mass[order[i]] / total
        for k in range(3):
            for j in range(3):
                c[k, j] += w * (points[order[i], k] - m[k]) * (points[order[i], j] - m[j])
    widest = 0
    for k in range(1, 3):
        if c[k, k] > c[widest, widest]:
            widest = k
    v = c[:, widest].copy()
    variance = 0.0
    for _ in range(12):
        length = math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        if length <= SMALLEST:
            axis[:] = 0.0
            axis[widest] = 1.0
            return total, c[widest, widest]
        for k in range(3):
            axis[k] = v[k] / length
        for k in range(3):
            v[k] = c[k, 0] * axis[0] + c[k, 1] * axis[1] + c[k, 2] * axis[2]
        variance = v[0] * axis[0] + v[1] * axis[1] + v[2] * axis[2]
    return total, variance


@kernel
def split_cells(points, mass, wanted, most, work, order, ends, urgencies):
    """Splits splats in two, again and again, at their mean along the widest axis.

    The next to be split is the cell with the largest mass times variance: how much it covers times
    how far apart in depth its splats can be. Cells of more than `most` splats come first.

    Called again with the same arrays it goes on; the cells do not depend on where it paused.

    Args:
        points: (N, 3) float64.
        mass: (N,) float64 > 0.
        wanted: number of cells.
        most: splats in a cell at most.
        work: pauses after having gone through about so many splats.
        order: (N,) int64 in and out: splats, cell by cell.
        ends: (N,) bool in and out, true at the last splat of every cell; none is true at first.
        urgencies: (N,) float64 in and out, of the cell that begins there.

    Returns:
        Number of cells, and whether there is more to split.
    """
    n = len(points)
    axis = np.zeros(3)
    if not ends[n - 1]:
        ends[n - 1] = True
        urgencies[0] = 1e308
    heap = [(-urgencies[0], 0, n)]
    heap.pop()
    begin = 0
    for i in range(n):
        if ends[i]:
            heap.append((-urgencies[begin], begin, i + 1))
            begin = i + 1
    heapq.heapify(heap)
    cells = len(heap)
    while len(heap) > 0:
        if work <= 0:
            return cells, True
        score, start, stop = heapq.heappop(heap)
        # Oversized cells have infinite urgency: once they are gone, the number decides.
        if cells >= wanted and score > -1e290:
            break
        if stop - start < 2:
            continue
        work -= stop - start
        principal_axis(points, mass, order, start, stop, axis)
        along = np.empty(stop - start)
        mean, whole = 0.0, 0.0
        for i in range(start, stop):
            p = order[i]
            along[i - start] = (
                points[p, 0] * axis[0] + points[p, 1] * axis[1] + points[p, 2] * axis[2]
            )
            mean += mass[p] * along[i - start]
            whole += mass[p]
        mean /= whole
        rank = np.argsort(along)
        moved = order[start:stop][rank].copy()
        cut = start
        for i in range(start, stop):
            order[i] = moved[i - start]
            if along[rank[i - start]] < mean:
                cut = i + 1
        cut = min(max(cut, start + 1), stop - 1)
        ends[cut - 1] = True
        cells += 1
        for first, last in ((start, cut), (cut, stop)):
            total, variance = principal_axis(points, mass, order, first, last, axis)
            urgency = total * variance if last - first <= most else 1e300 * (last - first)
            urgencies[first] = urgency
            heapq.heappush(heap, (-urgency, first, last))
    return cells, False
