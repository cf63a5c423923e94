"""The depth sort against numpy's stable sort of float64 depths."""

import numpy as np
import pytest

from voile.kernels.cpu.sort import CHUNK, depth_order
from voile.kernels.cpu.workers import Workers

VIEW = np.array([[1.0, 0, 0, 0.2], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 2.5], [0, 0, 0, 1]])


def expected(means, view, near):
    z = means.astype(np.float64) @ view[2, :3] + view[2, 3]
    front = np.flatnonzero(z > near)
    order = front[np.argsort(z[front], kind="stable")]
    return order, z[order]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("n", [0, 1, 1000, 6 * CHUNK + 7])
def test_order_is_that_of_float64(n, threads):
    means = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32) * 4
    order, z = depth_order(means, VIEW, 0.01, Workers(threads))
    want, depths = expected(means, VIEW, 0.01)
    assert order.dtype == np.uint32
    np.testing.assert_array_equal(order, want)
    np.testing.assert_allclose(z, depths, rtol=1e-6)


def test_equal_depths_keep_their_index():
    means = np.zeros((100_000, 3), np.float32)
    means[:, 2] = np.random.default_rng(1).integers(0, 7, 100_000)
    order, _ = depth_order(means, np.eye(4), 0.5, Workers(2))
    np.testing.assert_array_equal(order, expected(means, np.eye(4), 0.5)[0])


def test_depths_closer_than_float32_are_told_apart():
    # x differs by one unit in the last place, far below float32's resolution of the depth.
    means = np.zeros((2, 3), np.float32)
    means[:, 0] = 1.0, np.nextafter(np.float32(1.0), np.float32(0.0))
    view = np.eye(4)
    view[2, 3] = 900.0
    view[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    order, z = depth_order(means, view, 0.01, Workers(1))
    assert z[0] == z[1]
    assert order.tolist() == [1, 0]


def test_range_of_depths_beyond_float32_mantissa():
    means = np.zeros((5, 3), np.float32)
    means[:, 2] = 1e30, 1e-20, 3e38, 1.0, 1e-3
    order, _ = depth_order(means, np.eye(4), 1e-30, Workers(1))
    assert order.tolist() == [1, 4, 3, 0, 2]


def test_near_plane_and_everything_behind():
    means = np.array([[0, 0, 0.01], [0, 0, 0.02], [0, 0, -3]], np.float32)
    near = float(means[0, 2])
    assert depth_order(means, np.eye(4), near)[0].tolist() == [1]
    assert len(depth_order(-means, np.eye(4), 10.0)[0]) == 0


def test_read_only_and_strided_input():
    rows = np.random.default_rng(2).normal(size=(50, 7)).astype(np.float32)
    means = rows[:, 2:5]
    rows.setflags(write=False)
    order, _ = depth_order(means, VIEW, 0.01)
    np.testing.assert_array_equal(order, expected(means, VIEW, 0.01)[0])
