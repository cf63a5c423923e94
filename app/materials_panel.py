"""The dock Materials: what the scene is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..render.materials.assign import coat_named
from ..scenes.builtin.materials import NAMES
from ..scenes.coat import Coat
from ..scenes.errors import VoileError
from ..scenes.material import NeuralMaterial
from ..scenes.progress import Progress
from . import dialogs, theme
from .material_previews import SIZE, MaterialPreviews
from .setting_controls import caption_of
from .tasks import OneTask, Task

if TYPE_CHECKING:
    from .docks import Context

_COLUMNS = 3


class MaterialsPanel(QWidget):
    """The dock Materials: a sphere for each material; a click puts it on the whole scene.

    Attributes:
        buttons: by source of the material, "" for none.
        open: asks for a file of a material.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._session = context, context.session
        self._coats: dict[str, Coat] = {}
        self._document: object = None  # what a material is read for
        self._asked: set[NeuralMaterial] = set()
        self._group = QButtonGroup(self)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self.buttons: dict[str, QToolButton] = {}
        self._add("", "None", "As captured; meshes are matte")
        self.open = QPushButton("Open .vnm…", self)
        self.open.setToolTip("A material that voile bake-material has made")
        self.open.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.open.clicked.connect(self._ask)
        words = QLabel(
            "For all of the scene that has no material of its own. How much of the captured "
            "colour stays is in panel Light.",
            self,
        )
        words.setProperty("role", "muted")
        words.setFont(theme.sized(self.font(), 0.9))
        words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(theme.GRID)
        column.addLayout(self._grid)
        column.addWidget(self.open)
        column.addWidget(words)
        column.addStretch(1)
        self.previews = MaterialPreviews(self)
        self.previews.drawn.connect(self._drawn)
        self.previews.failed.connect(lambda e: context.notify("No preview could be drawn", e))
        self.reader = _Reader(self)
        self.reader.read.connect(self._read)
        self.reader.failed.connect(self._unread)
        for name in NAMES:
            self._put_coat(coat_named(name))
        self._session.look_changed.connect(self.refresh)
        self.refresh()

    def load(self, path: Path) -> None:
        """Reads a material in a thread and puts it on the scene."""
        opened = self._session.opened
        if opened is not None and not self.reader.running:
            self._document = opened.document
            self.reader.start(path)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops what is at work; the names of what did not end."""
        return self.previews.close(seconds) + self.reader.close(seconds)

    def refresh(self) -> None:
        """Shows which material the scene has."""
        opened = self._session.opened
        coat = None if opened is None else opened.scene.coat
        if coat is not None and (
            coat.source not in self._coats or self._coats[coat.source] is not coat
        ):
            self._put_coat(coat)
        for source, button in self.buttons.items():
            button.setEnabled(opened is not None)
            button.setChecked(opened is not None and source == (coat.source if coat else ""))
        self.open.setEnabled(opened is not None)

    def showEvent(self, event: QShowEvent) -> None:
        """Draws the previews when they are first seen."""
        super().showEvent(event)
        self._preview()

    def _add(self, source: str, text: str, hint: str) -> None:
        button = self.buttons[source] = QToolButton(self)
        button.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, SIZE))
        button.setToolTip(hint)
        button.setAccessibleName(f"Material {text}")
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(SIZE * 3 // 4, SIZE * 3 // 4))
        button.setIcon(theme.icon("sphere-off" if not source else "sphere"))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = button.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Expanding)
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self._choose(self._coats.get(source)))
        self._group.addButton(button)
        place = len(self.buttons) - 1
        self._grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)

    def _put_coat(self, coat: Coat) -> None:
        """A button for a material; a file that was read anew takes the place of what it was."""
        self._coats[coat.source] = coat
        if coat.source not in self.buttons:
            text = caption_of(coat.material.name.replace("-", "_"))
            file = Path(coat.source)
            hint = "Comes with Voile" if coat.source in NAMES else str(file)
            self._add(coat.source, text if coat.source in NAMES else file.stem, hint)
        if self.isVisible():
            self._preview()

    def _preview(self) -> None:
        wanted = [c.material for c in self._coats.values() if c.material not in self._asked]
        self._asked.update(wanted)
        if wanted:
            self.previews.ask(wanted)

    def _drawn(self, material: NeuralMaterial, picture: NDArray[np.uint8]) -> None:
        for source, coat in self._coats.items():
            if coat.material is material:
                self.buttons[source].setIcon(_icon(picture))

    def _ask(self) -> None:
        if path := dialogs.ask_material_file(self.window()):
            self.load(Path(path))

    def _read(self, coat: Coat) -> None:
        opened = self._session.opened
        if opened is not None and opened.document is self._document:
            self._put_coat(coat)
            self._choose(coat)

    def _unread(self, error: BaseException) -> None:
        self._context.notify("The material could not be opened", error)

    def _choose(self, coat: Coat | None) -> None:
        """Puts a material on the scene, as a step."""
        opened = self._session.opened
        before = None if opened is None else opened.scene.coat
        if opened is None or coat is before:
            self.refresh()
            return
        try:
            self._put(coat)
        except VoileError as error:
            self._context.notify("The material could not be put on the scene", error)
            self.refresh()
            return
        history = self._context.history
        history.end_gesture()
        history.note("Material", "material", before, coat, self._put)
        history.end_gesture()

    def _put(self, coat: Any) -> None:
        if (opened := self._session.opened) is not None:
            self._session.put_look(coat, opened.scene.lights)


class _Reader(OneTask):
    """Reads one file of a material at a time.

    Signals:
        read: its Coat.
    """

    read = Signal(object)

    def start(self, path: Path) -> None:
        """Begins; `read` or `failed` follows."""

        def work(progress: Progress) -> Coat:
            return coat_named(str(path))

        task = Task(f"reading {path.name}", work, self)
        task.done.connect(self.read)
        self._run(task, f"Reading {path.name}")


def _icon(picture: NDArray[np.uint8]) -> QIcon:
    height, width = picture.shape[:2]
    image = QImage(picture.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return QIcon(QPixmap.fromImage(image.copy()))
