"""What files are that were dropped, and `Dropped`, which takes up one or several of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from PySide6.QtCore import QObject, QTimer

from ..render.camera import Camera
from ..render.image.source import is_picture
from ..render.settings_file import load_settings
from ..scenes.errors import VoileError
from ..scenes.io.cameras import recognised
from ..scenes.io.hdr import is_light
from ..scenes.io.mesh import is_mesh
from ..scenes.io.vis import is_image
from ..scenes.material_file import is_material
from .camera_panel import CameraPanel
from .docks import Docks
from .editing import Editing
from .history import History
from .keeper import Keeper
from .light_panel import LightPanel
from .materials_panel import MaterialsPanel
from .opening import Opening
from .path_panel import PathPanel
from .session import Session
from .session_file import SUFFIX

Kind = Literal[
    "scene", "weights", "image", "settings", "material", "environment", "cameras", "path", "camera",
    "picture",
]  # fmt: skip

ORDER: tuple[Kind, ...] = get_args(Kind)
"""In which what was dropped together is taken: what others go into or change first."""

ONCE: dict[Kind, str] = {
    "weights": "file of weights",
    "material": "material",
    "environment": "environment",
    "cameras": "capture",
    "path": "camera path",
    "camera": "camera",
    "picture": "picture",
}
"""What is taken one at a time, in words."""

_HEAD = 4096
_WAIT = 30  # milliseconds between looks whether a file is read


def kind_of(path: Path) -> Kind:
    """What a file or folder is, by its content; what is not known is taken for a scene."""
    if os.path.isdir(path):  # of pathlib a folder that is closed to us raises
        return "scene" if not recognised(path) else "cameras"
    if path.suffix.lower() == SUFFIX:
        return "scene"  # a session has settings and camera paths in it too
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return "scene"  # opening it says what is wrong
    if head.startswith(b"PK") and path.suffix.lower() == ".npz":
        return "weights"
    if is_image(path):
        return "image"
    if is_light(head):
        return "environment"
    if is_material(head):
        return "material"
    if is_picture(head):
        return "picture"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        if b'"keys"' in text and b'"orientation"' in text:
            return "path"
        if b'"voile"' in text and b'"settings"' in text:
            return "settings"
        if b'"world_to_camera"' in text and b'"frames"' not in text:
            return "camera"
    return "cameras" if recognised(path) else "scene"


def in_order(paths: Sequence[Path]) -> list[tuple[Kind, Path]]:
    """What files are, in the order to take them: sessions before scenes before meshes."""

    def place(found: tuple[Kind, Path]) -> tuple[int, int]:
        kind, path = found
        first = 0 if path.suffix.lower() == SUFFIX else 2 if is_mesh(path) else 1
        return ORDER.index(kind), first if kind == "scene" else 0

    return sorted(((kind_of(path), path) for path in paths), key=place)


class Dropped(QObject):
    """Takes up files: scenes, and what goes with them.

    Of several the first scene that can be opened is opened, and the rest goes into it, one by one;
    what fails is told and the next one taken. Without a scene all of it goes into the one that is
    shown.

    Args:
        session, docks, history, opening, editing, keeper: of the window.
        notify: puts up a notice: a title, and an exception or a text.
        parent: the window.
    """

    def __init__(
        self,
        session: Session,
        docks: Docks,
        history: History,
        opening: Opening,
        editing: Editing,
        keeper: Keeper,
        notify: Callable[[str, BaseException | str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._docks, self._history = session, docks, history
        self._opening, self._editing, self._keeper = opening, editing, keeper
        self._notify = notify
        self._steps: list[tuple[Kind, Path]] = []
        self._wants_base = False  # whether a scene among them is to be opened first
        self._opens = False  # whether one is on its way
        self._came_with_scene = False  # whether what is left came with the scene that is shown
        self._document: object = None  # what the rest goes into
        self._taking = False  # a question may be on screen, behind which the timer goes on
        self._look = QTimer(self)
        self._look.setInterval(_WAIT)
        self._look.timeout.connect(self._go_on)

    def open(self, paths: Sequence[Path]) -> None:
        """Takes files up; what is left of those before is forgotten."""
        self.stop()
        steps = in_order(paths)
        self._wants_base = steps[0][0] == "scene"
        if self._wants_base and not self._keeper.may_go():
            return
        taken: dict[Kind, Path] = {}
        for kind, path in steps:
            first = taken.setdefault(kind, path)
            if kind in ONCE and first is not path:
                text = f"One {ONCE[kind]} at a time: {first.name} is taken."
                self._notify(f"{path.name} was left out", text)
            else:
                self._steps.append((kind, path))
        self._came_with_scene = False
        self._document = self._shown()
        if self._wants_base:  # at once: what is being loaded is given up for it
            self._take(*self._steps.pop(0))
        self._look.start()
        self._go_on()

    @property
    def busy(self) -> bool:
        """Whether files are being taken up."""
        return self._look.isActive()

    def stop(self) -> None:
        """Forgets what was not taken up yet."""
        self._look.stop()
        self._steps, self._opens = [], False

    def _go_on(self) -> None:
        """Takes up what is next, as long as nothing is being read."""
        while not self._taking and not self._reading():
            document = self._shown()
            if self._opens:
                self._opens = False
                shown = document is not self._document
                if self._wants_base:
                    self._came_with_scene, self._wants_base = shown, not shown
                self._document = document
            elif document is not self._document:
                self.stop()  # somebody has opened something else
            if not self._steps:
                self.stop()
                return
            kind, path = self._steps.pop(0)
            if self._wants_base and kind != "scene":
                names = ", ".join(p.name for _, p in [(kind, path), *self._steps])
                self.stop()
                self._notify(f"{names}: left out", "The scene that it goes with was not opened.")
                return
            self._taking = True
            try:
                self._take(kind, path)
            except VoileError as error:
                self._notify(f"Could not open {path.name}", error)
            finally:
                self._taking = False

    def _shown(self) -> object:
        opened = self._session.opened
        return None if opened is None else opened.document

    def _reading(self) -> bool:
        editing = self._editing
        return (
            self._opening.loading
            or editing.adder.task is not None
            or editing.posters.running
            or self._light.environment.reader.running
            or self._materials.reader.running
            or self._camera.captures.loader.running
        )

    def _take(self, kind: Kind, path: Path) -> None:
        session, opened = self._session, self._session.opened
        if kind == "scene":
            if self._wants_base:
                self._opens = True
                self._opening.open(str(path))
            else:
                self._editing.add(str(path))
        elif kind == "image":
            if opened is None:
                self._opening.open(str(path))  # in a window of its own
            elif self._came_with_scene:
                self._editing.add(str(path))
            else:
                self._opening.take_image(str(path))
        elif kind == "settings":
            values = load_settings(path)
            with self._history.together(f"Settings of {path.name}"):
                for name, value in values.items():
                    setattr(session.settings, name, value)
        elif kind == "picture":
            if self._opening.ask_about_picture(path) == "light":
                self._load("environment", path)
        elif opened is None:
            self._notify(f"{path.name} goes with a scene", "Open the scene first.")
        elif kind == "weights":
            if self._came_with_scene or self._keeper.may_go():
                self._opens = True
                self._opening.open(opened.source, path)
        elif kind == "camera":
            camera = Camera.load(path)
            self._history.end_gesture()
            session.navigator.stand(camera)
            self._history.end_gesture()
        else:
            self._load(kind, path)

    def _load(self, kind: Kind, path: Path) -> None:
        """Has a panel read a file."""
        if kind == "material":
            self._docks.show("materials")
            self._materials.load(path)
        elif kind == "environment":
            self._docks.show("light")
            self._light.environment.load(path)
        elif kind == "path":
            self._docks.show("path")
            panel = self._docks["path"]
            assert isinstance(panel, PathPanel)
            panel.load(path)
        elif kind == "cameras":
            self._docks.show("camera")
            self._camera.captures.load(path)

    @property
    def _light(self) -> LightPanel:
        panel = self._docks["light"]
        assert isinstance(panel, LightPanel)
        return panel

    @property
    def _materials(self) -> MaterialsPanel:
        panel = self._docks["materials"]
        assert isinstance(panel, MaterialsPanel)
        return panel

    @property
    def _camera(self) -> CameraPanel:
        panel = self._docks["camera"]
        assert isinstance(panel, CameraPanel)
        return panel
