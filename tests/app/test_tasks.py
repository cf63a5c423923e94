"""Threads that outlive the window that they worked for."""

import threading

import pytest

pytest.importorskip("PySide6.QtCore")

from PySide6.QtCore import QObject
from shiboken6 import delete

from voile.app import frame_worker
from voile.app.frame_worker import FrameWorker
from voile.app.tasks import Task


@pytest.fixture
def uncaught(monkeypatch):
    found = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    return found


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_task_whose_window_is_gone_ends_in_silence(uncaught, ends):
    go, owner = threading.Event(), QObject()

    def work(progress):
        go.wait(300)
        progress(0.5, "half of it")
        if ends == "badly":
            raise ValueError("nobody wants to know")

    task = Task("slow", work, owner)
    task.start()
    assert not task.join(0.01)
    delete(owner)
    go.set()
    assert task.join(300)
    assert not uncaught


def test_a_frame_whose_window_is_gone_is_dropped(uncaught, monkeypatch):
    go, owner = threading.Event(), QObject()

    class Slow:
        def draw(self, job):
            go.wait(300)
            raise ValueError("nobody wants to know")

        def close(self):
            pass

    monkeypatch.setattr(frame_worker, "JobRenderers", Slow)
    worker = FrameWorker(owner)
    worker.draw(frame_worker.Job("cpu", None, None))
    assert not worker.close(0.05)
    delete(owner)
    go.set()
    worker._thread.join(300)
    assert not worker._thread.is_alive()
    assert not uncaught
