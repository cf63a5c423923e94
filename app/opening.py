"""`Opening`: scenes are asked for, loaded in a thread, and shown once the kernels are ready."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ..scenes.io.vis import is_image
from . import dialogs
from .editing import Editing
from .image_windows import ImageWindows
from .keeper import Keeper
from .loading import Loader
from .opened import OpenedScene
from .overlays import Overlays
from .preferences import Preferences
from .session import Session
from .viewport import Viewport


class Opening(QObject):
    """Opens scenes in a window.

    Args:
        session, viewport, overlays, keeper, editing, images, preferences: of the window.
        window: the parent of dialogs.

    Attributes:
        loader: reads scenes.

    Signals:
        told: a title, and an exception.
        changed: a scene is being loaded, or is not any more.
        chosen: the path of what is to be opened: a scene, or what goes with one.
        shown: the OpenedScene that is on screen from now on.
    """

    told = Signal(str, object)
    changed = Signal()
    chosen = Signal(str)
    shown = Signal(object)

    def __init__(
        self,
        session: Session,
        viewport: Viewport,
        overlays: Overlays,
        keeper: Keeper,
        editing: Editing,
        images: ImageWindows,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._viewport, self._overlays = session, viewport, overlays
        self._keeper, self._editing, self._images = keeper, editing, images
        self._preferences, self._window = preferences, window
        self._waiting: OpenedScene | None = None  # loaded before the kernels were ready
        self.loader = Loader(self)
        self.loader.progressed.connect(overlays.loading.report)
        self.loader.loaded.connect(self._loaded)
        self.loader.failed.connect(self._failed)
        overlays.loading.cancelled.connect(self.cancel)

    @property
    def loading(self) -> bool:
        """Whether a scene is being loaded or waits for the kernels."""
        return self.loader.task is not None or self._waiting is not None

    def open(
        self,
        source: str,
        weights: Path | None = None,
        meshes: Sequence[Path] = (),
        material: str | None = None,
    ) -> None:
        """Loads a scene in a thread as `open_scene` does; one being loaded is cancelled.

        An image made of splats gets a window of its own.
        """
        if is_image(Path(source)):
            self._images.open(Path(source))
            return
        self._waiting = None
        self.loader.open(source, weights, meshes, material)
        self.changed.emit()

    def open_instead(self, source: str, weights: Path | None = None) -> None:
        """Opens a scene, but asks before where edits of the one that is shown would go."""
        if is_image(Path(source)) or self._keeper.may_go():
            self.open(source, weights)

    def take_image(self, path: str) -> None:
        """An image that was dropped onto a scene: a poster in it, or a window of its own."""
        choice = dialogs.ask_poster(self._window, Path(path).name)
        if choice == "poster":
            self._editing.add(path)
        elif choice == "window":
            self.open(path)

    def ask_about_picture(self, path: Path) -> str:
        """A picture that was dropped is fitted, if that is wished; else what it is for."""
        there = self._session.opened is not None
        choice = dialogs.ask_picture(self._window, path.name, light=there)
        if choice == "fit":
            self._images.fit(path)
        return choice

    def cancel(self) -> None:
        """Gives up the scene that is being loaded; the one that is shown stays."""
        self.loader.cancel()
        self._waiting = None
        self._overlays.loading.hide()
        self.changed.emit()

    def close(self, seconds: float) -> list[str]:
        """Cancels and waits; names of the loads that did not end within `seconds` each."""
        self._waiting = None
        return self.loader.close(seconds)

    # What a person is asked

    def ask_file(self) -> None:
        """Which file to open."""
        if path := dialogs.ask_scene_file(self._window, self._folder()):
            self.chosen.emit(path)

    def ask_folder(self) -> None:
        """Which folder to open."""
        if path := dialogs.ask_scene_folder(self._window, self._folder()):
            self.chosen.emit(path)

    def ask_added(self) -> None:
        """Which file to put beside what is shown."""
        if path := dialogs.ask_scene_file(self._window, self._folder()):
            self._editing.add(path)

    def ask_poster(self) -> None:
        """Which image to put into the scene."""
        if path := dialogs.ask_image_file(self._window, self._folder()):
            self._editing.add(path)

    def _folder(self) -> str:
        recent = self._preferences.recent
        return str(Path(recent[0]).parent) if recent else ""

    # What was loaded

    def show_waiting(self) -> None:
        """Shows the scene that is loaded; the one before stays if the GPU refuses it."""
        opened, self._waiting = self._waiting, None
        if opened is None:
            return
        card = self._overlays.loading
        card.report(1.0, "Handing the scene to the renderer")
        card.repaint()
        try:
            self._viewport.upload(opened.scene)
        except Exception as error:
            self.told.emit(f"Could not show {opened.scene.name}", error)
            return
        finally:
            card.hide()
        self._session.show(opened, self._viewport.aspect)
        self.shown.emit(opened)

    def _loaded(self, opened: OpenedScene) -> None:
        self._waiting = opened
        self._overlays.loading.hide()
        if self._viewport.kernels_ready:
            self.show_waiting()

    def _failed(self, name: str, error: BaseException) -> None:
        self._overlays.loading.hide()
        self.told.emit(f"Could not open {name}", error)
