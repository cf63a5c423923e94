"""`CameraText`: the camera on screen as text on the clipboard, and back from there."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from ..render.camera import Camera, CameraError
from ..scenes.json_text import JsonError, decode
from .actions import Actions
from .history import History
from .session import Session
from .viewport import Viewport

LARGEST = 1 << 16
"""Letters beyond which a text is no camera."""


class CameraText(QObject):
    """Does what the actions for copying and pasting the camera ask for.

    The text is what `voile render --camera` and `Camera.load` read.

    Args:
        session, viewport, actions, history: of the window.
        notify: puts up a notice: a title, and an exception or a text.
    """

    def __init__(
        self,
        session: Session,
        viewport: Viewport,
        actions: Actions,
        history: History,
        notify: Callable[[str, BaseException | str], None],
    ) -> None:
        super().__init__(viewport)
        self._session, self._viewport = session, viewport
        self._history, self._notify = history, notify
        actions.copy_camera.triggered.connect(self.copy)
        actions.paste_camera.triggered.connect(self.paste)

    def copy(self) -> None:
        """Puts the camera on the clipboard, as JSON."""
        text = msgspec.json.format(msgspec.json.encode(self._viewport.camera().to_dict()))
        QGuiApplication.clipboard().setText(text.decode())

    def paste(self) -> None:
        """Stands where the camera on the clipboard stands."""
        try:
            camera = camera_from_text(QGuiApplication.clipboard().text())
        except CameraError as error:
            self._notify("There is no camera on the clipboard", error)
            return
        self._history.end_gesture()
        self._session.navigator.stand(camera)
        self._history.end_gesture()


def camera_from_text(text: str) -> Camera:
    """The camera that a text says. Raises CameraError."""
    if len(text) > LARGEST:
        raise CameraError("The text is too long for a camera. Copy one from Voile.")
    try:
        values = decode(text, dict)
    except JsonError as error:
        raise CameraError(
            "It holds no JSON object with width, height, fx, fy, cx, cy and world_to_camera. "
            "Copy a camera from Voile, or the text of a camera file."
        ) from error
    return Camera.from_dict(values)
