"""`ShaderWatch`: shader files that are edited are drawn by at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

SETTLE = 120
"""Milliseconds after the last change: editors write a file in several steps."""


class ShaderWatch(QObject):
    """Watches a folder of shaders with all below it.

    Args:
        folder: the folder.
        changed: called when something in it was edited.
        parent: owner.
    """

    def __init__(self, folder: Path, changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._folder = folder
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE)
        self._timer.timeout.connect(changed)
        self._watcher.fileChanged.connect(self._edited)
        self._watcher.directoryChanged.connect(self._edited)
        self._watch()

    def _watch(self) -> None:
        """Also the files that an editor has put in place of others."""
        files = [path for path in self._folder.rglob("*") if path.suffix != ".pyc"]
        wanted = {str(self._folder), *map(str, files)}
        known = {*self._watcher.files(), *self._watcher.directories()}
        if new := sorted(wanted - known):
            self._watcher.addPaths(new)

    def _edited(self) -> None:
        self._watch()
        self._timer.start()
