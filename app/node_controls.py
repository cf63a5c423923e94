"""Numbers of the current node: where it stands, and how its colours are changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..scenes.errors import VoileError
from ..scenes.node import Node
from ..scenes.placement import IDENTITY, Placement, from_euler, to_euler
from ..scenes.recolor import NEUTRAL, Recolor
from . import theme
from .editor import Editor
from .history import History
from .setting_inputs import Number
from .typed import narrow, number, put_narrow

_ROWS = ("Position", "Rotation °", "Scale")


class PlaceControls(QWidget):
    """Position, turns about x, y and z, and scale, to be typed.

    Attributes:
        fields: by row and axis; the scale is ("Scale", 0).
        billboard: whether a poster faces the camera; there where the node is one.
    """

    def __init__(self, editor: Editor, history: History, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor, self._history = editor, history
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.fields: dict[tuple[str, int], QLineEdit] = {}
        for line, name in enumerate(_ROWS):
            label = QLabel(name, self)
            label.setProperty("role", "muted")
            grid.addWidget(label, line, 0)
            for axis in range(1 if name == "Scale" else 3):
                field = self.fields[name, axis] = QLineEdit(self)
                field.setAccessibleName(f"{name} {'xyz'[axis]}" if name != "Scale" else name)
                field.setAlignment(Qt.AlignmentFlag.AlignRight)
                field.editingFinished.connect(lambda n=name, a=axis: self._typed(n, a))
                grid.addWidget(field, line, 1 + axis)
        self.billboard = QCheckBox("Face the camera", self)
        self.billboard.setToolTip("A poster turns with the view and stays upright in the picture")
        self.billboard.clicked.connect(self._set_billboard)
        grid.addWidget(self.billboard, len(_ROWS), 0, 1, 4)
        self.reset = _reset_button("Back to where the node was", self)
        self.reset.clicked.connect(lambda: self._put(IDENTITY))
        grid.addWidget(self.reset, 2, 3)
        editor.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the place of the current node."""
        node = self._editor.current
        placement = IDENTITY if node is None else node.edits.placement
        self.setEnabled(node is not None)
        poster = None if node is None else node.poster
        self.billboard.setVisible(poster is not None)
        self.billboard.setChecked(poster is not None and poster.billboard)
        for (name, axis), field in self.fields.items():
            text = narrow(_values(placement, name)[axis])
            if field.text() != text:
                put_narrow(field, text)
        self.reset.setEnabled(placement != IDENTITY)

    def _set_billboard(self, on: bool) -> None:
        if (node := self._editor.current) is not None:
            self._editor.set_billboard(node, on)

    def _typed(self, name: str, axis: int) -> None:
        node = self._editor.current
        if node is None:
            return
        placement, field = node.edits.placement, self.fields[name, axis]
        values = list(_values(placement, name))
        if field.text() == narrow(values[axis]):
            return  # the same as far as it is written: the finer value stays
        try:
            values[axis] = number(field.text())
            x, y, z = (*values, 0.0, 0.0)[:3]
            if name == "Position":
                placement = replace(placement, translation=(x, y, z))
            elif name == "Scale":
                placement = replace(placement, scale=x)
            else:
                placement = replace(placement, rotation=from_euler((x, y, z)))
            self._put(placement)
        except (ValueError, VoileError):
            self.refresh()

    def _put(self, placement: Placement) -> None:
        if (node := self._editor.current) is not None:
            self._history.end_gesture()
            self._editor.place(node, placement)
            self._history.end_gesture()


class ColorControls(QWidget):
    """Sliders of a `Recolor`, live.

    Attributes:
        inputs: by name: exposure, contrast, saturation, red, green, blue.
    """

    def __init__(self, editor: Editor, history: History, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.inputs: dict[str, Number] = {}
        for name, low, high in (
            ("exposure", -4.0, 4.0),
            ("contrast", 0.0, 2.0),
            ("saturation", 0.0, 2.0),
            ("red", 0.0, 2.0),
            ("green", 0.0, 2.0),
            ("blue", 0.0, 2.0),
        ):
            label = QLabel(name.capitalize(), self)
            label.setProperty("role", "muted")
            meta = {"unit": "", "zero": "", "low": low, "high": high}
            value = self.inputs[name] = Number(float, meta, name.capitalize(), self)
            value.changed.connect(lambda v, n=name: self._set(n, v))
            value.released.connect(history.end_gesture)
            column.addWidget(label)
            column.addWidget(value)
        self.reset = _reset_button("Colours as they were read", self)
        self.reset.clicked.connect(self._reset)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        editor.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the colours of the current node."""
        node = self._editor.current
        recolor = NEUTRAL if node is None else node.edits.recolor
        self.setEnabled(node is not None and node.of_splats)
        red, green, blue = recolor.tint
        for name, value in (
            ("exposure", recolor.exposure),
            ("contrast", recolor.contrast),
            ("saturation", recolor.saturation),
            ("red", red),
            ("green", green),
            ("blue", blue),
        ):
            self.inputs[name].put(value)
        self.reset.setEnabled(recolor != NEUTRAL)

    def _set(self, name: str, value: Any) -> None:
        node = self._editor.current
        if node is None:
            return
        recolor = node.edits.recolor
        try:
            if name in ("red", "green", "blue"):
                tint = dict(zip(("red", "green", "blue"), recolor.tint)) | {name: float(value)}
                changed = replace(recolor, tint=tuple(tint.values()))
            else:
                changed = replace(recolor, **{name: float(value)})
            self._put(node, changed)
        except VoileError:
            self.refresh()

    def _reset(self) -> None:
        if (node := self._editor.current) is not None:
            self._put(node, NEUTRAL)

    def _put(self, node: Node, recolor: Recolor) -> None:
        if recolor != node.edits.recolor:
            self._editor.recolor(node, recolor)


def _values(placement: Placement, name: str) -> tuple[float, ...]:
    if name == "Position":
        return placement.translation
    return (placement.scale,) if name == "Scale" else to_euler(placement.rotation)


def _reset_button(hint: str, parent: QWidget) -> QPushButton:
    button = QPushButton("Reset", parent)
    button.setIcon(theme.icon("restore"))
    button.setToolTip(hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setProperty("role", "quiet")
    return button
