"""From what splats collected in each tile to what each collected in all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import kernel
from ..workers import Workers


def add_up(
    members: NDArray[np.uint32], entries: NDArray[Any], visible: int, workers: Workers
) -> NDArray[Any]:
    """(M, V) sums of the (instances, V) entries of every visible splat, in the order of the lists.

    Each piece takes a range of splats and looks through all lists: no two write to the same place,
    and no sum depends on the number of pieces.
    """
    totals = np.zeros((visible, entries.shape[1]), entries.dtype)
    edges = np.linspace(0, visible, workers.count + 1).astype(np.int64)
    workers.map(
        lambda p: add_range(members, entries, edges[p], edges[p + 1], totals), workers.count
    )
    return totals


@kernel
def add_range(members, entries, first, stop, totals):
    """totals[members[k]] += entries[k], for members from first to stop."""
    for k in range(len(members)):
        at = members[k]
        if first <= at < stop:
            for column in range(entries.shape[1]):
                totals[at, column] += entries[k, column]
