"""The thread pool: every piece once, errors out, no deadlock."""

import threading

import pytest

from voile.kernels.cpu.workers import Workers, shared_workers


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("pieces", [0, 1, 2, 100])
def test_every_piece_once_and_in_place(threads, pieces):
    seen: list[int] = []
    results = Workers(threads).map(lambda k: (seen.append(k), k * k)[1], pieces)
    assert results == [k * k for k in range(pieces)]
    assert sorted(seen) == list(range(pieces))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("error", [IndexError, ValueError])
@pytest.mark.parametrize("piece", [0, 6])
def test_errors_of_a_task_are_raised(threads, error, piece):
    def task(k: int) -> None:
        if k == piece:
            raise error("no")

    with pytest.raises(error, match="no"):
        Workers(threads).map(task, 7)


def test_threads_work_at_the_same_time():
    meet = threading.Barrier(3, timeout=300)
    # A barrier of three lets nobody pass before all are there, and numbers those who do.
    assert sorted(Workers(3).map(lambda k: meet.wait(), 3)) == [0, 1, 2]


def test_pool_is_shared():
    assert shared_workers(2) is shared_workers(2)
