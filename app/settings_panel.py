"""`SettingsPanel`: the settings of one panel of the tree, in groups that fold, with a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from superqt import QCollapsible

from ..render.settings import tree
from . import theme
from .presets_bar import PresetsBar
from .setting_controls import SettingControl

if TYPE_CHECKING:
    from .docks import Context


class Group(QCollapsible):
    """A heading that folds what is below it."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setDuration(0)
        self.setCollapsedIcon(theme.icon("chevron-right"))
        self.setExpandedIcon(theme.icon("chevron-down"))
        button = self.toggleButton()
        button.setProperty("role", "group")
        button.setFont(theme.sized(self.font(), 1.0, QFont.Weight.DemiBold))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(f"{title}, fold or unfold")
        outside, inside = self.layout(), self.content().layout()
        assert outside is not None
        assert inside is not None
        outside.setContentsMargins(0, 0, 0, 0)
        inside.setContentsMargins(0, 2, 0, 6)
        inside.setSpacing(10)
        self.expand(animate=False)


class SettingsPanel(QWidget):
    """Groups of controls. While something is searched, the settings of all panels are found.

    Args:
        context: what panels may use.
        panel: of `settings.tree()`.
        parent: the widget it lies in.
        search: whether there is a field to search all settings by.
        head: stands above the groups.

    Attributes:
        controls: by name of the setting; with a search those of all panels.
        groups: by (panel, group).
    """

    def __init__(
        self,
        context: Context,
        panel: str,
        parent: QWidget,
        *,
        search: bool = False,
        head: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._head = head
        self.controls: dict[str, SettingControl] = {}
        self.groups: dict[tuple[str, str], Group] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 10, 14, 14)
        self.column.setSpacing(theme.GRID)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search all settings")
        self.search.setAccessibleName("Search all settings")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self.show_matches)
        self.search.setVisible(search)
        self.column.addWidget(self.search)
        if head is not None:
            head.setParent(self)
            self.column.addWidget(head)
        self.nothing = QLabel("No setting is called that.", self)
        self.nothing.setProperty("role", "muted")
        self.nothing.hide()
        self.column.addWidget(self.nothing)
        for name, groups in tree().items():
            if search or name == panel:
                for group, fields in groups.items():
                    self._add(context, name, group, fields)
        self.column.addStretch(1)
        session = context.session
        session.backend_changed.connect(self._refresh, max_args=0)
        session.modes_changed.connect(self._refresh)
        self.show_matches("")

    def show_matches(self, words: str) -> None:
        """Shows the settings that match; without words those of the panel."""
        words = words.strip()
        found = 0
        for (panel, title), group in self.groups.items():
            shown = 0
            for name in tree()[panel][title]:
                control = self.controls[name]
                matches = control.matches(words) if words else panel == self._panel
                control.setVisible(matches)
                shown += matches
            group.setVisible(shown > 0)
            group.setText(title if panel == self._panel else f"{panel} · {title}")
            if words and shown:
                group.expand(animate=False)
            found += shown
        self.nothing.setVisible(not found)
        if self._head is not None:
            self._head.setVisible(not words)

    def _add(self, context: Context, panel: str, title: str, names: list[str]) -> None:
        group = self.groups[panel, title] = Group(title, self)
        session = context.session
        for name in names:
            control = SettingControl(
                session.settings, name, group.content(), session.defaults, session.idle
            )
            control.released.connect(context.history.end_gesture)
            self.controls[name] = control
            group.addWidget(control)
        self.column.addWidget(group)

    def _refresh(self) -> None:
        for control in self.controls.values():
            control.refresh()


def make_quality(context: Context, parent: QWidget) -> SettingsPanel:
    """The dock Quality: presets, and what costs time."""
    head = PresetsBar(context, parent)
    return SettingsPanel(context, "Quality", parent, search=True, head=head)
