"""The dock Scene: what is open, and what it is shown on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from . import theme
from .commands.console import KINDS, size_text
from .node_list import NodeList
from .opened import OpenedScene
from .session import Session
from .settings_panel import Group, SettingsPanel

if TYPE_CHECKING:
    from .docks import Context

ROWS = ("Name", "File", "Splats", "Harmonics", "Trained", "Size", "Memory", "Weights")


class SceneFactsTable(QWidget):
    """A few facts about the scene that is open."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, QLabel] = {}
        for row, name in enumerate(ROWS):
            caption, value = QLabel(name, self), QLabel(self)
            caption.setProperty("role", "muted")
            value.setFont(theme.sized(self.font(), 1.0))
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(caption, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name] = value
        session.scene_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the scene of the session."""
        opened = self._session.opened
        facts = {} if opened is None else facts_of_opened(opened)
        for name, label in self.values.items():
            text = facts.get(name, "–")
            label.setToolTip(text)
            room = label.fontMetrics()
            label.setText(room.elidedText(text, Qt.TextElideMode.ElideMiddle, 190))


def facts_of_opened(opened: OpenedScene) -> dict[str, str]:
    """What `ROWS` say of a scene."""
    splats = opened.scene.splats
    columns = (splats.means, splats.quats, splats.scales, splats.opacities, splats.sh)
    weights = [part for part in ("fitted", "learned") if getattr(splats, part) is not None]
    kind = KINDS[splats.kind]
    return {
        "Name": opened.scene.name,
        "File": str(opened.scene.path or "made by Voile"),
        "Splats": f"{len(splats):,} {kind}",
        "Harmonics": f"degree {splats.sh_degree}",
        "Trained": "with a mip filter" if splats.antialiased else "without a mip filter",
        "Size": f"{2 * opened.radius:.4g} units across",
        "Memory": size_text(sum(np.asarray(column).nbytes for column in columns)),
        "Weights": " and ".join(weights) or "none",
    }


class ScenePanel(SettingsPanel):
    """The dock Scene.

    Attributes:
        facts: the table of facts.
        nodes: the list of nodes.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, "Scene", parent)
        listed = Group("Nodes", self)
        add = context.actions.add.trigger
        self.nodes = NodeList(context.editing.editor, add, listed.content())
        listed.addWidget(self.nodes)
        group = Group("Facts", self)
        self.facts = SceneFactsTable(context.session, group.content())
        group.addWidget(self.facts)
        self.column.insertWidget(0, listed)
        self.column.insertWidget(1, group)
