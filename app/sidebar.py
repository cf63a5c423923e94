"""`Sidebar`: the panels at the right of the picture, in one column that scrolls where it must."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QScrollArea, QVBoxLayout, QWidget

WIDTH = 296


class Sidebar(QDockWidget):
    """Shown while one of its panels is.

    Args:
        window: where it docks.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("Panels", window)
        self.setObjectName("sidebar")
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget(self))  # no title: the panels have theirs
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(WIDTH)
        self.body = QWidget(area)
        self.body.setProperty("role", "sidebar")
        self.body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(1, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        area.setWidget(self.body)
        self.setWidget(area)
        self._panels: list[tuple[QWidget, QFrame]] = []
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        self.hide()

    def add(self, panel: QWidget) -> None:
        """Puts a panel below those there are; it is hidden at first."""
        rule = QFrame(self.body)
        rule.setProperty("role", "rule")
        place = self._column.count() - 1
        self._column.insertWidget(place, rule)
        self._column.insertWidget(place + 1, panel)
        self._panels.append((panel, rule))
        self.show_panel(panel, False)

    def show_panel(self, panel: QWidget, shown: bool) -> None:
        """Shows or hides a panel."""
        panel.setVisible(shown)
        above = False
        for other, rule in self._panels:
            here = not other.isHidden()
            rule.setVisible(here and above)
            above = above or here
        self.setVisible(above)
