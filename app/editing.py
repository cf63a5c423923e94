"""`Editing`: the parts that edit a scene, put together for the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..scenes.io.vis import is_image
from .actions import Actions
from .edit_actions import EditActions
from .edit_tools import VIEW, EditTools
from .editor import Editor
from .history import History
from .light_edits import LightEdits
from .loading import Loader
from .opened import OpenedScene
from .poster_adder import PosterAdder
from .session import Session
from .viewport import Viewport


class Editing(QObject):
    """What edits the scene of a window.

    Attributes:
        editor: the commands.
        lights: those for lights.
        tools: what the left button does.
        actions: both, for menus and keys.
        adder: loads what is added to the scene.
        posters: reads images that become posters.

    Signals:
        failed: what could not be done, and the exception.
    """

    failed = Signal(str, object)

    def __init__(
        self, session: Session, history: History, actions: Actions, viewport: Viewport
    ) -> None:
        super().__init__(viewport)
        self._session = session
        self.editor = Editor(session, history, self)
        self.lights = LightEdits(session, history, self)
        self.tools = EditTools(session, self.editor, self.lights, viewport, viewport.camera)
        self.actions = EditActions(actions, self.editor, self.tools)
        self.adder = Loader(self)
        self.adder.loaded.connect(self._loaded)
        self.adder.failed.connect(lambda name, e: self.failed.emit(f"Could not add {name}", e))
        self.posters = PosterAdder(session, self.editor, self)
        self.posters.refused.connect(self.failed)
        self._document: object = None  # what is added to

    def add(self, source: str) -> None:
        """Loads a scene in a thread and puts it beside what is there; of an image, a poster."""
        opened = self._session.opened
        if is_image(Path(source)):
            self.posters.add(Path(source))
        elif opened is not None:
            self._document = opened.document
            self.adder.open(source)

    def cancel_adding(self) -> None:
        """Gives up what is being added; the scene stays as it is."""
        self.adder.cancel()
        self.posters.cancel()

    def close(self, seconds: float) -> list[str]:
        """Cancels what is being added; names of what did not end within `seconds`."""
        return self.adder.close(seconds) + self.posters.close(seconds)

    def escape(self) -> bool:
        """Puts down what a tool is doing, then the tool; whether there was either."""
        if self.tools.cancel():
            return True
        had = self.tools.name != VIEW
        self.tools.take(VIEW)
        return had

    def _loaded(self, opened: OpenedScene) -> None:
        now = self._session.opened
        if now is not None and now.document is self._document:
            self.editor.add(opened)
