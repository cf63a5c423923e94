"""`Pace`: keeps the frame rate of the settings while the view moves; see `adaptive`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from ..render.modes import MODES
from ..render.settings import Settings
from .adaptive import Adaptive, Event, Level, State, ladder
from .jobs import Drawing
from .readiness import ready
from .session import Session

REST = 250
"""Milliseconds without motion after which the view rests."""


class Pace(QObject):
    """Tells `Adaptive` what happens, and what to draw by.

    Args:
        session: what is shown.
        busy: whether a frame is being drawn: before it is there the view cannot rest.
        parent: owner.

    Signals:
        changed: the picture on screen is not as good as it should be now.
    """

    changed = Signal()

    def __init__(self, session: Session, busy: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._busy = session, busy
        self._adaptive = Adaptive([Level()])
        self._key: object = None  # what the levels are made for
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._rested)
        session.navigator.changed.connect(self._moved)

    @property
    def moving(self) -> bool:
        """Whether what is drawn is less than what is set."""
        return self._adaptive.level > 0

    @property
    def changes(self) -> dict[str, object]:
        """Values that are drawn by in place of those that are set."""
        return dict(self._adaptive.levels[self._adaptive.level].changes)

    def settings(self, settings: Settings) -> Settings:
        """What to draw by for what is set; the same object where nothing is to be lowered."""
        if settings.frame_rate == 0:
            return settings
        self._fit(settings)
        changes = self.changes
        return replace(settings, **changes) if changes else settings

    def drawn(self, drawing: Drawing) -> None:
        """Takes in what a frame took."""
        job, wanted = drawing.job, self._session.settings
        if job.side or job.picture or job.refining or wanted.frame_rate == 0:
            return
        if self._session.comparison.active or job.request.settings != self.settings(wanted.copy()):
            return  # drawn by another level
        self._adaptive.frame(drawing.milliseconds, 1e3 / wanted.frame_rate)

    def _fit(self, settings: Settings) -> None:
        """Makes levels anew where what they are made from is new."""
        session, opened = self._session, self._session.opened
        points = session.points.get(session.backend, [])
        key = (settings.to_dict(), session.backend, len(points), opened)
        if key == self._key or opened is None:
            return
        self._key = key
        splats = opened.scene.splats
        usable = [
            mode
            for mode in MODES
            if session.lacks(mode, session.backend) is None and ready(mode, splats)
        ]
        state = self._adaptive.state
        self._adaptive = Adaptive(ladder(settings, points, usable))
        if state is State.MOVING:
            self._adaptive.handle(Event.MOVE)

    def _moved(self) -> None:
        self._adaptive.handle(Event.MOVE)
        self._rest.start()

    def _rested(self) -> None:
        if self._busy():
            self._rest.start()  # a slow frame may have kept the motion waiting
            return
        lowered = self.moving
        self._adaptive.handle(Event.REST)
        if lowered:
            self.changed.emit()
