"""Controls of settings, made from the metadata of the fields of `Settings`, bound both ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ..render.settings import Settings

_STEPS = 200  # of a slider over a range of real numbers
_SEGMENTS = 6  # whole numbers that are fewer are buttons
_SEGMENT_LETTERS = 16  # choices that are longer together go into a list that opens


class SettingControl(QWidget):
    """A caption and the control of one setting.

    The control follows the setting, whoever changes it, and changes it where the user says so.

    Args:
        settings: what is changed.
        name: of a field of `Settings` that is a choice, a number or a switch.
        parent: the widget it lies in.
    """

    def __init__(self, settings: Settings, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self._settings = settings
        field = _FIELDS[name]
        caption = QLabel(name.replace("_", " ").capitalize(), self)
        caption.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(caption)
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        column.addLayout(self._row)
        self.setToolTip(field.metadata["help"])
        hint = _HINTS[name]
        if get_origin(hint) is Literal:
            choices = get_args(hint)
            short = sum(len(str(c)) for c in choices) <= _SEGMENT_LETTERS
            self._put = self._segments(choices) if short else self._list(choices)
        elif hint is bool:
            self._put = self._switch()
        elif hint is int and field.metadata["high"] - field.metadata["low"] < _SEGMENTS:
            low, high = field.metadata["low"], field.metadata["high"]
            self._put = self._segments(tuple(range(low, high + 1)))
        else:
            low, high = field.metadata["low"], field.metadata["high"]
            self._put = self._number(hint, low, high, field.metadata["unit"])
        self._show()
        # Held weakly: the control goes with its panel, the settings stay.
        getattr(settings.events, name).connect(self._show, max_args=0)

    def _show(self) -> None:
        self._put(getattr(self._settings, self.name))

    def _set(self, value: Any) -> None:
        if value != getattr(self._settings, self.name):
            setattr(self._settings, self.name, value)

    def _segments(self, choices: tuple[Any, ...]) -> Callable[[Any], None]:
        group = QButtonGroup(self)
        buttons = {}
        for choice in choices:
            button = buttons[choice] = QPushButton(str(choice), self)
            button.setProperty("role", "segment")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, value=choice: self._set(value))
            group.addButton(button)
            self._row.addWidget(button, 1)
        return lambda value: buttons[value].setChecked(True)

    def _list(self, choices: tuple[Any, ...]) -> Callable[[Any], None]:
        box = QComboBox(self)
        for choice in choices:
            box.addItem(str(choice), choice)
        box.activated.connect(lambda index: self._set(box.itemData(index)))
        self._row.addWidget(box, 1)
        return lambda value: box.setCurrentIndex(choices.index(value))

    def _switch(self) -> Callable[[Any], None]:
        box = QCheckBox("on", self)
        box.toggled.connect(self._set)
        self._row.addWidget(box, 1)
        return box.setChecked

    def _number(self, kind: type, low: float, high: float, unit: str) -> Callable[[Any], None]:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = kind is int
        steps = round(high - low) if whole else _STEPS
        slider.setRange(0, steps)
        field = QLineEdit(self)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setFixedWidth(64)

        def read() -> None:
            try:
                self._set(kind(field.text().strip().removesuffix(unit)))
            except ValueError:  # no number, or out of range
                self._show()

        slider.valueChanged.connect(
            lambda place: self._set(kind(low + (high - low) * place / steps))
        )
        field.editingFinished.connect(read)
        self._row.addWidget(slider, 1)
        self._row.addWidget(field)

        def put(value: Any) -> None:
            with QSignalBlocker(slider):
                slider.setValue(round((value - low) / (high - low) * steps))
            field.setText(f"{value:g}{unit}")

        return put


_FIELDS = {f.name: f for f in dataclasses.fields(Settings)}
_HINTS = get_type_hints(Settings)
