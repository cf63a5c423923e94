"""Rotations by three components: the fourth, largest one follows from the quaternion's length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smallest_three(
    quats: NDArray[np.float32],
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which component (N,) of unit quaternions (N, 4) is largest, and the others (N, 3) in order.

    Of q and -q, the same rotation, it is the one whose largest component is positive.
    """
    largest = np.abs(quats).argmax(axis=1)
    rows = np.arange(len(quats))
    others = np.arange(3) + (np.arange(3) >= largest[:, None])
    signs = np.where(quats[rows, largest] < 0, np.float32(-1), np.float32(1))
    return largest, quats[rows[:, None], others] * signs[:, None]
