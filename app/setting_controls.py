"""`SettingControl`: a setting in a panel, made from its field's metadata, bound both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ..render.settings import FIELDS, Settings, SettingsError
from . import theme
from .setting_inputs import make_input


class SettingControl(QWidget):
    """A caption, the input of one setting, and a button that brings its default back.

    The control follows the setting, whoever changes it, and changes it where the user says so.

    Args:
        settings: what is changed.
        name: a field of `Settings`.
        parent: the widget it lies in.
        defaults: what the setting goes back to.
        lacks: why the setting does nothing now, by its name, or None.

    Signals:
        released: a gesture is over, such as the drag of a slider.
    """

    released = Signal()

    def __init__(
        self,
        settings: Settings,
        name: str,
        parent: QWidget,
        defaults: Settings | None = None,
        lacks: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        super().__init__(parent)
        self.name, self.caption = name, caption_of(name)
        self._settings, self._lacks = settings, lacks
        self._default = getattr(defaults or Settings(), name)
        self._help = FIELDS[name].metadata["help"]
        label = QLabel(self.caption, self)
        label.setProperty("role", "muted")
        self.reset = QToolButton(self)
        self.reset.setIcon(theme.icon("restore"))
        self.reset.setProperty("role", "reset")
        self.reset.setToolTip("Back to the default")
        self.reset.setAccessibleName(f"Reset {self.caption}")
        self.reset.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reset.setFixedSize(18, 16)
        self.reset.clicked.connect(self._reset)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.input = make_input(name, self.caption, self)
        self.input.changed.connect(self._set)
        self.input.released.connect(self.released)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(label, 1)
        head.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.input)
        self.refresh()
        # Held weakly: the control goes with its panel, the settings stay.
        getattr(settings.events, name).connect(self.refresh, max_args=0)

    def refresh(self) -> None:
        """Shows the value, and whether it does anything."""
        value = getattr(self._settings, self.name)
        self.input.put(value)
        self.reset.setVisible(value != self._default)
        reason = self._lacks(self.name)
        self.input.setEnabled(reason is None)
        self.setToolTip(self._help if reason is None else f"{self._help}\n{reason}")

    def matches(self, words: str) -> bool:
        """Whether every word is in the caption, the help, the panel or the group."""
        meta = FIELDS[self.name].metadata
        text = f"{self.caption} {self._help} {meta['panel']} {meta['group']}".casefold()
        return all(word in text for word in words.casefold().split())

    def _set(self, value: Any) -> None:
        try:
            if value != getattr(self._settings, self.name):
                setattr(self._settings, self.name, value)
        except SettingsError:  # out of range
            self.refresh()

    def _reset(self) -> None:
        self.released.emit()  # a step of its own, however soon after another
        self._set(self._default)
        self.released.emit()


def caption_of(name: str) -> str:
    """A setting's name for people: "max_sh_degree" is "Max SH degree"."""
    words = name.replace("_", " ").replace(" sh ", " SH ")
    return words[0].upper() + words[1:]
