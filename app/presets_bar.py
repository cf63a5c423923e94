"""`PresetsBar`: a button for each built-in preset, and a menu with the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..render.presets import NAMES, PRESETS, SUMMARIES, matching_preset, preset_values
from ..render.settings_file import save_settings
from ..scenes.errors import VoileError
from . import theme
from .user_presets import UserPresets

if TYPE_CHECKING:
    from .docks import Context

_FILTER = "Settings (*.json)"


class PresetsBar(QWidget):
    """Sets many settings at once, as one step of undo; shows which preset the settings are at.

    Attributes:
        buttons: of the built-in presets, by name.
        own: the user's presets.
        words: the preset that the settings are at.
        menu: the user's presets, and what can be done with them.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._settings = context.session.settings
        self.own = UserPresets(context.folder / "presets")
        self.words = QLabel(self)
        self.words.setProperty("role", "muted")
        self.buttons = {name: self._button(name) for name in PRESETS}
        more = QToolButton(self)
        more.setIcon(theme.icon("dots-horizontal"))
        more.setToolTip("Presets of your own")
        more.setAccessibleName("Presets of your own")
        more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(more)
        self.menu.aboutToShow.connect(self.fill_menu)
        more.setMenu(self.menu)
        head = QHBoxLayout()
        head.addWidget(self.words, 1)
        head.addWidget(more)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in self.buttons.values():
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(row)
        self._settings.events.connect(self._mark, max_args=0)
        self.own.changed.connect(self._mark)
        self._mark()

    @property
    def current(self) -> str | None:
        """The preset that the settings are at."""
        return matching_preset(self._settings, self.own.values)

    def apply(self, name: str) -> None:
        """Sets what a preset says, but for what the backend lacks."""
        session = self._context.session
        with self._context.history.together(f"Preset {name}"):
            for key, value in preset_values(name, self.own.values).items():
                if getattr(self._settings, key) != value and not session.refuses(key):
                    setattr(self._settings, key, value)
        self._mark()

    def fill_menu(self) -> None:
        """Fills the menu anew."""
        menu, current = self.menu, self.current
        menu.clear()
        for name in self.own.values:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == current)
            action.triggered.connect(lambda _=False, n=name: self.apply(n))
        menu.addSeparator()
        menu.addAction("Save as…").triggered.connect(self.save)
        for verb, does in (("Rename", self.rename), ("Delete", self.delete)):
            action = menu.addAction(f"{verb} “{current}”…" if self._is_own() else f"{verb}…")
            action.setEnabled(self._is_own())
            action.triggered.connect(does)
        menu.addSeparator()
        menu.addAction("Import…").triggered.connect(self.load)
        menu.addAction("Export…").triggered.connect(self.export)

    def save(self) -> None:
        """Asks for a name and keeps the settings under it."""
        name, ok = QInputDialog.getText(self.window(), "Save preset", "Name")
        if ok:
            self._try("The preset was not saved", lambda: self.own.save(name, self._settings))

    def rename(self) -> None:
        """Asks for another name of the preset that the settings are at."""
        before = self.current
        if before is not None and self._is_own():
            title = f"Rename {before}"
            name, ok = QInputDialog.getText(self.window(), title, "Name", text=before)
            if ok:
                self._try("The preset was not renamed", lambda: self.own.rename(before, name))

    def delete(self) -> None:
        """Forgets the preset that the settings are at; the settings stay."""
        name = self.current
        if name is not None and self._is_own():
            self.own.delete(name)

    def load(self) -> None:
        """Asks for a file of settings, keeps it as a preset and sets it."""
        path = QFileDialog.getOpenFileName(self.window(), "Import settings", "", _FILTER)[0]
        if path:
            self._try("The preset was not imported", lambda: self.apply(self.own.load(Path(path))))

    def export(self) -> None:
        """Asks for a file and writes all settings into it."""
        path = QFileDialog.getSaveFileName(
            self.window(), "Export settings", "settings.json", _FILTER
        )[0]
        if path:
            values = {name: getattr(self._settings, name) for name in NAMES}
            self._try("The settings were not written", lambda: save_settings(values, Path(path)))

    def _is_own(self) -> bool:
        return self.current in self.own.values

    def _try(self, title: str, work) -> None:
        try:
            work()
        except VoileError as error:
            self._context.notify(title, error)

    def _mark(self) -> None:
        current = self.current
        self.words.setText(f"Preset: {current or 'none, settings of your own'}")
        for name, button in self.buttons.items():
            button.setChecked(name == current)

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(name, self)
        button.setProperty("role", "segment")
        button.setCheckable(True)
        button.setToolTip(SUMMARIES[name])
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.apply(name))
        return button
