"""`PosterAdder`: reads an image made of splats in a thread and stands it in the scene."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..render.posters import facing
from ..scenes.poster import Poster
from ..scenes.progress import Progress
from .editor import Editor
from .session import Session
from .tasks import OneTask, Task

AHEAD = 0.7
"""How far away a new poster stands, of the way to the point that the view turns about."""

SHARE = 0.6
"""Size of a new poster, of the height that the view has there."""


class PosterAdder(OneTask):
    """Adds posters to the scene of a session.

    Signals:
        refused: what could not be done, and the exception.
    """

    refused = Signal(str, object)

    def __init__(self, session: Session, editor: Editor, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._editor = session, editor

    def add(self, path: Path) -> None:
        """Puts the image of a .vis file before the camera, upright."""
        opened = self._session.opened
        if opened is None or self.running:
            return
        document = opened.document

        def work(progress: Progress) -> Poster:
            from ..render.image.poster import load_poster

            poster = load_poster(path)
            progress(0.6, f"Making the texture of {path.name}")
            poster.texture.packed  # noqa: B018 - its levels, which drawing asks for
            return poster

        def place(poster: Poster) -> None:
            now = self._session.opened
            if now is not None and now.document is document:
                self._place(poster, path)

        task = Task(f"adding {path.name}", work, self)
        task.done.connect(place)
        task.failed.connect(lambda error: self.refused.emit(f"Could not add {path.name}", error))
        self._run(task, f"Reading {path.name}")

    def _place(self, poster: Poster, path: Path) -> None:
        navigator = self._session.navigator
        away = AHEAD * navigator.distance
        camera = navigator.camera(100, 100)
        at = camera.position + away * camera.world_to_camera[2, :3]
        size = SHARE * 2 * away * math.tan(math.radians(navigator.fov_y) / 2)
        placement = facing(camera, at, min(max(size, 1e-4), 1e4))
        self._editor.add_poster(path.name, poster, str(path.absolute()), placement)
