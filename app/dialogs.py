"""The dialogs that ask for a file, and how boxes are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from ..scenes.io import FORMATS, hdr
from ..scenes.io.mesh import EXTENSIONS
from ..scenes.material_file import SUFFIX
from . import session_file


def ask_scene_file(parent: QWidget, folder: str) -> str:
    """A scene file, "" if the user changed their mind."""
    patterns = dict.fromkeys(f"*{e}" for f in FORMATS.values() for e in f.extensions)
    patterns |= dict.fromkeys(f"*{e}" for e in EXTENSIONS)
    filters = f"Splat scenes and meshes ({' '.join(patterns)} *.json *.vis *.voile);;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Open a scene", folder, filters)[0]


def ask_image_file(parent: QWidget, folder: str) -> str:
    """The file of an image made of splats, "" if the user changed their mind."""
    filters = "Images made of splats (*.vis);;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Add an image as poster", folder, filters)[0]


def ask_poster(parent: QWidget, name: str) -> str:
    """What an image that was dropped onto a scene becomes: "poster", "window" or "", nothing."""
    choices = {"poster": "Poster in this scene", "window": "Window of its own"}
    return _ask_which(parent, "An image made of splats", f"What should {name} be?", choices)


def ask_picture(parent: QWidget, name: str, *, light: bool) -> str:
    """What a picture is dropped for: "fit", "light" or "", nothing; `light`: a scene is there."""
    choices = {"fit": "Fit it by splats"} | ({"light": "Light the scene with it"} if light else {})
    return _ask_which(parent, "A picture", f"{name} is a picture. What is it for?", choices)


def _ask_which(parent: QWidget, title: str, text: str, choices: dict[str, str]) -> str:
    """One of several things by its button, the first unless chosen; "" for none of them."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text)
    roles = QMessageBox.ButtonRole
    buttons = {
        name: box.addButton(caption, roles.ActionRole if k else roles.AcceptRole)
        for k, (name, caption) in enumerate(choices.items())
    }
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(next(iter(buttons.values())))
    box.exec()
    clicked = box.clickedButton()
    return next((name for name, button in buttons.items() if button is clicked), "")


def ask_scene_folder(parent: QWidget, folder: str) -> str:
    """A folder that holds a scene (SOG), "" if the user changed their mind."""
    return QFileDialog.getExistingDirectory(parent, "Open a scene folder", folder)


def ask_environment_file(parent: QWidget) -> str:
    """The file of an environment, "" if the user changed their mind."""
    filters = f"Environments ({' '.join(f'*{e}' for e in hdr.EXTENSIONS)});;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Open an environment", "", filters)[0]


def ask_material_file(parent: QWidget) -> str:
    """The file of a material, "" if the user changed their mind."""
    filters = f"Baked materials (*{SUFFIX});;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Open a material", "", filters)[0]


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


def ask_save_file(parent: QWidget, scene: str, *, session_only: bool = False) -> str:
    """Where to save a scene or session, "" if the user changed their mind."""
    filters = ["Voile session, nothing is lost (*.voile)"]
    if not session_only:
        filters += [
            f"{f.title} (*{f.extensions[0]})" for f in FORMATS.values() if f.write is not None
        ]
    name = f"{Path(scene).stem}.voile"
    path, chosen = QFileDialog.getSaveFileName(parent, "Save as", name, ";;".join(filters))
    known = [session_file.SUFFIX, *(e for f in FORMATS.values() for e in f.extensions)]
    if path and not path.lower().endswith(tuple(known)):
        path += chosen.rpartition("*")[2].rstrip(")") or session_file.SUFFIX
    return path


def ask_losses(parent: QWidget, title: str, lost: Sequence[str]) -> bool:
    """Whether to save in a format that cannot hold all of the scene; `lost` says what not."""
    buttons = QMessageBox.StandardButton
    lines = "".join(f"<li>{escape(each[0].upper() + each[1:])}.</li>" for each in lost)
    answer = QMessageBox.question(
        parent,
        f"Save as {title}",
        f"<p>{escape(title)} does not hold all of this scene:</p><ul>{lines}</ul>"
        "<p>A Voile session keeps everything.</p>",
        buttons.Save | buttons.Cancel,
        buttons.Save,
    )
    return answer == buttons.Save


def ask_unsaved(parent: QWidget) -> str:
    """What to do with edits that no file holds: "save", "discard" or "cancel"."""
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.warning(
        parent,
        "Unsaved edits",
        "There are edits, or a camera path, that no file holds.",
        buttons.Save | buttons.Discard | buttons.Cancel,
        buttons.Save,
    )
    return {buttons.Save: "save", buttons.Discard: "discard"}.get(answer, "cancel")


def ask_recover(parent: QWidget) -> bool:
    """Whether to bring back a session that was not closed."""
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent,
        "Recover",
        "Voile ended with edits that were not saved. Bring them back?",
        buttons.Yes | buttons.No,
        buttons.Yes,
    )
    return answer == buttons.Yes


def show(box: QDialog) -> None:
    """Opens a box that does not block, and is gone when it is closed."""
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
