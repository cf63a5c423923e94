"""`Comparison`: what the picture is compared with, as a model without Qt."""

from __future__ import annotations

from dataclasses import replace

from psygnal import Signal

from ..render.settings import Settings
from ..render.spec import own_settings


class Comparison:
    """B of a comparison; A is what the session draws anyway.

    Attributes:
        settings: of B; only its mode and what that mode reads counts, the rest is as in A.
        active_changed: emitted with whether two pictures are shown.
        changed: emitted when B is to be drawn otherwise.
        look_changed: emitted when the divider was moved, or the heat map turned on or off.
    """

    active_changed = Signal(bool)
    changed = Signal()
    look_changed = Signal()

    def __init__(self) -> None:
        self.settings = Settings()
        self._active = False
        self._backend = "cpu"
        self._divider = 0.5
        self._heat = False
        self.settings.events.connect(self._changed, max_args=0)

    def _changed(self) -> None:
        self.changed.emit()

    @property
    def active(self) -> bool:
        """Whether two pictures are shown."""
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        if active != self._active:
            self._active = active
            self.active_changed.emit(active)

    @property
    def backend(self) -> str:
        """What draws B."""
        return self._backend

    @backend.setter
    def backend(self, name: str) -> None:
        if name != self._backend:
            self._backend = name
            self.changed.emit()

    @property
    def divider(self) -> float:
        """Where A ends and B begins, as a share of the picture's width."""
        return self._divider

    @divider.setter
    def divider(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._divider:
            self._divider = share
            self.look_changed.emit()

    @property
    def heat(self) -> bool:
        """Whether the difference is shown in place of the two pictures."""
        return self._heat

    @heat.setter
    def heat(self, heat: bool) -> None:
        if heat != self._heat:
            self._heat = heat
            self.look_changed.emit()

    def settings_beside(self, settings: Settings) -> Settings:
        """B's settings beside these of A: mode and what it reads are B's, the rest is A's."""
        return replace(settings, mode=self.settings.mode, **own_settings(self.settings))
