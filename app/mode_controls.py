"""`ModeControls`: choosing a blending mode, and the settings that only this mode reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ..render.modes import MODES
from ..render.settings import Settings
from . import theme
from .setting_controls import SettingControl
from .setting_inputs import still


class ModeControls(QWidget):
    """A list of the modes, what the chosen one is, and its controls.

    Args:
        settings: whose mode is shown and changed.
        lacks: why a mode cannot be chosen, by its name, or None.
        parent: the widget it lies in.

    Signals:
        released: a gesture is over, such as the drag of a slider.

    Attributes:
        box: the list of modes.
        controls: the controls of all modes by setting; those of other modes are hidden.
    """

    released = Signal()

    def __init__(
        self, settings: Settings, lacks: Callable[[str], str | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._lacks = lacks
        self.box = QComboBox(self)
        self.box.setAccessibleName("Blending mode")
        still(self.box)
        for name in MODES:
            self.box.addItem(name.capitalize(), name)
        self.box.activated.connect(self._choose)
        self._summary = QLabel(self)
        self._summary.setProperty("role", "muted")
        self._summary.setWordWrap(True)
        self._summary.setFont(theme.sized(self.font(), 0.9))
        self._summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.box)
        column.addWidget(self._summary)
        names = dict.fromkeys(name for mode in MODES.values() for name in mode.settings)
        self.controls = {name: SettingControl(settings, name, self) for name in names}
        for control in self.controls.values():
            control.released.connect(self.released)
            column.addWidget(control)
        settings.events.mode.connect(self.refresh, max_args=0)  # pyright: ignore
        self.refresh()

    def refresh(self) -> None:
        """Shows the mode at hand, and greys out those that cannot be chosen."""
        mode = self._settings.mode
        model = cast(QStandardItemModel, self.box.model())
        for row, name in enumerate(MODES):
            reason = self._lacks(name)
            item = model.item(row)
            item.setEnabled(reason is None)
            item.setToolTip(reason or MODES[name].summary)
        self.box.setCurrentIndex(self.box.findData(mode))
        reason = self._lacks(mode)
        known = MODES.get(mode)
        self._summary.setText(reason or (known.summary if known else ""))
        own = known.settings if known else ()
        for name, control in self.controls.items():
            control.setVisible(name in own)

    def _choose(self, row: int) -> None:
        name: Any = self.box.itemData(row, Qt.ItemDataRole.UserRole)
        if name != self._settings.mode:
            self._settings.mode = name
            self.released.emit()
