"""Buttons with words, and rows of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from . import theme


def text_button(text: str, hint: str, parent: QWidget) -> QPushButton:
    """A button that says what it does; `hint` says more."""
    button = QPushButton(text, parent)
    button.setToolTip(hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def button_row(*widgets: QWidget) -> QHBoxLayout:
    """Widgets beside each other, as wide as each other."""
    row = QHBoxLayout()
    row.setSpacing(theme.GRID)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
