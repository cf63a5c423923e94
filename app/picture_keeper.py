"""`PictureKeeper`: keeps what is drawn, as a PNG file or on the clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from ..render.frame import Frame, FrameRequest
from ..render.spec import settings_label
from ..scenes.errors import VoileError
from . import dialogs
from .actions import Actions
from .jobs import Picture
from .pictures import image_of, pixels, save_png
from .session import Session
from .viewport import Viewport


class PictureKeeper(QObject):
    """Does what the actions for pictures ask for.

    Signals:
        told: a title, and what was done.
        failed: what could not be done, and the exception.
    """

    told = Signal(str, str)
    failed = Signal(str, object)

    def __init__(
        self, session: Session, viewport: Viewport, actions: Actions, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._viewport, self._window = session, viewport, parent
        actions.save_picture.triggered.connect(self.ask)
        actions.copy_picture.triggered.connect(self.copy)
        viewport.picture_taken.connect(self._keep)

    def ask(self) -> None:
        """Asks for a file, and saves there."""
        opened = self._session.opened
        if opened is None:
            return
        if path := dialogs.ask_picture_file(self._window, opened.scene.name):
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Saves what is drawn, without the interface, at the viewport's size; of two, side A."""
        self._viewport.take_picture(Picture(path))

    def copy(self) -> None:
        """Puts what is drawn on the clipboard; of two, side A."""
        self._viewport.take_picture(Picture())

    def _keep(self, picture: Picture, frame: Frame, request: FrameRequest) -> None:
        image = pixels(frame, request.settings, picture.size)
        if picture.path is None:
            QGuiApplication.clipboard().setImage(image_of(image))
        else:
            try:
                save_png(image, picture.path)
            except VoileError as error:
                self.failed.emit("The picture could not be saved", error)
                return
        if self._session.comparison.active:
            # Two pictures are on screen: it must be said which one this is.
            verb, where = "copied", "On the clipboard"
            if picture.path is not None:
                verb, where = "saved", str(picture.path)
            what = f"{settings_label(request.settings)}, drawn by {self._session.backend}"
            self.told.emit(f"Side A was {verb}", f"{where}: {what}.")
