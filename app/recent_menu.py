"""`RecentMenu`: the scenes opened before, filled when the menu opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from .preferences import Preferences


class RecentMenu(QObject):
    """Fills a menu from the preferences; `open_scene` is called with the path that is chosen."""

    def __init__(
        self, menu: QMenu, preferences: Preferences, open_scene: Callable[[str], None]
    ) -> None:
        super().__init__(menu)
        self._menu = menu
        self._preferences = preferences
        self._open = open_scene
        menu.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        menu, recent = self._menu, self._preferences.recent
        menu.clear()
        for path in recent:
            action = menu.addAction(Path(path).name)
            action.setToolTip(path)
            action.triggered.connect(lambda _=False, p=path: self._open(p))
        if recent:
            menu.addSeparator()
            menu.addAction("Clear").triggered.connect(lambda: recent.clear())
        else:
            menu.addAction("No scenes yet").setEnabled(False)
