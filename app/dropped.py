"""What a file is that was dropped: a scene, or something that goes with the one that is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..render.camera import Camera
from ..render.settings_file import load_settings
from ..scenes.errors import VoileError
from ..scenes.io.cameras import recognised
from ..scenes.io.vis import is_image
from .camera_panel import CameraPanel
from .docks import Docks
from .history import History
from .path_panel import PathPanel
from .session import Session

Kind = Literal["scene", "cameras", "camera", "path", "settings", "weights", "image"]

_HEAD = 4096


def kind_of(path: Path) -> Kind:
    """What a file or folder is, by its content; what is not known is taken for a scene."""
    if path.is_dir():
        return "scene" if not recognised(path) else "cameras"
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return "scene"  # opening it says what is wrong
    if head.startswith(b"PK") and path.suffix.lower() == ".npz":
        return "weights"
    if is_image(path):
        return "image"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        if b'"keys"' in text and b'"orientation"' in text:
            return "path"
        if b'"voile"' in text and b'"settings"' in text:
            return "settings"
        if b'"world_to_camera"' in text and b'"frames"' not in text:
            return "camera"
    return "cameras" if recognised(path) else "scene"


class Dropped:
    """Takes up what goes with a scene.

    Args:
        session, docks, history: of the window.
        open_scene: opens a scene, with weights of another file.
        notify: puts up a notice: a title, and an exception or a text.
        take_image: asks what an image made of splats is to be in the scene that is shown.
    """

    def __init__(
        self,
        session: Session,
        docks: Docks,
        history: History,
        open_scene: Callable[[str, Path | None], None],
        notify: Callable[[str, BaseException | str], None],
        take_image: Callable[[str], None],
    ) -> None:
        self._session, self._docks, self._history = session, docks, history
        self._open_scene, self._notify = open_scene, notify
        self._take_image = take_image

    def open(self, path: Path) -> bool:
        """Takes a file up; False where it is a scene, or nothing that is known."""
        kind, opened = kind_of(path), self._session.opened
        if kind == "scene" or (kind == "image" and opened is None):
            return False
        if kind == "image":
            self._take_image(str(path))
            return True
        if kind != "settings" and opened is None:
            self._notify(f"{path.name} goes with a scene", "Open the scene first.")
            return True
        try:
            self._take(kind, path)
        except VoileError as error:
            self._notify(f"Could not open {path.name}", error)
        return True

    def _take(self, kind: Kind, path: Path) -> None:
        session = self._session
        if kind == "weights" and session.opened is not None:
            self._open_scene(session.opened.source, path)
        elif kind == "camera":
            camera = Camera.load(path)
            self._history.end_gesture()
            session.navigator.stand(camera)
            self._history.end_gesture()
        elif kind == "settings":
            values = load_settings(path)
            with self._history.together(f"Settings of {path.name}"):
                for name, value in values.items():
                    setattr(session.settings, name, value)
        elif kind == "path":
            self._docks.show("path")
            panel = self._docks["path"]
            assert isinstance(panel, PathPanel)
            panel.load(path)
        elif kind == "cameras":
            self._docks.show("camera")
            panel = self._docks["camera"]
            assert isinstance(panel, CameraPanel)
            panel.captures.load(path)
