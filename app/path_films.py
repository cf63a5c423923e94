"""`PathFilms`: asks how a camera path is to be filmed, and films it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from ..render.camera_path import CameraPath
from ..scenes.errors import VoileError
from . import dialogs
from .film_dialog import FilmDialog, FilmPlan
from .film_task import FilmMaker

if TYPE_CHECKING:
    from .docks import Context


class PathFilms(QObject):
    """One film at a time.

    Attributes:
        maker: draws films.
        dialog: the dialog of the film, None while there is none.
    """

    def __init__(self, context: Context, panel: QWidget) -> None:
        super().__init__(panel)
        self._context, self._session, self._panel = context, context.session, panel
        self.maker = FilmMaker(self)
        self.maker.made.connect(self._made)
        self.maker.failed.connect(self._failed)
        self.maker.ended.connect(self._ended)
        self.dialog: FilmDialog | None = None
        self._outcome = ""

    def ask(self) -> None:
        """Opens the dialog."""
        path, settings = self._session.motion.path, self._session.settings
        if path is None or self.dialog is not None:
            return
        self.dialog = FilmDialog(
            path, self._session.backend, settings.transparent, self._panel.window()
        )
        self.dialog.asked.connect(lambda plan: self.make(path, plan))
        self.dialog.cancelled.connect(self.maker.cancel)
        self.dialog.finished.connect(self._dialog_closed)
        self.maker.progressed.connect(self.dialog.report)
        dialogs.show(self.dialog)

    def make(self, path: CameraPath, plan: FilmPlan) -> None:
        """Begins a film."""
        opened = self._session.opened
        if opened is None or self.maker.running:
            return
        near = min(0.01, 0.01 * opened.radius)
        self._outcome = "Cancelled; nothing was written."
        if self.dialog is not None:
            self.dialog.set_running(True)
        self.maker.start(
            self._session.backend,
            opened.scene.content,
            path.cameras(plan.fps, *plan.size, near),
            plan.output,
            self._session.settings.copy(),
            plan.fps,
            plan.quality,
        )

    def _made(self, files: list[Path]) -> None:
        where = str(files[0]) if len(files) == 1 else f"{files[0]} to {files[-1].name}"
        self._outcome = f"Done: {where}"

    def _failed(self, error: BaseException) -> None:
        self._outcome = str(error)
        if self.dialog is None or not isinstance(error, VoileError):
            self._context.notify("The film could not be made", error)

    def _ended(self) -> None:
        if self.dialog is not None:
            self.dialog.set_running(False, self._outcome)

    def _dialog_closed(self) -> None:
        self.maker.cancel()
        self.dialog = None
