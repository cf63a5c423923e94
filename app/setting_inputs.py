"""Inputs for the values of settings: buttons, lists, switches, numbers and colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from ..render.settings import FIELDS, Settings
from ..render.spec import parse_color
from . import dialogs
from .typed import number

_STEPS = 200  # of a slider over a range of real numbers
_SEGMENTS = 6  # whole numbers that are fewer are buttons
_SEGMENT_LETTERS = 21  # choices that are longer together go into a list that opens
_DECADES = 100.0  # a range whose ends differ by more than this factor is logarithmic


class Input(QWidget):
    """Shows a value and lets a person change it.

    Signals:
        changed: the value that was asked for.
        released: a gesture is over, such as the drag of a slider.
    """

    changed = Signal(object)
    released = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def put(self, value: Any) -> None:
        """Shows a value; nothing is emitted."""
        raise NotImplementedError

    def choose(self, value: Any) -> None:
        """Asks for a value by a gesture that is over at once."""
        self.changed.emit(value)
        self.released.emit()


class Segments(Input):
    """A row of buttons of which one is down."""

    def __init__(self, choices: tuple[Any, ...], name: str, parent: QWidget) -> None:
        super().__init__(parent)
        group = QButtonGroup(self)
        self._buttons: dict[Any, QPushButton] = {}
        for choice in choices:
            button = self._buttons[choice] = QPushButton(str(choice), self)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{name} {choice}")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, value=choice: self.choose(value))
            group.addButton(button)
            self._row.addWidget(button, 1)

    def put(self, value: Any) -> None:
        """Presses the value's button."""
        self._buttons[value].setChecked(True)

    def allow(self, value: Any, allowed: bool) -> None:
        """Whether a value can be chosen."""
        self._buttons[value].setEnabled(allowed)


class Choice(Input):
    """A list that opens."""

    def __init__(self, choices: tuple[Any, ...], name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._choices: tuple[Any, ...] = ()
        self._box = QComboBox(self)
        self._box.setAccessibleName(name)
        self.offer(choices)
        self._box.activated.connect(lambda row: self.choose(self._box.itemData(row)))
        still(self._box)
        self._row.addWidget(self._box, 1)

    def offer(self, choices: tuple[Any, ...]) -> None:
        """Puts other choices into the list; none is chosen then where they are others."""
        if choices != self._choices:
            self._choices = choices
            self._box.clear()
            for choice in choices:
                self._box.addItem(str(choice), choice)

    def put(self, value: Any) -> None:
        """Selects the value."""
        self._box.setCurrentIndex(self._choices.index(value))


class Switch(Input):
    """A check box."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._box = QCheckBox("on", self)
        self._box.setAccessibleName(name)
        self._box.toggled.connect(self.choose)
        self._row.addWidget(self._box, 1)

    def put(self, value: Any) -> None:
        """Checks the box, or not."""
        with QSignalBlocker(self._box):
            self._box.setChecked(value)


class Number(Input):
    """A slider and a field; wide ranges of positive numbers are logarithmic on the slider."""

    def __init__(self, kind: Callable[[Any], Any], meta: Any, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind, self._unit, self._zero = kind, meta["unit"], meta["zero"]
        self._low, self._high = float(meta["low"]), float(meta["high"])
        self._log = self._low > 0 and self._high / self._low > _DECADES
        whole = kind is int and not self._log and self._high - self._low <= 1000
        self._steps = round(self._high - self._low) if whole else _STEPS
        self._value: Any = meta["low"]
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(name)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setRange(0, self._steps)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self.released)
        still(self.slider)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setFixedWidth(72)
        self.field.editingFinished.connect(self._typed)
        self._row.addWidget(self.slider, 1)
        self._row.addWidget(self.field)

    def put(self, value: Any) -> None:
        """Moves the slider and fills the field."""
        self._value = value
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(self._share(value) * self._steps))
        unit = f" {self._unit}" if self._unit and self._unit not in "x°" else self._unit
        self.field.setText(self._zero if self._zero and value == 0 else f"{value:.6g}{unit}")

    def _share(self, value: float) -> float:
        value = min(max(value, self._low), self._high)  # what was typed may lie beyond the slider
        if self._log:
            return math.log(value / self._low) / math.log(self._high / self._low)
        return (value - self._low) / (self._high - self._low)

    def _moved(self, place: int) -> None:
        share = place / self._steps
        if self._log:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + (self._high - self._low) * share
        if self._kind is int:
            value = round(value)
        elif self._log:
            value = float(f"{value:.2g}")  # a slider is no place for digits
        self.changed.emit(self._kind(min(max(value, self._low), self._high)))

    def _typed(self) -> None:
        text = self.field.text().strip()
        try:
            if self._zero and text == self._zero:
                value = self._kind(0)
            else:
                value = number(text, self._unit)
                if self._kind(value) != value:
                    raise ValueError(f"{text!r} is not a whole number")
                value = self._kind(value)
        except ValueError:
            self.put(self._value)
            return
        if value != self._value:
            self.choose(value)
        else:
            self.put(value)  # the text may be written otherwise


class Swatch(Input):
    """A colour: a button that opens the dialog, and its #rrggbb."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._value = name, (0.0, 0.0, 0.0)
        self.button = QPushButton(self)
        self.button.setAccessibleName(name)
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self._ask)
        self.field = QLineEdit(self)
        self.field.setAccessibleName(name)
        self.field.setFixedWidth(84)
        self.field.editingFinished.connect(self._typed)
        self._row.addWidget(self.button, 1)
        self._row.addWidget(self.field)

    def put(self, value: Any) -> None:
        """Fills the button with the colour."""
        self._value = value
        text = QColor.fromRgbF(*value).name()
        self.field.setText(text)
        self.button.setStyleSheet(f"background: {text}; min-height: 16px;")

    def _typed(self) -> None:
        if self.field.text() == QColor.fromRgbF(*self._value).name():
            return  # the same to 8 bits: the finer value stays
        try:
            self.choose(parse_color(self.field.text().strip()))
        except ValueError:
            self.put(self._value)

    def _ask(self) -> None:
        before = self._value
        dialog = QColorDialog(QColor.fromRgbF(*before), self)  # goes with what it is of
        dialog.setWindowTitle(self._name)
        dialog.currentColorChanged.connect(lambda color: self.changed.emit(color.getRgbF()[:3]))
        dialog.rejected.connect(lambda: self.changed.emit(before))
        dialog.finished.connect(self.released)
        dialogs.show(dialog)


def make_input(name: str, caption: str, parent: QWidget) -> Input:
    """The input for a field of `Settings`."""
    hint, meta = _HINTS[name], FIELDS[name].metadata
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        short = sum(len(str(c)) for c in choices) <= _SEGMENT_LETTERS
        return (Segments if short else Choice)(choices, caption, parent)
    if hint is bool:
        return Switch(caption, parent)
    if get_origin(hint) is tuple:
        return Swatch(caption, parent)
    if hint is int and meta["high"] - meta["low"] < _SEGMENTS:
        return Segments(tuple(range(meta["low"], meta["high"] + 1)), caption, parent)
    return Number(hint, meta, caption, parent)


class _Still(QObject):
    """Lets the wheel scroll the panel instead of changing what happens to be under it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes wheel events away."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


def still(widget: QWidget) -> None:
    """Makes a widget that turns by the wheel stand still."""
    widget.installEventFilter(_Still(widget))


_HINTS = get_type_hints(Settings)
