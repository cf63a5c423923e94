"""`ImageWindows`: the windows of images made of splats that belong to a main window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QMainWindow

from .image_window import PICTURES, ImageWindow


class ImageWindows(QObject):
    """Opens them, and closes them with the main window.

    Attributes:
        windows: those that are open.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.windows: list[ImageWindow] = []

    def open(self, path: Path) -> None:
        """Shows a .vis file."""
        self._made().open(path)

    def fit(self, path: Path, count: int | None = None, steps: int | None = None) -> None:
        """Fits a picture; the window shows how it goes."""
        self._made().fit_picture(path, count, steps)

    def ask_picture(self) -> None:
        """Fits the picture that is chosen."""
        title = "Fit an image"
        if path := QFileDialog.getOpenFileName(self._window, title, "", PICTURES)[0]:
            self.fit(Path(path))

    def close(self) -> None:
        """Closes all of them."""
        for window in list(self.windows):
            window.close()

    def _made(self) -> ImageWindow:
        made = ImageWindow(self._window)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.closed.connect(self.windows.remove)
        self.windows.append(made)
        made.show()
        return made
