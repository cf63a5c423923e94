"""The lights of the scene: what is all around, and the lamps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..scenes.io.hdr import load_environment
from ..scenes.lights import Environment, Lamp, LightError, Lights, sky
from ..scenes.progress import Progress
from . import dialogs, theme
from .setting_inputs import Number, Swatch
from .settings_panel import Group, SettingsPanel
from .tasks import OneTask, Task

if TYPE_CHECKING:
    from .docks import Context

_BRIGHT = 10.0  # where the slider for strength ends; more can be typed


class LightPanel(SettingsPanel):
    """The dock Light: the settings of its name, what is all around, and the lamps.

    Attributes:
        environment: the environment's controls.
        lamps: those of the lamps.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, "Light", parent)
        self._context = context
        around = self.groups["Light", "Environment"]
        self.environment = EnvironmentControls(context, self._change, around.content())
        inside = around.content().layout()
        assert isinstance(inside, QVBoxLayout)
        inside.insertWidget(0, self.environment)
        group = Group("Lamps", self)
        self.lamps = LampsControls(context, self._change, group.content())
        group.addWidget(self.lamps)
        self.column.insertWidget(self.column.count() - 1, group)
        context.session.look_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the lights of the scene."""
        opened = self._context.session.opened
        lights = Lights() if opened is None else opened.scene.lights
        for part in (self.environment, self.lamps):
            part.setEnabled(opened is not None)
            part.put(lights)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops what is at work; the names of what did not end."""
        return self.environment.reader.close(seconds)

    def _change(self, text: str, key: object, lights: Lights) -> None:
        """Puts other lights in place; changes of one key in a gesture are one step."""
        opened = self._context.session.opened
        if opened is not None:
            before = opened.scene.lights
            self._put(lights)
            self._context.history.note(text, ("lights", key), before, lights, self._put)

    def _put(self, lights: Any) -> None:
        if (opened := self._context.session.opened) is not None:
            self._context.session.put_look(opened.scene.coat, lights)


Change = Callable[[str, object, Lights], None]
"""Given the text of the step, what it is a change of, and the lights."""


