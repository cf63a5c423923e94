"""What lights the scene from all around: `EnvironmentControls`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ..scenes.io.hdr import load_environment
from ..scenes.lights import Environment, Lights, sky
from ..scenes.progress import Progress
from . import dialogs
from .buttons import button_row, text_button
from .tasks import OneTask, Task

if TYPE_CHECKING:
    from .docks import Context


class EnvironmentControls(QWidget):
    """The name of the environment, a button for the sky and one for a file."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._edits = context, context.editing.lights
        self._document: object = None  # what an environment is read for
        self.name = QLabel(self)
        self.sky = text_button("Built-in sky", "The light of a clear sky", self)
        self.sky.clicked.connect(lambda: self._choose(sky()))
        self.open = text_button("Open picture…", "All around: .hdr, .exr, .png, .jpg", self)
        self.open.clicked.connect(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.name)
        column.addLayout(button_row(self.sky, self.open))
        self.reader = _Reader(self)
        self.reader.read.connect(self._read)
        self.reader.failed.connect(
            lambda error: context.notify("The environment could not be opened", error)
        )

    def put(self, lights: Lights) -> None:
        """Shows the environment of lights."""
        height, width, _ = lights.environment.image.shape
        self.name.setText(f"{lights.environment.name}, {width} × {height}")
        made = lights.environment is sky()
        self.name.setToolTip("Comes with Voile" if made else lights.environment.source)
        self.sky.setEnabled(not made)

    def load(self, path: Path) -> None:
        """Reads an environment in a thread and lights the scene by it."""
        opened = self._context.session.opened
        if opened is not None and not self.reader.running:
            self._document = opened.document
            self.reader.start(path)

    def _ask(self) -> None:
        if path := dialogs.ask_environment_file(self.window()):
            self.load(Path(path))

    def _read(self, environment: Environment) -> None:
        opened = self._context.session.opened
        if opened is not None and opened.document is self._document:
            self._choose(environment)

    def _choose(self, environment: Environment) -> None:
        self._context.history.end_gesture()
        lights = replace(self._edits.lights, environment=environment)
        self._edits.change("Light from all around", "environment", lights)
        self._context.history.end_gesture()


class _Reader(OneTask):
    """Reads one environment at a time.

    Signals:
        read: the Environment.
    """

    read = Signal(object)

    def start(self, path: Path) -> None:
        """Begins; `read` or `failed` follows."""

        def work(progress: Progress) -> Environment:
            return load_environment(path)

        task = Task(f"reading {path.name}", work, self)
        task.done.connect(self.read)
        self._run(task, f"Reading {path.name}")
