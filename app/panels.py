"""`Panels`: the sidebar and what is in it, bound to the actions that show them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from ..render.camera import Camera
from .actions import Actions
from .compare_panel import ComparePanel
from .quality_panel import QualityPanel
from .session import Session
from .sidebar import Sidebar

FIRST_COMPARED = ("binned", "weighted")
"""What the exact picture is compared with at first, whichever its backend draws."""


class Panels(QObject):
    """Makes the panels and opens and closes them.

    Attributes:
        sidebar: where they are.
        quality, compare: the panels.
    """

    def __init__(
        self,
        session: Session,
        actions: Actions,
        camera: Callable[[], Camera],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._chosen = False  # whether B has been set once
        self.sidebar = Sidebar(window)
        self.quality = QualityPanel(session, camera, self.sidebar.body)
        self.compare = ComparePanel(session, self.sidebar.body)
        for panel in (self.quality, self.compare):
            self.sidebar.add(panel)
        actions.quality.toggled.connect(lambda on: self.sidebar.show_panel(self.quality, on))
        actions.compare.toggled.connect(self._compare)
        self._action = actions.compare
        session.comparison.active_changed.connect(self._active_changed)

    def close(self, seconds: float) -> list[str]:
        """Stops what they do in threads; what did not end within `seconds`."""
        return self.quality.close_tasks(seconds)

    def _compare(self, on: bool) -> None:
        session, comparison = self._session, self._session.comparison
        if on and not self._chosen:
            self._chosen = True
            comparison.backend = session.backend
            if session.settings.mode == "sorted":
                able = [m for m in FIRST_COMPARED if not session.lacks(m, session.backend)]
                if able:
                    comparison.settings.mode = able[0]  # pyright: ignore
        comparison.active = on

    def _active_changed(self, active: bool) -> None:
        self._action.setChecked(active)
        self.compare.refresh()
        self.sidebar.show_panel(self.compare, active)
