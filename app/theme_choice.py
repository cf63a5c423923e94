"""`ThemeChoice`: the theme that is chosen, worn at once; or the desktop's, as that changes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from . import theme

SYSTEM = "system"
CHOICES = (SYSTEM, *theme.THEMES)


def worn(choice: str) -> str:
    """The theme that a choice comes to now."""
    if choice != SYSTEM:
        return choice
    light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
    return "light" if light else "dark"


class ThemeChoice(QObject):
    """Dresses the application by a choice, and again when the desktop's scheme is another.

    Args:
        choice: says which of `CHOICES` it is.
        parent: for as long as it lives.
    """

    def __init__(self, choice: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._choice = choice
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.wear)

    def wear(self) -> None:
        """Puts on what is chosen, where that is not worn yet."""
        name = worn(self._choice())
        if theme.colors() is not theme.THEMES[name]:
            app = QApplication.instance()
            assert isinstance(app, QApplication)
            theme.apply(app, name)
            for widget in QApplication.allWidgets():
                widget.update()  # what paints itself
