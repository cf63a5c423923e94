"""`Keeper`: nothing is lost: saving, autosave, recovery, and asking before edits go."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from ..scenes.errors import VoileError
from ..scenes.io import save, writable_format
from ..scenes.io.losses import scene_losses
from ..scenes.node import Node
from ..scenes.progress import Progress
from . import dialogs, session_file
from .actions import Actions
from .edit_steps import Kept, kept, same_edits
from .logs import process_runs
from .session import Session
from .tasks import OneTask, Task

AFTER = 1000
"""Milliseconds from an edit to the autosave that holds it."""

EVERY = 30_000
"""Milliseconds between autosaves of a scene with edits: the view and settings go along."""

KEPT = 5
"""Autosaves that were offered and are kept."""


def autosave_folder() -> Path:
    """Where sessions are kept that are not closed; VOILE_DATA_DIR, where set, wins."""
    return (
        Path(os.environ.get("VOILE_DATA_DIR") or platformdirs.user_data_dir("voile")) / "sessions"
    )


class Keeper(OneTask):
    """Saves scenes and sessions of a window, and remembers what is not saved.

    Args:
        session: what is shown.
        actions: of the window.
        folder: for autosaves.
        parent: the window.

    Signals:
        told: a title, and what was done.
        refused: what could not be done, and the exception.
        saved: the path.
    """

    told = Signal(str, str)
    refused = Signal(str, object)
    saved = Signal(object)

    def __init__(self, session: Session, actions: Actions, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._window = session, parent
        self.path = folder / f"session-{os.getpid()}{session_file.SUFFIX}"
        self._document: object = None
        self._kept: Kept = ()  # nodes that a file holds
        self._look: object = None  # material and lights that it holds
        self._soon, self._often = QTimer(self), QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER)
        self._often.setInterval(EVERY)
        for timer in (self._soon, self._often):
            timer.timeout.connect(self.autosave)
        session.nodes_changed.connect(self._changed)
        session.look_changed.connect(self._changes)
        session.motion.changed.connect(self._changes)
        session.bookmarks.changed.connect(self._changes)
        actions.save_scene.triggered.connect(self.ask)
        self.failed.connect(lambda error: self.refused.emit("The scene could not be saved", error))

    @property
    def unsaved(self) -> bool:
        """Whether there are edits that no file holds."""
        session = self._session
        if session.opened is None:
            return False
        if session.motion.unsaved or self._look != self._look_now():
            return True
        return not same_edits(self._kept, session.nodes)

    def ask(self) -> None:
        """Asks where to, and saves there."""
        opened = self._session.opened
        if opened is None:
            return
        path = Path(dialogs.ask_save_file(self._window, opened.scene.name))
        if path.name and self._accepts_losses(path):
            self.save(path)

    def _accepts_losses(self, path: Path) -> bool:
        """Whether what the format cannot hold may be left out; nothing is asked where it is nil."""
        opened = self._session.opened
        if opened is None or path.suffix.lower() == session_file.SUFFIX:
            return True
        try:
            target = writable_format(path)
        except VoileError as error:
            self.refused.emit("The scene could not be saved", error)
            return False
        lost = scene_losses(opened.scene, target)
        return not lost or dialogs.ask_losses(self._window, target.title, lost)

    def save(self, path: Path) -> None:
        """Saves the session, or the scene in a format of its own; that in a thread."""
        opened = self._session.opened
        if opened is None or self.running:
            return
        if path.suffix.lower() == session_file.SUFFIX:
            try:
                self._write(path)
            except VoileError as error:
                self.refused.emit("The session could not be saved", error)
            else:
                self._session.motion.kept = self._session.motion.keys
                self._done(path, opened.scene.nodes, self._look_now())
            return
        scene = opened.scene

        def work(progress: Progress) -> None:
            save(scene.saved_splats(), path, writable_format(path).name, progress)

        task = Task(f"saving {path.name}", work, self)
        look = self._look_now()
        task.done.connect(lambda _: self._done(path, scene.nodes, look))
        self._run(task, f"Saving {path.name}")

    def autosave(self) -> None:
        """Keeps what is not saved, for a process that is killed; a scene as read needs no file."""
        self._soon.stop()
        opened = self._session.opened
        if opened is None or not self.unsaved or session_file.check(opened.scene):
            self.forget()
            return
        try:
            self._write(self.path)
            self._often.start()
        except VoileError as error:
            self._often.stop()
            self.refused.emit("The session cannot be kept in case of a crash", error)

    def forget(self) -> None:
        """There is nothing to recover."""
        self._often.stop()
        self.path.unlink(missing_ok=True)

    def may_go(self) -> bool:
        """Whether the scene may be closed: asks where there are edits that no file holds."""
        if not self.unsaved:
            return True
        answer = dialogs.ask_unsaved(self._window)
        if answer == "save":
            path = dialogs.ask_save_file(self._window, "session", session_only=True)
            if not path:
                return False
            self.save(Path(path))
            return not self.unsaved
        return answer == "discard"

    def _write(self, path: Path) -> None:
        opened = self._session.opened
        assert opened is not None
        if reason := session_file.check(opened.scene):
            raise VoileError(reason)
        settings, defaults = self._session.settings.to_dict(), self._session.defaults.to_dict()
        changed = {name: value for name, value in settings.items() if value != defaults[name]}
        view, marks = self._session.navigator.view, self._session.bookmarks.here
        seen = session_file.Restored(changed, view, marks, self._session.motion.keys)
        data = session_file.encode(opened.scene, opened.base or opened.source, seen)
        session_file.write(data, path)

    def _changed(self) -> None:
        opened = self._session.opened
        document = None if opened is None else opened.document
        if document is not self._document:
            self._document = document
            # What was recovered is in no file that a person knows of.
            recovered = opened is not None and opened.restored and opened.recovered
            self._kept = () if recovered else kept(self._session.nodes)
            self._look = self._look_now()
        self._soon.start()

    def _changes(self) -> None:
        self._soon.start()

    def _look_now(self) -> object:
        opened = self._session.opened
        if opened is None:
            return None
        return opened.scene.coat, opened.scene.lights

    def _done(self, path: Path, nodes: tuple[Node, ...], look: object) -> None:
        self._kept, self._look = kept(nodes), look
        self.autosave()
        self.told.emit("Saved", f"{path}.")
        self.saved.emit(path)


def left_sessions(folder: Path) -> list[Path]:
    """Autosaves of processes that are over, the latest first."""
    found = [
        path
        for path in folder.glob(f"session-*{session_file.SUFFIX}")
        if not process_runs(path.stem.removeprefix("session-"))
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def put_aside(path: Path) -> Path:
    """Offers an autosave once: it gets another name, and of those a few are kept."""
    aside = path.with_name(f"recovered-{int(path.stat().st_mtime)}-{path.name}")
    path.replace(aside)
    kept = sorted(path.parent.glob("recovered-*"), key=lambda p: p.stat().st_mtime)
    for old in kept[:-KEPT]:
        old.unlink(missing_ok=True)
    return aside
