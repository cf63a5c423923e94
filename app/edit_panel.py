"""The dock Edit: tools, selecting by attribute, what can be done to splats, place and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..render.selecting import HOWS, by_color, by_material, by_opacity, by_size, warm_unhidden
from ..scenes.splats import Splats
from . import theme, wearing
from .edit_tools import LAMPS
from .node_controls import ColorControls, PlaceControls
from .setting_inputs import Choice, Number, Segments, Swatch
from .settings_panel import Group
from .tasks import Tasks

if TYPE_CHECKING:
    from .docks import Context

ATTRIBUTES = ("opacity", "size", "colour", "material")

_HINTS = {"opacity": "0 to 1", "size": "standard deviation as a share of the scene's radius"}
_SMALLEST = 1e-4  # at which the slider for sizes begins


class EditPanel(QWidget):
    """The dock Edit.

    Attributes:
        buttons: by name of the tool.
        how, visible, attribute: what is selected, and how.
        place, colors: numbers of the current node.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._tasks = context, Tasks(self)
        self._tasks.failed.connect(lambda e: context.notify("Kernels could not be compiled", e))
        self._editor, self._tools = context.editing.editor, context.editing.tools
        does = context.editing.actions
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(theme.GRID)
        grid = QGridLayout()
        grid.setSpacing(4)
        self.buttons: dict[str, QToolButton] = {}
        tools = [(name, action) for name, action in does.tools.items() if name != LAMPS]
        for place, (name, action) in enumerate(tools):
            self.buttons[name] = button = _tool_button(action, self)
            grid.addWidget(button, place // 4, place % 4)
        column.addLayout(grid)

        group = Group("Select", self)
        self.how = Segments(HOWS, "Selection", group.content())
        self.how.put(self._tools.how)
        self.how.changed.connect(self._set_how)
        self.how.setToolTip("Shift adds, Ctrl takes away, both together intersect")
        group.addWidget(self.how)
        self.visible = QCheckBox("Only what is not hidden behind others", group.content())
        self.visible.setToolTip("What others cover in this view is not selected")
        self.visible.toggled.connect(self._set_visible)
        group.addWidget(self.visible)
        self.count = QLabel(group.content())
        self.count.setProperty("role", "muted")
        group.addWidget(self.count)
        group.addWidget(_row([_push(a, self) for a in does.selecting], group.content()))
        column.addWidget(group)

        group = Group("Select by attribute", self)
        self.attribute = AttributeControls(self._select_by, group.content())
        group.addWidget(self.attribute)
        column.addWidget(group)

        group = Group("Splats", self)
        for part in (does.splats[:3], does.splats[3:5], does.splats[5:]):
            group.addWidget(_row([_push(a, self) for a in part], group.content()))
        column.addWidget(group)

        group = Group("Place", self)
        self.place = PlaceControls(self._editor, context.history, group.content())
        group.addWidget(self.place)
        column.addWidget(group)
        group = Group("Colours", self)
        self.colors = ColorControls(self._editor, context.history, group.content())
        group.addWidget(self.colors)
        column.addWidget(group)
        column.addStretch(1)
        self._editor.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows how much is selected, and the size that splats have."""
        nodes = self._editor.nodes
        left = sum(node.remaining for node in nodes)
        self.count.setText(f"{self._editor.selected:,} of {left:,} splats")
        opened = self._context.session.opened
        self.attribute.setEnabled(opened is not None)
        if opened is not None:
            self.attribute.set_radius(opened.radius)
            materials = opened.scene.dress.materials
            self.attribute.set_materials([wearing.caption(each.name) for each in materials])

    def _set_how(self, how: Any) -> None:
        self._tools.how = how
        self.how.put(how)

    def close_tasks(self, seconds: float) -> list[str]:
        """Waits for kernels that are being compiled; names of what did not end."""
        return self._tasks.close(seconds)

    def _set_visible(self, only: bool) -> None:
        self._editor.only_visible = only
        if only:  # the first time takes seconds, which a drag that selects should not
            self._tasks.run("compiling kernels", warm_unhidden)

    def _select_by(self, find: Callable[[Splats], Any], text: str) -> None:
        self._editor.select(find, self._tools.how, self._context.viewport.camera(), text=text)


class AttributeControls(QWidget):
    """A range of an attribute, or a colour, and a button that selects what has it.

    Args:
        select: given what finds the splats, and the text of the step.
        parent: the widget it lies in.
    """

    def __init__(
        self, select: Callable[[Callable[[Splats], Any], str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._select = select
        self._values: dict[str, tuple[float, float]] = {"opacity": (0.0, 0.1), "size": (0.1, 1.0)}
        self._color: tuple[float, float, float] = (0.5, 0.5, 0.5)
        self._distance = 0.15
        self._materials = (wearing.CAPTURED,)
        self._material = wearing.CAPTURED
        self._name = "opacity"
        self._radius = 1.0
        self.kind = Choice(ATTRIBUTES, "Attribute", self)
        self.kind.changed.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.kind)
        self._rows: dict[str, list[QWidget]] = {name: [] for name in ATTRIBUTES}
        share = {"unit": "", "zero": "", "low": 0.0, "high": 1.0}
        self.ends: dict[tuple[str, int], Number] = {}
        for name, low in (("opacity", 0.0), ("size", _SMALLEST)):
            for end, caption in enumerate(("From", "To")):
                value = Number(float, share | {"low": low}, f"{name.capitalize()} {caption}", self)
                value.setToolTip(f"{caption}, {_HINTS[name]}")
                value.changed.connect(lambda v, n=name, e=end: self._set(n, e, v))
                self.ends[name, end] = value
                self._add(column, name, caption, value)
        self.color = Swatch("Colour", self)
        self.color.changed.connect(self._set_color)
        self._add(column, "colour", "", self.color)
        self.distance = Number(float, share, "Distance", self)
        self.distance.setToolTip("How far a colour may be from it, Euclidean, channels 0 to 1")
        self.distance.changed.connect(self._set_distance)
        self._add(column, "colour", "Distance", self.distance)
        self.material = Choice((wearing.CAPTURED,), "Material", self)
        self.material.changed.connect(self._set_material)
        self._add(column, "material", "", self.material)
        self.button = QPushButton("Select", self)
        self.button.setToolTip("Selects every splat that is so")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self.select)
        column.addWidget(self.button)
        self._show("opacity")

    def set_radius(self, radius: float) -> None:
        """The scene's radius, which sizes are relative to."""
        self._radius = radius

    def set_materials(self, names: Sequence[str]) -> None:
        """What the scene's splats wear, in the order of its numbers."""
        self._materials = (wearing.CAPTURED, *names)
        self.material.offer(self._materials)
        if self._material not in self._materials:
            self._material = wearing.CAPTURED
        self.material.put(self._material)

    def select(self) -> None:
        """Selects what has the attribute."""
        name, radius = self._name, self._radius
        if name == "material":
            row = self._materials.index(self._material) - 1
            self._select(lambda s: by_material(s, row), f"Select {self._material}")
            return
        if name == "colour":
            color, distance = self._color, self._distance
            self._select(lambda s: by_color(s, color, distance), "Select by colour")
            return
        low, high = self._values[name]
        if name == "opacity":
            self._select(lambda s: by_opacity(s, low, high), "Select by opacity")
        else:
            # The ends of the slider are open: a splat may be larger than any slider says.
            first = 0.0 if low <= _SMALLEST else low * radius
            last = np.inf if high >= 1.0 else high * radius
            self._select(lambda s: by_size(s, first, last), "Select by size")

    def _add(self, column: QVBoxLayout, name: str, caption: str, widget: QWidget) -> None:
        if caption:
            label = QLabel(caption, self)
            label.setProperty("role", "muted")
            column.addWidget(label)
            self._rows[name].append(label)
        column.addWidget(widget)
        self._rows[name].append(widget)

    def _show(self, name: str) -> None:
        self._name = name
        self.kind.put(name)
        for each, widgets in self._rows.items():
            for widget in widgets:
                widget.setVisible(each == name)
        for (each, end), value in self.ends.items():
            value.put(self._values[each][end])
        self.color.put(self._color)
        self.distance.put(self._distance)

    def _set(self, name: str, end: int, value: float) -> None:
        low, high = self._values[name]
        self._values[name] = (value, max(high, value)) if end == 0 else (min(low, value), value)
        self._show(name)

    def _set_distance(self, value: float) -> None:
        self._distance = value
        self.distance.put(value)

    def _set_material(self, name: str) -> None:
        self._material = name
        self.material.put(name)

    def _set_color(self, value: Any) -> None:
        self._color = value
        self.color.put(value)


def _tool_button(action: QAction, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setAccessibleName(f"Tool {action.text()}")
    policy = button.sizePolicy()
    policy.setHorizontalPolicy(policy.Policy.Expanding)
    button.setSizePolicy(policy)
    return button


def _push(action: QAction, parent: QWidget) -> QPushButton:
    """A button that is an action."""
    words = action.text().removesuffix(" selection").removeprefix("Select ").capitalize()
    button = QPushButton(words, parent)
    button.setAccessibleName(action.text())
    button.setToolTip(action.toolTip())
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setProperty("role", "segment")
    button.clicked.connect(lambda: action.trigger())
    button.setEnabled(action.isEnabled())
    action.enabledChanged.connect(button.setEnabled)
    return button


def _row(widgets: list[QPushButton], parent: QWidget) -> QWidget:
    box = QWidget(parent)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 1)
    return box
