"""`PictureKeeper`: keeps what is drawn, as a PNG file or on the clipboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from ..render.frame import Frame, FrameRequest
from ..render.spec import settings_label
from . import dialogs
from .actions import Actions
from .jobs import Picture
from .pictures import image_of, pixels, save_png
from .session import Session
from .tasks import Tasks
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
        self._tasks = Tasks(self)
        self._tasks.failed.connect(
            lambda error: self.failed.emit("The picture could not be saved", error)
        )

    @property
    def busy(self) -> bool:
        """Whether pictures that were taken are not kept yet."""
        return self._tasks.running

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

    def close(self, seconds: float) -> list[str]:
        """Waits for pictures that are being kept; names of those not done within `seconds`."""
        return self._tasks.close(seconds)

    def _keep(self, picture: Picture, frame: Frame, request: FrameRequest) -> None:
        """Tone curve and PNG of a large picture take seconds: a thread has them."""
        told = ""
        if self._session.comparison.active:
            # Two pictures are on screen: it must be said which one this is.
            told = f"{settings_label(request.settings)}, drawn by {self._session.backend}"

        def work() -> NDArray[np.uint8]:
            image = pixels(frame, request.settings, picture.size)
            if picture.path is not None:
                save_png(image, picture.path)
            return image

        self._tasks.run("keeping a picture", work, lambda image: self._kept(picture, image, told))

    def _kept(self, picture: Picture, image: NDArray[np.uint8], told: str) -> None:
        verb, where = "saved", str(picture.path)
        if picture.path is None:
            verb, where = "copied", "On the clipboard"
            QGuiApplication.clipboard().setImage(image_of(image))
        if told:
            self.told.emit(f"Side A was {verb}", f"{where}: {told}.")
