"""`Captures`: the photographs of a capture and which of them is looked through, without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from psygnal import Signal

from ..scenes.captured import CapturedView

PHOTO = "photo"
"""What draws the other side of a comparison where that is the photograph."""


class Captures:
    """Photographs by their places in a list.

    Attributes:
        changed: emitted when there are others, or they are shown or hidden.
        current_changed: emitted when another one is looked through, or none.
    """

    changed = Signal()
    current_changed = Signal()

    def __init__(self) -> None:
        self._views: tuple[CapturedView, ...] = ()
        self._shown = True
        self._current: int | None = None
        self.source: Path | None = None

    @property
    def views(self) -> tuple[CapturedView, ...]:
        """All of them."""
        return self._views

    def put(self, views: Sequence[CapturedView], source: Path | None = None) -> None:
        """Takes others in their place; none clears them."""
        self.current = None
        self._views, self.source, self._shown = tuple(views), source, True
        self.changed.emit()

    @property
    def shown(self) -> bool:
        """Whether they are drawn over the picture."""
        return self._shown

    @shown.setter
    def shown(self, shown: bool) -> None:
        if shown != self._shown:
            self._shown = shown
            self.changed.emit()

    @property
    def current(self) -> int | None:
        """Which is looked through."""
        return self._current

    @current.setter
    def current(self, row: int | None) -> None:
        if row != self._current:
            self._current = row
            self.current_changed.emit()

    @property
    def view(self) -> CapturedView | None:
        """The one that is looked through."""
        return None if self._current is None else self._views[self._current]
