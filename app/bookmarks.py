"""`Bookmarks`: views of the user's own, kept for each scene in one JSON file, and in sessions."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from psygnal import Signal

from ..render.output import OutputError, write_whole
from ..scenes.json_text import JsonError, decode
from .navigation import View

log = logging.getLogger(__name__)

LONGEST = 60
"""Letters of a name."""

_LARGEST = 16 << 20


class Bookmark(msgspec.Struct, frozen=True):
    """A view with a name."""

    name: str
    view: View


class Bookmarks:
    """The bookmarks of the scene that is shown.

    A file that cannot be read is passed over, which is logged.

    Attributes:
        changed: emitted when there are others.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._path: Path | None = None
        self._scene = ""
        self._given: set[str] = set()  # scenes that bring bookmarks of their own
        self._all: dict[str, list[Bookmark]] = {}

    def keep_in(self, path: Path) -> None:
        """Reads a file, and keeps bookmarks there from now on; it is made when the first is set."""
        self._path = path
        try:
            if path.stat().st_size <= _LARGEST:
                self._all |= decode(path.read_bytes(), dict[str, list[Bookmark]])
        except FileNotFoundError:
            pass
        except (OSError, JsonError) as error:
            log.warning("bookmarks in %s are ignored: %s", path, error)
        self.changed.emit()

    @property
    def here(self) -> tuple[Bookmark, ...]:
        """Those of the scene, in the order in which they were set."""
        return tuple(self._all.get(self._scene, ()))

    @here.setter
    def here(self, bookmarks: tuple[Bookmark, ...]) -> None:
        """Keeps others in their place, on disk as well; where that refuses, it is logged."""
        if bookmarks or self._scene in self._given:
            self._all[self._scene] = list(bookmarks)
        else:
            self._all.pop(self._scene, None)
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        if self._path is None:
            return
        data = msgspec.json.format(msgspec.json.encode(self._all))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, lambda to: to.write_bytes(data))
        except (OSError, OutputError) as error:
            log.warning("bookmarks are not kept: %s", error)

    def use(self, source: str, given: Sequence[Bookmark] = ()) -> None:
        """Takes up the bookmarks of a scene, by what was opened.

        Those `given` with it are its own where none are known, not even that all were removed.
        """
        scene = str(Path(source).absolute()) if os.path.exists(source) else source
        if given:
            self._given.add(scene)
            self._all.setdefault(scene, list(given))
        self._scene = scene
        self.changed.emit()

    def add(self, view: View) -> int:
        """Sets one, under a name that is free; its place in the list."""
        taken = {bookmark.name for bookmark in self.here}
        number = next(n for n in range(1, len(taken) + 2) if f"View {n}" not in taken)
        self.here = (*self.here, Bookmark(f"View {number}", view))
        return len(self.here) - 1

    def rename(self, row: int, name: str) -> None:
        """Another name; one that is empty changes nothing."""
        name = name.strip()[:LONGEST]
        if name and name != self.here[row].name:
            marks = list(self.here)
            marks[row] = Bookmark(name, marks[row].view)
            self.here = tuple(marks)

    def remove(self, row: int) -> None:
        """Takes one off the list."""
        self.here = tuple(mark for k, mark in enumerate(self.here) if k != row)
