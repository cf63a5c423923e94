"""Undo: what a gesture is, and that steps which are over are let go of."""

import gc

import pytest

pytestmark = pytest.mark.window

pytest.importorskip("PySide6.QtGui")

from PySide6.QtCore import QObject  # noqa: E402

from voile.app.history import Change, History  # noqa: E402
from voile.app.session import Session  # noqa: E402


@pytest.fixture
def session(qapp):
    return Session("cpu")


@pytest.fixture
def history(session):
    owner = QObject()
    yield History(session, owner)
    owner.deleteLater()


def changes():
    gc.collect()
    return sum(isinstance(each, Change) for each in gc.get_objects())


def test_a_gesture_is_one_step_and_one_object(session, history):
    there = changes()
    for step in range(1, 40):
        session.settings.splat_scale = 1.0 + step / 64
    assert history.stack.count() == 1
    assert changes() == there + 1
    history.end_gesture()
    session.settings.splat_scale = 2.0
    assert history.stack.count() == 2
    history.stack.undo()
    assert session.settings.splat_scale == 1.0 + 39 / 64
    history.stack.undo()
    assert session.settings.splat_scale == 1.0
    history.stack.redo()
    assert session.settings.splat_scale == 1.0 + 39 / 64
    history.clear()
    assert changes() == there


def test_a_gesture_that_comes_back_leaves_no_step(session, history):
    there = changes()
    session.settings.exposure = 1.0
    history.end_gesture()
    for value in (1.1, 1.2, 1.5, 1.0):
        session.settings.splat_scale = value
    assert history.stack.count() == 1
    assert session.settings.splat_scale == 1.0
    history.stack.undo()
    assert session.settings.exposure == 0.0
    session.settings.splat_scale = 1.2
    assert history.stack.count() == 1, "what was undone is no more"
    assert changes() == there + 1


def test_changes_that_are_made_together_are_one_step(session, history):
    with history.together("Preset"):
        session.settings.splat_scale = 0.5
        session.settings.exposure = 2.0
        session.settings.splat_scale = 0.6
    assert history.stack.count() == 1
    history.stack.undo()
    assert (session.settings.splat_scale, session.settings.exposure) == (1.0, 0.0)
    history.stack.redo()
    assert (session.settings.splat_scale, session.settings.exposure) == (0.6, 2.0)


def test_what_came_to_nothing_leaves_no_step(session, history):
    session.settings.exposure = 1.0
    history.end_gesture()
    session.settings.splat_scale = 0.5
    history.stack.undo()
    with history.together("Refused"):
        pass
    assert history.stack.count() == 2
    assert history.stack.canRedo(), "what was undone can still be done again"
    with history.together("Both"):
        session.settings.exposure = 2.0
        with history.together("Part of it"):
            session.settings.splat_scale = 0.7
        session.settings.splat_scale = 0.8
    assert history.stack.undoText() == "Both"
    history.stack.undo()
    assert (session.settings.splat_scale, session.settings.exposure) == (1.0, 1.0)
