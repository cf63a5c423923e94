"""`ComparePanel`: what the picture is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from ..render.renderer import BACKENDS
from . import theme
from .blending_panel import heading
from .captures import PHOTO
from .mode_controls import ModeControls

if TYPE_CHECKING:
    from .docks import Context


class ComparePanel(QWidget):
    """Backend, mode and settings of B, and whether the difference is shown.

    Attributes:
        backends, heat: the list of backends, and the switch of the heat map.
        modes: mode and settings.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session = context.session
        comparison = session.comparison
        self.backends = QComboBox(self)
        for name in BACKENDS:
            self.backends.addItem(f"by {name}", name)
        self.backends.addItem("the photograph", PHOTO)
        self.backends.setAccessibleName("What draws it")
        self.backends.setToolTip("What draws the right side, B")
        self.backends.activated.connect(self._choose)
        self.modes = ModeControls(comparison.settings, self._lacks, self)
        self.modes.released.connect(context.history.end_gesture)
        self.heat = QCheckBox("Show the difference", self)
        self.heat.setToolTip("How far apart the two are, in place of both")
        self.heat.toggled.connect(lambda on: setattr(comparison, "heat", on))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(theme.GRID)
        column.addWidget(heading("Compared with", self))
        column.addWidget(self.backends)
        column.addWidget(self.modes)
        column.addWidget(self.heat)
        column.addStretch(1)
        comparison.changed.connect(self.refresh)
        comparison.look_changed.connect(self.refresh)
        session.modes_changed.connect(self.refresh)
        session.scene_changed.connect(self.refresh)
        session.captures.current_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows what B is; greys out what cannot draw it."""
        comparison = self._session.comparison
        model = cast(QStandardItemModel, self.backends.model())
        summaries = {name: backend.summary for name, backend in BACKENDS.items()}
        summaries[PHOTO] = "The photograph that is looked through"
        for row, (name, summary) in enumerate(summaries.items()):
            reason = self._session.lacks(comparison.settings.mode, name)
            item = model.item(row)
            item.setEnabled(reason is None)
            item.setToolTip(reason or summary)
        self.modes.setVisible(comparison.backend != PHOTO)
        self.backends.setCurrentIndex(self.backends.findData(comparison.backend))
        with QSignalBlocker(self.heat):
            self.heat.setChecked(comparison.heat)
        self.modes.refresh()

    def _lacks(self, mode: str) -> str | None:
        return self._session.lacks(mode, self._session.comparison.backend)

    def _choose(self, row: int) -> None:
        self._session.comparison.backend = self.backends.itemData(row)
