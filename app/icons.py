"""Icons in the colours in use: drawn when they are shown, so that they follow the theme."""

from __future__ import annotations

from collections.abc import Callable

import qtawesome
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget


class Sign(QWidget):
    """An icon that stands alone, `size` device-independent pixels high."""

    def __init__(self, shown: QIcon, size: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = shown
        self.setFixedHeight(size)
        self.setMinimumWidth(size)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws it in the middle."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect(), Qt.AlignmentFlag.AlignCenter)
        painter.end()


class Engine(QIconEngine):
    """Asks for the colours each time it draws; qtawesome keeps those that it was made with.

    Args:
        name: of Material Design Icons.
        role: which of the colours.
        colors: says which are in use; the same object as long as they are the same.
    """

    def __init__(self, name: str, role: str, colors: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._name, self._role, self._colors = name, role, colors
        self._made: tuple[dict[str, str], QIcon] | None = None

    def _icon(self) -> QIcon:
        colors = self._colors()
        if self._made is None or self._made[0] is not colors:
            shown = qtawesome.icon(
                f"mdi6.{self._name}",
                color=colors[self._role],
                color_active=colors["TEXT"],
                color_disabled=colors["FAINT"],
            )
            self._made = colors, shown
        return self._made[1]

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draws it, where there is room for it."""
        if not rect.isEmpty():
            self._icon().paint(painter, rect, Qt.AlignmentFlag.AlignCenter, mode, state)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """A picture of it, of `size` physical pixels."""
        if size.isEmpty():
            return QPixmap()
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Another one."""
        return Engine(self._name, self._role, self._colors)
