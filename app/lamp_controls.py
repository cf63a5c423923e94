"""The lamps of the scene in numbers: `LampsControls`, with a `LampRow` for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..scenes.lights import Lamp, LightError, Lights
from . import theme
from .buttons import button_row, text_button
from .edit_tools import LAMPS, VIEW
from .setting_inputs import Number, Swatch
from .typed import narrow, number, put_narrow

if TYPE_CHECKING:
    from .docks import Context

_BRIGHT = 10.0  # where the slider for strength ends; more can be typed


class LampsControls(QWidget):
    """A row for each lamp, and buttons that add one.

    Attributes:
        rows: of the lamps, in their order.
        add: buttons by kind of the lamp.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._history, self._tools = context.history, context.editing.tools
        self._edits = context.editing.lights
        self.rows: list[LampRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.add = {
            "directional": text_button("Add sun", "A lamp infinitely far away", self),
            "point": text_button("Add point lamp", "A lamp that shines from a place", self),
        }
        for kind, button in self.add.items():
            button.clicked.connect(lambda _=False, k=kind: self._add(k))
        self._column.addLayout(button_row(*self.add.values()))
        self._tools.tool_changed.connect(self._mark, Qt.ConnectionType.DirectConnection)

    def put(self, lights: Lights) -> None:
        """Shows the lamps of lights."""
        while len(self.rows) > len(lights.lamps):
            row = self.rows.pop()
            self._column.removeWidget(row)
            row.deleteLater()
        while len(self.rows) < len(lights.lamps):
            row = LampRow(len(self.rows), self)
            row.changed.connect(self._edits.edit)
            row.removed.connect(self._edits.remove)
            row.chosen.connect(self._choose)
            row.released.connect(self._history.end_gesture)
            self.rows.append(row)
            self._column.insertWidget(len(self.rows) - 1, row)
        for row, lamp in zip(self.rows, lights.lamps):
            row.put(lamp)
        self._mark()

    def _mark(self) -> None:
        """Shows which lamp has handles in the picture."""
        held = self._tools.name == LAMPS
        for place, row in enumerate(self.rows):
            row.title.setChecked(held and place == self._edits.chosen)

    def _add(self, kind: str) -> None:
        self._edits.add(kind)
        self._tools.take(LAMPS)

    def _choose(self, number: int) -> None:
        """Takes up a lamp; the one that is in hand is put down."""
        if self._tools.name == LAMPS and self._edits.chosen == number:
            self._tools.take(VIEW)
        else:
            self._edits.choose(number)
            self._tools.take(LAMPS)


class LampRow(QWidget):
    """The numbers of one lamp.

    Signals:
        changed: number of the lamp, name of the field, and the lamp as it is to be.
        removed: number of the lamp.
        chosen: number of the lamp that is to be moved in the picture.
        released: a gesture is over.

    Attributes:
        title: its name, a button.
        color, strength, place, remove: its inputs.
    """

    changed = Signal(int, str, object)
    removed = Signal(int)
    chosen = Signal(int)
    released = Signal()

    def __init__(self, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._number, self._lamp = number, Lamp()
        name = f"Lamp {number + 1}"
        self.title = QToolButton(self)
        self.title.setCheckable(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title.clicked.connect(lambda: self.chosen.emit(self._number))
        self.remove = QToolButton(self)
        self.remove.setIcon(theme.icon("trash-can-outline"))
        self.remove.setAccessibleName(f"Remove {name.lower()}")
        self.remove.setToolTip("Remove this lamp")
        self.remove.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove.clicked.connect(lambda: self.removed.emit(self._number))
        self.color = Swatch(f"{name} colour", self)
        self.color.setToolTip("The colour of its light")
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
        grid.addWidget(self.title, 0, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
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
        name = f"{'Sun' if sun else 'Point lamp'} {self._number + 1}"
        self.title.setText(name)
        self.title.setIcon(theme.icon("white-balance-sunny" if sun else "lightbulb-outline"))
        self.title.setAccessibleName(f"{name}, {'turn' if sun else 'move'} it in the picture")
        self.title.setToolTip(f"{'Turn' if sun else 'Move'} this lamp in the picture")
        self._where.setText("Towards" if sun else "Place")
        self.color.put(lamp.color)
        self.strength.put(lamp.intensity)
        for field, value in zip(self.place, lamp.place):
            put_narrow(field, narrow(value))

    def _typed(self, axis: int) -> None:
        text, place = self.place[axis].text(), list(self._lamp.place)
        if text == narrow(place[axis]):
            return  # the same as far as it is written: the finer value stays
        try:
            place[axis] = number(text)
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
