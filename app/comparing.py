"""`Comparing`: opens and closes the comparison, with its panel."""

from __future__ import annotations

from PySide6.QtCore import QObject

from .docks import Docks
from .session import Session

FIRST_COMPARED = ("binned", "weighted")
"""What the exact picture is compared with at first, whichever its backend draws."""


class Comparing(QObject):
    """Binds the action, the dock and the model of the comparison."""

    def __init__(self, session: Session, docks: Docks, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._docks = session, docks
        self._chosen = False  # whether B has been set once
        docks.docks["compare"].closed.connect(lambda: self.compare(False))
        session.comparison.active_changed.connect(self._active_changed)

    def compare(self, on: bool) -> None:
        """Shows two pictures, or one."""
        session, comparison = self._session, self._session.comparison
        if on and not self._chosen and not comparison.active:
            self._chosen = True
            comparison.backend = session.backend
            if session.settings.mode == "sorted":
                able = [m for m in FIRST_COMPARED if not session.lacks(m, session.backend)]
                if able:
                    comparison.settings.mode = able[0]  # pyright: ignore
        comparison.active = on

    def _active_changed(self, active: bool) -> None:
        self._docks.show("compare", active)
