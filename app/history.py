"""`History`: undo and redo of every change: settings, those of a comparison, and the view.

It listens to the models, so that whoever changes them can be undone. Changes of one thing that
follow each other within a gesture (the drag of a slider, of the mouse) are one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psygnal import EmissionInfo
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoCommand, QUndoStack

from ..render.settings import Settings
from .session import Session
from .setting_controls import caption_of

GESTURE = 600
"""Milliseconds without a change after which the next one is another step."""

STEPS = 500
"""How many steps are kept."""


class Change(QUndoCommand):
    """Something went from one value to another.

    Args:
        text: what changed, for menus.
        key: what it is a change of; changes of one key in one gesture are one step.
        gesture: number of the gesture.
        before, after: the values.
        apply: puts a value in place.
    """

    def __init__(
        self,
        text: str,
        key: object,
        gesture: int,
        before: Any,
        after: Any,
        apply: Callable[[Any], None],
    ) -> None:
        super().__init__(text)
        self.key, self.gesture = key, gesture
        self.before, self.after = before, after
        self._apply, self._done = apply, True  # it has happened already when it is pushed

    def redo(self) -> None:
        """Puts the later value in place."""
        if not self._done:
            self._apply(self.after)
        self._done = True

    def undo(self) -> None:
        """Puts the earlier value in place."""
        self._done = False
        self._apply(self.before)


class History(QObject):
    """The undo stack of a window.

    Attributes:
        stack: Qt's stack; its actions are in the Edit menu.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(STEPS)
        self._gesture = 0
        self._applying = False
        self._together: str | None = None  # the text of the step that changes are made part of
        self._begun = False  # whether there is such a step: it comes with its first change
        self._last: Change | None = None  # the step that may go on
        self._view = session.navigator.view
        self._document: object = None  # what the steps belong to
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(GESTURE)
        self._quiet.timeout.connect(self.end_gesture)
        self.watch(session.settings)
        self.watch(session.comparison.settings, "B: ")
        session.navigator.changed.connect(self._moved)
        session.scene_changed.connect(self._scene_changed)

    def watch(self, settings: Settings, prefix: str = "") -> None:
        """Follows every field of settings; `prefix` is put before their names."""

        def changed(emission: EmissionInfo) -> None:
            name = emission.signal.name
            after, before = emission.args
            self.note(
                f"{prefix}{caption_of(name)}",
                (id(settings), name),
                before,
                after,
                lambda value: setattr(settings, name, value),
            )

        settings.events.connect(changed)

    def note(
        self, text: str, key: object, before: Any, after: Any, apply: Callable[[Any], None]
    ) -> None:
        """Notes a change that has happened; arguments as of `Change`."""
        if self._applying:
            return

        def put(value: Any) -> None:
            self._applying = True
            try:
                apply(value)
            finally:
                self._applying = False

        if self._together is not None and not self._begun:
            self.stack.beginMacro(self._together)
            self._begun = True
        if not self._goes_on(key, after):
            self._last = Change(text, key, self._gesture, before, after, put)
            self.stack.push(self._last)
        self._quiet.start()

    def _goes_on(self, key: object, after: Any) -> bool:
        """Whether this is more of the last step, which it then is made part of.

        Qt can merge commands too, but PySide never lets go of one that was merged, nor of the scene
        in it.
        """
        last, stack = self._last, self.stack
        if last is None or self._begun or (last.key, last.gesture) != (key, self._gesture):
            return False
        if stack.index() < stack.count() or stack.command(stack.count() - 1) is not last:
            return False
        last.after = after
        if last.before == last.after:  # nothing has come of it
            last.setObsolete(True)
            self._last = None
            stack.undo()
        return True

    def end_gesture(self) -> None:
        """What follows is another step."""
        self._quiet.stop()
        self._gesture += 1

    @contextmanager
    def together(self, text: str) -> Iterator[None]:
        """Changes inside are one step, that around it where there is one; without any, none."""
        if self._together is not None:
            yield
            return
        self.end_gesture()
        self._together = text
        try:
            yield
        finally:
            if self._begun:
                self.stack.endMacro()
            self._together, self._begun = None, False
            self.end_gesture()

    def clear(self) -> None:
        """Forgets every step, and what they hold."""
        self._last = None
        self.stack.clear()

    def _moved(self) -> None:
        before, self._view = self._view, self._session.navigator.view
        if before != self._view and not self._session.following:
            self.note("View", "view", before, self._view, self._restore)

    def _restore(self, view: Any) -> None:
        self._session.navigator.restore(view)

    def _scene_changed(self) -> None:
        """Steps belong to a scene; edits and other weights make no other one."""
        opened = self._session.opened
        document = None if opened is None else opened.document
        if document is not self._document:
            self._document = document
            self.clear()
            # The start view is set next: that is no step either.
            QTimer.singleShot(0, self, self._begin)

    def _begin(self) -> None:
        self.clear()
        self._view = self._session.navigator.view
