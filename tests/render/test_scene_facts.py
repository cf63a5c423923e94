"""What is worked out once per scene, whichever thread asks."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from make_splats import make_splats

from voile.kernels.cpu.cells import split_cells
from voile.render import cells as cells_module
from voile.render import scene_facts
from voile.render.cells import build_cells
from voile.render.once import Once
from voile.render.scene_facts import facts_of
from voile.scenes.errors import Cancelled
from voile.scenes.oit import OitWeights


def test_threads_that_ask_at_once_get_the_same_cells(monkeypatch):
    calls = []

    def slowly(splats, progress):
        calls.append(1)
        time.sleep(0.1)
        return build_cells(splats, progress)

    monkeypatch.setattr(scene_facts, "build_cells", slowly)
    splats, found = make_splats(300, 0), []
    threads = [
        threading.Thread(target=lambda: found.append(facts_of(splats).cells)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(found) == 6
    assert all(each is found[0] for each in found)


def test_who_waits_for_another_thread_can_be_cancelled():
    once, begun, go = Once(), threading.Event(), threading.Event()

    def make(progress):
        begun.set()
        go.wait(300)
        return "made"

    def cancel(fraction, stage):
        raise Cancelled

    maker = threading.Thread(target=lambda: once.get(make))
    maker.start()
    assert begun.wait(300)
    with pytest.raises(Cancelled):
        once.get(make, cancel)
    go.set()
    maker.join()
    assert once.get(make) == "made"


def test_grouping_reports_and_what_is_cancelled_is_not_kept(monkeypatch):
    monkeypatch.setattr(cells_module, "_PAUSE", 500)
    facts, seen = facts_of(splats := make_splats(800, 1)), []
    facts.make_cells(lambda fraction, stage: seen.append(fraction))
    assert len(seen) > 8
    assert seen == sorted(seen)
    assert seen[0] >= 0.0
    assert seen[-1] <= 1.0
    for stop in range(len(seen)):
        again = facts_of(other := make_splats(800, 1))
        left = [stop]

        def report(fraction, stage, left=left):
            if not left[0]:
                raise Cancelled
            left[0] -= 1

        with pytest.raises(Cancelled):
            again.make_cells(report)
        assert not again.has_cells
        assert len(other)
    assert len(splats)


def test_cells_do_not_depend_on_where_splitting_paused(monkeypatch):
    splats = make_splats(2000, 2)
    whole = build_cells(splats)
    monkeypatch.setattr(cells_module, "_PAUSE", 1)
    paused = build_cells(splats)
    np.testing.assert_array_equal(whole.starts, paused.starts)
    np.testing.assert_array_equal(whole.axes, paused.axes)
    np.testing.assert_array_equal(whole.splats.means, paused.splats.means)


def test_splitting_pauses():
    points = np.random.default_rng(0).normal(size=(100, 3))
    order, ends, urgencies = np.arange(100), np.zeros(100, np.bool_), np.zeros(100)
    cells, more = split_cells(points, np.ones(100), 10, 50, 1, order, ends, urgencies)
    assert (cells, more) == (2, True)
    assert ends.sum() == 2


def test_new_weights_leave_the_cells_as_they_are():
    splats = make_splats(100, 3)
    cells = facts_of(splats).cells
    weighed = replace(splats, fitted=OitWeights(1.0, np.zeros((100, 4), np.float32)))
    facts_of(weighed).adopt(facts_of(splats))
    assert facts_of(weighed).has_cells
    assert facts_of(weighed).cells is cells
