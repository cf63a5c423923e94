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

from ..scenes.builtin.materials import NAMES
from ..scenes.coat import Coat
from ..scenes.errors import VoileError
from ..scenes.material import NeuralMaterial
from ..scenes.material_names import coat_named
from ..scenes.progress import Progress
from ..scenes.scene import Scene
from . import dialogs, theme, wearing
from .material_previews import SIZE, MaterialPreviews
from .material_target import TargetControls
from .tasks import OneTask, Task

if TYPE_CHECKING:
    from .docks import Context

_COLUMNS = 3

NONE = ""
"""In the place of a material: captured colours."""

SCENES = "scene"
"""In the place of a material: what the scene wears."""

_WORDS = {
    "scene": "For all that wears nothing of its own.",
    "selection": "Wears it wherever it is moved, whatever the scene wears.",
    "node": "All of it wears this, whatever the scene wears.",
}


class MaterialsPanel(QWidget):
    """The dock Materials: a sphere for each material; a click puts it on what is meant.

    Attributes:
        target: says what is meant.
        buttons: by source of the material, `NONE` and `SCENES`.
        open: asks for a file of a material.
        clear: takes off what parts of the scene wear.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._session = context, context.session
        self._editor = context.editing.editor
        self._coats: dict[str, Coat] = {}
        self._document: object = None  # what a material is read for
        self._asked: set[NeuralMaterial] = set()
        self._group = QButtonGroup(self)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self.buttons: dict[str, QToolButton] = {}
        self._add(SCENES, "As the scene", "What it came with, or what the whole scene wears")
        self._add(NONE, "Captured", "Colours as captured; meshes are matte")
        self.open = QPushButton("Open .vnm…", self)
        self.open.setToolTip("A material that voile bake-material has made")
        self.open.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.open.clicked.connect(self._ask)
        self.clear = QPushButton("Take off parts' materials", self)
        self.clear.setToolTip("All of the scene wears the same, whatever came with its file")
        self.clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear.clicked.connect(self._editor.undress_all)
        self._words = QLabel(self)
        self._words.setProperty("role", "muted")
        self._words.setFont(theme.sized(self.font(), 0.9))
        self._words.setWordWrap(True)
        self.target = TargetControls(self._editor, self)
        self.target.changed.connect(self.refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(theme.GRID)
        column.addWidget(self.target)
        column.addLayout(self._grid)
        column.addWidget(self.open)
        column.addWidget(self.clear)
        column.addWidget(self._words)
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
        """Reads a material in a thread and puts it on what is meant."""
        opened = self._session.opened
        if opened is not None and not self.reader.running:
            self._document = opened.document
            self.reader.start(path)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops what is at work; the names of what did not end."""
        return self.previews.close(seconds) + self.reader.close(seconds)

    def refresh(self) -> None:
        """Shows what is meant, and which material that wears."""
        opened, kind = self._session.opened, self.target.kind
        scene = None if opened is None else opened.scene
        coats = [] if scene is None else scene.coats
        for coat in coats:
            if self._coats.get(coat.source) not in coats:
                self._put_coat(coat)
        if not self.isVisible():
            return  # it is asked of every splat
        self.target.show_scene(scene)
        worn = set() if scene is None else self._worn(scene)
        for button in self.buttons.values():
            button.setEnabled(scene is not None)
        self._group.setExclusive(False)  # where it is mixed none is down
        for source, button in self.buttons.items():
            button.setChecked(worn == {source})
        self._group.setExclusive(len(worn) == 1)
        self._arrange()
        self.open.setEnabled(scene is not None)
        parts = scene is not None and scene.dress.own + scene.dress.own_meshes > 0
        self.clear.setVisible(kind == "scene" and parts)
        self._words.setText(
            f"{_WORDS[kind]} How much of the captured colour stays is in panel Light."
        )

    def _worn(self, scene: Scene) -> set[str]:
        """What is given to what is meant: keys of `buttons`."""
        if self.target.kind == "scene":
            return {scene.coat.source if scene.coat else NONE}
        given = wearing.given(self.target.target())
        return {SCENES if c == "scene" else c.source if c else NONE for c in given}

    def _arrange(self) -> None:
        """Puts the buttons into rows; the whole scene cannot be as the scene is."""
        self.buttons[SCENES].setVisible(self.target.kind != "scene")
        shown = [b for s, b in self.buttons.items() if s != SCENES or self.target.kind != "scene"]
        for place, button in enumerate(shown):
            self._grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)

    def showEvent(self, event: QShowEvent) -> None:
        """Shows the scene as it is by now; draws the previews when they are first seen."""
        super().showEvent(event)
        self.refresh()
        self._preview()

    def _add(self, source: str, text: str, hint: str) -> None:
        button = self.buttons[source] = QToolButton(self)
        button.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, SIZE))
        button.setToolTip(hint)
        button.setAccessibleName(f"Material {text}")
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(SIZE * 3 // 4, SIZE * 3 // 4))
        icons = {NONE: "sphere-off", SCENES: "earth"}
        button.setIcon(theme.icon(icons.get(source, "sphere")))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = button.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Expanding)
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self._choose(source))
        self._group.addButton(button)

    def _put_coat(self, coat: Coat) -> None:
        """A button for a material; a file that was read anew takes the place of what it was."""
        self._coats[coat.source] = coat
        if coat.source not in self.buttons:
            text = wearing.caption(coat.material.name)
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
            self._choose(coat.source)

    def _unread(self, error: BaseException) -> None:
        self._context.notify("The material could not be opened", error)

    def _choose(self, source: str) -> None:
        """Puts a material on what is meant, as a step."""
        coat, node = self._coats.get(source), self.target.node
        if self._session.opened is None:
            return
        if self.target.kind == "scene":
            self._put_on_scene(coat)
        elif source == SCENES:
            self._editor.undress(node)
        else:
            self._editor.wear(coat, node)
        self.refresh()

    def _put_on_scene(self, coat: Coat | None) -> None:
        opened = self._session.opened
        before = None if opened is None else opened.scene.coat
        if opened is None or coat == before:
            return
        try:
            self._put(coat)
        except VoileError as error:
            self._context.notify("The material could not be put on the scene", error)
            return
        name = "Captured colours" if coat is None else wearing.caption(coat.material.name)
        history = self._context.history
        history.end_gesture()
        history.note(f"{name} on the scene", "material", before, coat, self._put)
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
