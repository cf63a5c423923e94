"""Groups of splats that are culled and sorted as one, mode `cells`; see groups.cu."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import ALPHA_MIN, COV2D_BLUR, SURFEL_BLUR
from ..cells import Cells
from .plan import Plan, Tensor, Zeros
from .sorting import scan_words, sort

if TYPE_CHECKING:
    from .frame import Visible

ROUNDING = 1e-5
"""By which proxies are widened, over what float32 may be off."""


class Groups(NamedTuple):
    """G groups of splats that lie side by side in the scene, on the device.

    Attributes:
        starts: (G + 1,) int32, group g is splats starts[g] to starts[g + 1] of the scene.
        centers: (G, 4) float32 of the proxies, world units, and what these are wider by.
        axes: (G, 9) float32 rows of matrices whose columns are the semi-axes.
        blur: pixels by which a splat reaches over its ellipsoid on the image.
    """

    starts: Tensor
    centers: Tensor
    axes: Tensor
    blur: float


def order_groups(plan: Plan, visible: Visible, groups: Groups, counts: Zeros) -> Tensor:
    """Rows of the visible splats by group, front to back by the depth of the groups' centres.

    `counts` are of groups: how many of them touch the image.
    """
    most, buffers = len(groups.centers), plan.buffers
    keys, found, ends, shifts = (
        buffers.get(f"{name} of groups", most, dtype="int32")
        for name in ("keys", "found", "ends", "shifts")
    )
    order = buffers.get("order", visible.room, dtype="int32")
    plan.scan(
        "cull_groups", most, groups.centers, groups.axes, most, groups.blur, visible.view,
        *scan_words(plan, most), counts, keys, found,
    )  # fmt: skip
    _, sequence = sort(plan, "depth", keys, found, counts, most, 32)
    plan.scan(
        "find_groups", most, groups.starts, sequence, counts, visible.splats, visible.room,
        *scan_words(plan, most), visible.counts, ends, shifts,
    )  # fmt: skip
    plan.each(
        "order_groups", visible.room, counts, ends, shifts, visible.counts, visible.room, order
    )
    return order


def proxies_of(cells: Cells) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`centers` and `axes` of `Groups`; the same arrays each time."""
    known = _PROXIES.get(cells)
    if known is None:
        places = cells.centers.astype(np.float32)
        off = np.linalg.norm(cells.centers - places, axis=1)
        wider = off + ROUNDING * np.linalg.norm(cells.axes, axis=(1, 2))
        centers = np.column_stack([places, wider]).astype(np.float32)
        known = _PROXIES[cells] = centers, cells.axes.reshape(-1, 9).astype(np.float32)
    return known


def blur_of(cells: Cells) -> float:
    """`blur` of `Groups`: of the low-pass filter, out to alpha 1/255."""
    variance = COV2D_BLUR if cells.splats.kind == "3d" else SURFEL_BLUR
    return math.sqrt(2.0 * math.log(1.0 / ALPHA_MIN) * variance)


_PROXIES: WeakKeyDictionary[Cells, tuple[NDArray[np.float32], NDArray[np.float32]]] = (
    WeakKeyDictionary()
)
