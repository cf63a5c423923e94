"""`DockTitle`: the strip above a panel that it is dragged by, with its two buttons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from . import theme


class DockTitle(QWidget):
    """Leaves the name out where a tab says it.

    Args:
        dock: whose title it is.
        window: where it docks.
    """

    def __init__(self, dock: QDockWidget, window: QMainWindow) -> None:
        super().__init__(dock)
        self._dock, self._window = dock, window
        self._name = QLabel(dock.windowTitle(), self)
        self._name.setProperty("role", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 3, 6, 0)
        row.setSpacing(2)
        row.addWidget(self._name, 1)
        row.addStretch(0)
        for icon, does, verb in (
            ("dock-window", lambda: dock.setFloating(not dock.isFloating()), "Undock"),
            ("close", dock.close, "Close"),
        ):
            button = QToolButton(self)
            button.setIcon(theme.icon(icon, "FAINT"))
            button.setIconSize(QSize(12, 12))
            button.setFixedSize(20, 18)
            button.setProperty("role", "reset")
            button.setToolTip(f"{verb} this panel")
            button.setAccessibleName(f"{verb} {dock.windowTitle()}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(does)
            row.addWidget(button)

    def refresh(self) -> None:
        """Shows the name, or not."""
        tabbed = bool(self._window.tabifiedDockWidgets(self._dock)) and not self._dock.isFloating()
        self._name.setText("" if tabbed else self._dock.windowTitle())
