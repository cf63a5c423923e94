"""Launches that sort, and what launches that scan are given; see sort.cuh and warp.cuh."""

from __future__ import annotations

from typing import Literal

from .plan import BATCH, Plan, Tensor, Zeros


def sort(
    plan: Plan, what: Literal["depth", "tile"], keys: Tensor, values: Tensor | None,
    counts: Zeros | Tensor, room: int, bits: int, *, wide: bool = True,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Keys in rising order of their lower bits and their values, equal ones as they come; stable.

    Args:
        plan: where it is listed.
        what: is sorted: which of `counts` says how many.
        keys: (room,) unsigned; overwritten.
        values: (room,) int32, overwritten; None are the places of the keys.
        counts: see common.cuh.
        room: the most there may be.
        bits: of a key that are not always 0.
        wide: keys of 32 bits, else of 16.
    """
    buffers, blocks, passes = plan.buffers, -(-room // BATCH), -(-bits // 8)
    kind = "int32" if wide else "int16"
    histogram = plan.zeros(256 * passes)
    how = (wide,) if what == "tile" else ()
    plan.launch(
        f"count_{what}_digits", blocks, (256, 1), keys, *how, counts, room, passes, histogram
    )
    spares = [
        (
            buffers.get(f"{what} keys {k} {kind}", room, dtype=kind),
            buffers.get(f"{what} values {k}", room, dtype="int32"),
        )
        for k in range(1 if values is not None else 2)
    ]
    spare = spares[0]
    kernel = "sort_depths" if what == "depth" else "sort_wide_tiles" if wide else "sort_tiles"
    for p in range(passes):
        plan.launch(
            kernel, blocks, (256, 1), keys, values, counts, room, 8 * p,
            Zeros(histogram.first + 256 * p, 256), plan.zeros(1), plan.zeros(256 * blocks), *spare,
        )  # fmt: skip
        before = keys, values if values is not None else spares[1][1]
        (keys, values), spare = spare, before
    assert values is not None
    return keys, values


def scan_words(plan: Plan, count: int) -> tuple[Zeros, Zeros]:
    """The ticket and the states of a launch that scans, see warp.cuh."""
    return plan.zeros(1), plan.zeros(max(1, -(-count // 256)))