class EnvironmentControls(QWidget):
    """The name of the environment, a button for the sky and one for a file."""

    def __init__(self, context: Context, change: Change, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._change = context, change
        self._lights = Lights()
        self._document: object = None  # what an environment is read for
        self.name = QLabel(self)
        self.sky = _button("Built-in sky", "The light of a clear sky", self)
        self.sky.clicked.connect(lambda: self._choose(sky()))
        self.open = _button("Open .hdr…", "A picture of what is all around", self)
        self.open.clicked.connect(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.name)
        column.addLayout(_row(self.sky, self.open))
        self.reader = _Reader(self)
        self.reader.read.connect(self._read)
        self.reader.failed.connect(
            lambda error: context.notify("The environment could not be opened", error)
        )

    def put(self, lights: Lights) -> None:
        """Shows the environment of lights."""
        self._lights = lights
        height, width, _ = lights.environment.image.shape
        self.name.setText(f"{lights.environment.name}, {width} × {height}")
        self.name.setToolTip(lights.environment.source or "Comes with Voile")
        self.sky.setEnabled(lights.environment is not sky())

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
        lights = replace(self._lights, environment=environment)
        self._change("Light from all around", "environment", lights)
        self._context.history.end_gesture()


class LampsControls(QWidget):
    """A row for each lamp, and buttons that add one.

    Attributes:
        rows: of the lamps, in their order.
        add: buttons by kind of the lamp.
    """

    def __init__(self, context: Context, change: Change, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._change = context, change
        self._lights = Lights()
        self.rows: list[LampRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.add = {
            "directional": _button("Add sun", "A lamp infinitely far away", self),
            "point": _button("Add point lamp", "A lamp that shines from a place", self),
        }
        for kind, button in self.add.items():
            button.clicked.connect(lambda _=False, k=kind: self._add(k))
        self._column.addLayout(_row(*self.add.values()))

    def put(self, lights: Lights) -> None:
        """Shows the lamps of lights."""
        self._lights = lights
        while len(self.rows) > len(lights.lamps):
            row = self.rows.pop()
            self._column.removeWidget(row)
            row.deleteLater()
        while len(self.rows) < len(lights.lamps):
            row = LampRow(len(self.rows), self)
            row.changed.connect(self._edit)
            row.removed.connect(self._remove)
            row.released.connect(self._context.history.end_gesture)
            self.rows.append(row)
            self._column.insertWidget(len(self.rows) - 1, row)
        for row, lamp in zip(self.rows, lights.lamps):
            row.put(lamp)

    def _add(self, kind: Any) -> None:
        opened = self._context.session.opened
        if opened is None:
            return
        up, place = opened.scene.splats.up, opened.center
        x, y, z = (float(u) for u in up)
        lamp = Lamp(kind, (x, y, z))
        if kind == "point":  # over the scene, and as bright at its centre as a sun is
            x, y, z = (float(c + opened.radius * u) for c, u in zip(place, up))
            lamp = Lamp(kind, (x, y, z), intensity=min(float(opened.radius) ** 2, 1e6))
        self._step("Add lamp", (*self._lights.lamps, lamp))

    def _remove(self, row: int) -> None:
        lamps = self._lights.lamps
        self._step("Remove lamp", (*lamps[:row], *lamps[row + 1 :]))

    def _edit(self, row: int, field: str, lamp: Lamp) -> None:
        lamps = list(self._lights.lamps)
        lamps[row] = lamp
        self._change("Lamp", (row, field), replace(self._lights, lamps=tuple(lamps)))

    def _step(self, text: str, lamps: tuple[Lamp, ...]) -> None:
        self._context.history.end_gesture()
        self._change(text, "lamps", replace(self._lights, lamps=lamps))
        self._context.history.end_gesture()


class LampRow(QWidget):
    """The numbers of one lamp.

    Signals:
        changed: number of the lamp, name of the field, and the lamp as it is to be.
        removed: number of the lamp.
        released: a gesture is over.

    Attributes:
        color, strength, place, remove: its inputs.
    """

    changed = Signal(int, str, object)
    removed = Signal(int)
    released = Signal()

    def __init__(self, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._number, self._lamp = number, Lamp()
        name = f"Lamp {number + 1}"
        self.title = QLabel(self)
        self.remove = QToolButton(self)
        self.remove.setIcon(theme.icon("trash-can-outline"))
        self.remove.setAccessibleName(f"Remove {name.lower()}")
        self.remove.setToolTip("Remove this lamp")
        self.remove.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove.clicked.connect(lambda: self.removed.emit(self._number))
        self.color = Swatch(f"{name} colour", self)
        self.color.changed.connect(lambda value: self._set("color", tuple(value)))
        limits = {"unit": "", "zero": "", "low": 0.0, "high": _BRIGHT}
        self.strength = Number(float, limits, f"{name} strength", self)
        self.strength.changed.connect(lambda value: self._set("intensity", value))
        for each in (self.color, self.strength):
            each.released.connect(self.released)
        self.place = [QLineEdit(self) for _ in range(3)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.title, 0, 0, 1, 2)
        grid.addWidget(self.remove, 0, 2)
        numbers = QHBoxLayout()
        numbers.setSpacing(4)
        for axis, field in enumerate(self.place):
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.setAccessibleName(f"{name} {'xyz'[axis]}")
            field.editingFinished.connect(lambda a=axis: self._typed(a))
            numbers.addWidget(field)
        self._where = QLabel(self)
        captions = (QLabel("Colour", self), QLabel("Strength", self), self._where)
        for line, (caption, value) in enumerate(zip(captions, (self.color, self.strength)), 1):
            grid.addWidget(caption, line, 0)
            grid.addWidget(value, line, 1, 1, 2)
        grid.addWidget(self._where, 3, 0)
        grid.addLayout(numbers, 3, 1, 1, 2)
        for caption in captions:
            caption.setProperty("role", "muted")

    def put(self, lamp: Lamp) -> None:
        """Shows a lamp."""
        self._lamp = lamp
        sun = lamp.kind == "directional"
        self.title.setText(f"{'Sun' if sun else 'Point lamp'} {self._number + 1}")
        self._where.setText("Towards" if sun else "Place")
        self.color.put(lamp.color)
        self.strength.put(lamp.intensity)
        for field, value in zip(self.place, lamp.place):
            field.setText(f"{value:.5g}")

    def _typed(self, axis: int) -> None:
        text, place = self.place[axis].text(), list(self._lamp.place)
        if text == f"{place[axis]:.5g}":
            return  # the same as far as it is written: the finer value stays
        try:
            place[axis] = float(text.replace(",", "."))
        except ValueError:
            self.put(self._lamp)
            return
        self._set("place", tuple(place))
        self.released.emit()

    def _set(self, field: str, value: Any) -> None:
        """Asks for another value; the one before stays where it is none of a lamp."""
        try:
            lamp = replace(self._lamp, **{field: value})
        except LightError:
            self.put(self._lamp)
            return
        if lamp != self._lamp:
            self.changed.emit(self._number, field, lamp)


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


def _button(text: str, hint: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.GRID)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
