"""The lights of the scene: what is all around, and the lamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from .environment_controls import EnvironmentControls
from .lamp_controls import LampsControls
from .settings_panel import Group, SettingsPanel

if TYPE_CHECKING:
    from .docks import Context


class LightPanel(SettingsPanel):
    """The dock Light: the settings of its name, what is all around, and the lamps.

    While it is seen, lamps are marked in the picture.

    Attributes:
        environment: the environment's controls.
        lamps: those of the lamps.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, "Light", parent)
        self._session, self._edits = context.session, context.editing.lights
        around = self.groups["Light", "Environment"]
        self.environment = EnvironmentControls(context, around.content())
        inside = around.content().layout()
        assert isinstance(inside, QVBoxLayout)
        inside.insertWidget(0, self.environment)
        group = Group("Lamps", self)
        self.lamps = LampsControls(context, group.content())
        group.addWidget(self.lamps)
        self.column.insertWidget(self.column.count() - 1, group)
        self._edits.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the lights of the scene."""
        for part in (self.environment, self.lamps):
            part.setEnabled(self._session.opened is not None)
            part.put(self._edits.lights)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops what is at work; the names of what did not end."""
        return self.environment.reader.close(seconds)

    def seen(self, visible: bool) -> None:
        """Has lamps marked while the panel is seen."""
        self._edits.shown = visible
