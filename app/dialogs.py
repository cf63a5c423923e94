"""The dialogs that ask for a file, and how boxes are shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from ..scenes.io import FORMATS
from ..scenes.io.mesh import EXTENSIONS


def ask_scene_file(parent: QWidget, folder: str) -> str:
    """A scene file, "" if the user changed their mind."""
    patterns = dict.fromkeys(f"*{e}" for f in FORMATS.values() for e in f.extensions)
    patterns |= dict.fromkeys(f"*{e}" for e in EXTENSIONS)
    filters = f"Splat scenes and meshes ({' '.join(patterns)} *.json *.vis);;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Open a scene", folder, filters)[0]


def ask_scene_folder(parent: QWidget, folder: str) -> str:
    """A folder that holds a scene (SOG), "" if the user changed their mind."""
    return QFileDialog.getExistingDirectory(parent, "Open a scene folder", folder)


def ask_picture_file(parent: QWidget, scene: str) -> str:
    """Where to save a picture of the scene, "" if the user changed their mind."""
    places = QStandardPaths.StandardLocation
    folder = Path(QStandardPaths.writableLocation(places.PicturesLocation))
    stem = f"{Path(scene).stem} {datetime.now():%Y-%m-%d %H.%M.%S}"
    path = QFileDialog.getSaveFileName(
        parent, "Save picture", str(folder / f"{stem}.png"), "PNG picture (*.png)"
    )[0]
    if path and not path.lower().endswith(".png"):
        path += ".png"
    return path


def show(box: QDialog) -> None:
    """Opens a box that does not block, and is gone when it is closed."""
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
