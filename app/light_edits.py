"""`LightEdits`: what can be done to the lights of a scene, with undo, and which lamp is chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ..scenes.lights import Lamp, Lights
from .history import History
from .session import Session


class LightEdits(QObject):
    """Changes the lights of a session's scene.

    Attributes:
        shown: whether lamps are marked in the picture, whichever tool is in hand.

    Signals:
        changed: the lights, which lamp is chosen, or whether lamps are marked.
    """

    changed = Signal()

    def __init__(self, session: Session, history: History, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._history = session, history
        self._chosen: int | None = None
        self._known: tuple[object, Lights] = (None, Lights())  # what `_chosen` is of
        self._shown = False
        self._previewed: tuple[str, Lights] | None = None  # the step to come, and what was before
        session.look_changed.connect(self._changed)

    # What there is

    @property
    def lights(self) -> Lights:
        """The lights of the scene; without one, those that a scene begins with."""
        opened = self._session.opened
        return Lights() if opened is None else opened.scene.lights

    @property
    def chosen(self) -> int | None:
        """The number of the lamp that handles are shown for."""
        return self._chosen

    @property
    def lamp(self) -> Lamp | None:
        """The lamp itself."""
        lamps, row = self.lights.lamps, self._chosen
        return lamps[row] if row is not None and row < len(lamps) else None

    def choose(self, row: int | None) -> None:
        """Chooses a lamp by its number, or none."""
        if row != self._chosen:
            self._chosen = row
            self.changed.emit()

    @property
    def shown(self) -> bool:
        """Whether lamps are marked in the picture, whichever tool is in hand."""
        return self._shown

    @shown.setter
    def shown(self, shown: bool) -> None:
        if shown != self._shown:
            self._shown = shown
            self.changed.emit()

    # Steps

    def change(self, text: str, key: object, lights: Lights) -> None:
        """Puts other lights in place; changes of one key in a gesture are one step."""
        if self._session.opened is None:
            return
        self.commit()
        before = self.lights
        self._put(lights)
        self._history.note(text, ("lights", key), before, lights, self._put)

    def add(self, kind: Any) -> None:
        """Adds a lamp of a kind over the scene, and chooses it."""
        opened = self._session.opened
        if opened is None:
            return
        up, place = opened.scene.splats.up, opened.center
        x, y, z = (float(u) for u in up)
        lamp = Lamp(kind, (x, y, z))
        if kind == "point":  # as bright at the scene's centre as a sun is
            x, y, z = (float(c + opened.radius * u) for c, u in zip(place, up))
            lamp = Lamp(kind, (x, y, z), intensity=min(float(opened.radius) ** 2, 1e6))
        lamps = self.lights.lamps
        self._step("Add lamp", (*lamps, lamp))
        self.choose(len(lamps))

    def remove(self, row: int) -> None:
        """Takes a lamp away."""
        lamps = self.lights.lamps
        self._step("Remove lamp", (*lamps[:row], *lamps[row + 1 :]))

    def edit(self, row: int, field: str, lamp: Lamp) -> None:
        """Puts a lamp in the place of one of which a field was changed."""
        self.change("Lamp", (row, field), self._with(row, lamp))

    # Gestures: shown at once, a step when they are over

    def preview(self, text: str, row: int, lamp: Lamp) -> None:
        """Shows a lamp without a step; `commit` makes one, `take_back` none."""
        if self._previewed is None:
            self._previewed = text, self.lights
        self._show(self._with(row, lamp))

    def commit(self) -> None:
        """Makes what is previewed one step."""
        previewed, self._previewed = self._previewed, None
        if previewed is not None and previewed[1].lamps != self.lights.lamps:
            self._history.end_gesture()
            self._history.note(previewed[0], object(), previewed[1], self.lights, self._put)
            self._history.end_gesture()

    def take_back(self) -> None:
        """Shows the lights as they were before what is previewed."""
        previewed, self._previewed = self._previewed, None
        if previewed is not None:
            self._show(previewed[1])

    # How

    def _with(self, row: int, lamp: Lamp) -> Lights:
        lamps = self.lights.lamps
        return replace(self.lights, lamps=(*lamps[:row], lamp, *lamps[row + 1 :]))

    def _step(self, text: str, lamps: tuple[Lamp, ...]) -> None:
        self._history.end_gesture()
        self.change(text, "lamps", replace(self.lights, lamps=lamps))
        self._history.end_gesture()

    def _put(self, lights: Any) -> None:
        self._previewed = None  # undo while something is held: that is over
        self._show(lights)

    def _show(self, lights: Lights) -> None:
        if (opened := self._session.opened) is not None:
            self._session.put_look(opened.scene.coat, lights)

    def _changed(self) -> None:
        """The chosen lamp stays so wherever it went; one that is gone is not chosen."""
        opened, (document, before), after = self._session.opened, self._known, self.lights
        now = None if opened is None else opened.document
        self._known = now, after
        if now is not document:
            self._chosen = self._previewed = None
        elif self._chosen is not None and len(before.lamps) != len(after.lamps):
            lamp = before.lamps[self._chosen]
            rows = (row for row, other in enumerate(after.lamps) if other is lamp)
            self._chosen = next(rows, None)
        self.changed.emit()
