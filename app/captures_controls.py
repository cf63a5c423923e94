"""`CapturesControls`: the photographs of a capture: open, list, look through, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..scenes.io.cameras import load_views
from ..scenes.progress import Progress
from . import theme
from .captures import PHOTO
from .tasks import OneTask, Task

if TYPE_CHECKING:
    from .docks import Context

_FILTER = "Cameras (*.json cameras.bin images.bin cameras.txt images.txt);;All files (*)"
MOST_ROWS = 8
BENT = 1.5
"""Pixels of lens distortion from which it is worth saying."""


class CaptureLoader(OneTask):
    """Reads camera files in a thread.

    Signals:
        loaded: the path, and the list of CapturedView.
    """

    loaded = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def start(self, path: Path) -> None:
        """Begins to read; what is being read already goes on."""
        if self.running:
            return

        def work(progress: Progress) -> list:
            progress(0.0, f"Reading {path.name}")
            return load_views(path)

        task = Task(f"the cameras {path.name}", work, self)
        task.done.connect(lambda views: self.loaded.emit(path, views))
        self._run(task, f"Reading {path.name}")


class CapturesControls(QWidget):
    """A button, a list and two switches.

    Attributes:
        open, list, frusta, compare: button, list and switches.
        loader: reads the files.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._session = context, context.session
        self.words = QLabel(self)
        self.words.setProperty("role", "muted")
        self.words.setFont(theme.sized(self.font(), 0.9))
        self.words.setWordWrap(True)
        self.open = QPushButton("Open cameras…", self)
        self.open.setToolTip("cameras.json, transforms.json, or a model of COLMAP's")
        self.open.clicked.connect(self._ask)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Photographs")
        self.list.setUniformItemSizes(True)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemClicked.connect(lambda item: self._chosen(self.list.row(item)))
        self.frusta = QCheckBox("Show cameras in the picture", self)
        self.frusta.setToolTip("Click one to look through it")
        self.frusta.toggled.connect(lambda on: setattr(self._session.captures, "shown", on))
        self.compare = QCheckBox("Compare with the photograph", self)
        self.compare.clicked.connect(self._compare)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.words, self.list, self.frusta, self.compare, self.open):
            column.addWidget(widget)
        self.loader = CaptureLoader(self)
        self.loader.loaded.connect(self._loaded)
        self.loader.failed.connect(
            lambda error: context.notify("The cameras could not be opened", error)
        )
        captures = self._session.captures
        captures.changed.connect(self.refresh)
        captures.current_changed.connect(self._mark)
        self._session.comparison.active_changed.connect(self._mark, max_args=0)
        self._session.comparison.changed.connect(self._mark)
        self._session.scene_changed.connect(self._mark)
        self.refresh()

    def load(self, path: Path) -> None:
        """Reads a camera file; what is wrong with it becomes a notice."""
        self.loader.start(path)

    def refresh(self) -> None:
        """Shows the photographs."""
        captures = self._session.captures
        views = captures.views
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([view.name for view in views])
        row = self.list.sizeHintForRow(0) if views else 0
        self.list.setFixedHeight(row * min(len(views), MOST_ROWS) + 8)
        for widget in (self.list, self.frusta, self.compare):
            widget.setVisible(bool(views))
        with QSignalBlocker(self.frusta):
            self.frusta.setChecked(captures.shown)
        self._mark()

    def _mark(self) -> None:
        """Shows which photograph is looked through, and what can be done with it."""
        captures, comparison = self._session.captures, self._session.comparison
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(-1 if captures.current is None else captures.current)
        self.open.setEnabled(self._session.opened is not None)
        view = captures.view
        has = view is not None and view.image is not None
        self.compare.setEnabled(has)
        self.compare.setChecked(comparison.active and comparison.backend == PHOTO)
        self.words.setText(self._words())

    def _words(self) -> str:
        captures = self._session.captures
        if not captures.views:
            return "Where the photographs of the scene were taken, to look from there."
        view = captures.view
        if view is None:
            there = sum(view.image is not None for view in captures.views)
            source = captures.source.name if captures.source else ""
            return f"{len(captures.views):,} cameras from {source}, {there:,} with photographs"
        said = f"{view.width} × {view.height} px"
        if view.image is None:
            said += "; the photograph is not there"
        if view.bent >= BENT:
            said += f"; its lens bends the corner by {view.bent:.0f} px, which is left out"
        return said

    def _ask(self) -> None:
        scene = None if self._session.opened is None else self._session.opened.scene.path
        folder = "" if scene is None else str(scene.parent)
        if path := QFileDialog.getOpenFileName(self, "Open cameras", folder, _FILTER)[0]:
            self.load(Path(path))

    def _loaded(self, path: Path, views: list) -> None:
        self._session.captures.put(views, path)

    def _chosen(self, row: int) -> None:
        if row >= 0 and row != self._session.captures.current:
            self._context.history.end_gesture()
            self._session.look_through(row)
            self._context.history.end_gesture()

    def _compare(self, on: bool) -> None:
        comparison = self._session.comparison
        if on:
            comparison.backend = PHOTO
        comparison.active = on
        self._mark()
