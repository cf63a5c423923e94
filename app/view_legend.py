"""`ViewLegend`: what the colours of a debug view say."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from ..render.heat import RAMP
from ..render.inspect import ERROR_LIMIT
from . import theme
from .drawer import Drawer
from .session import Session

MARGIN = 2 * theme.GRID
SIZE = (220, 58)


class ViewLegend(QFrame):
    """Lies in the lower right corner while a debug view has a scale; follows what is drawn."""

    def __init__(self, session: Session, drawer: Drawer, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._session, self._drawer, self._viewport = session, drawer, viewport
        self.ends: tuple[str, str, str] | None = None
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(theme.sized(self.font(), 0.85))
        self.setFixedSize(*SIZE)
        self.hide()
        drawer.changed.connect(self.refresh)
        drawer.drawn.connect(self.refresh, Qt.ConnectionType.QueuedConnection)
        viewport.installEventFilter(self)

    def refresh(self) -> None:
        """Shows the scale of what is on screen, if that has one."""
        drawing = self._drawer.shown.get(0)
        self.ends = None
        if drawing is not None and not self._session.comparison.active:
            shown = drawing.job.request.settings.shown
            # Of a frame on its device it becomes known a little later.
            limit = str(drawing.stats.get("limit", ""))
            self.ends = {
                "overdraw": ("Splats in a pixel", "0", f"{limit} and more" if limit else ""),
                "bins": ("Bins that share a pixel", "0", limit),
                "error": ("Difference to sorted", "0", f"{ERROR_LIMIT} / 255"),
                "depth": ("Depth, by ratios", "far", "near"),
            }.get(shown)
        self.setVisible(self.ends is not None)
        self._place()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays in its corner."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """A title, the ramp, and what its ends are."""
        super().paintEvent(event)
        if self.ends is None:
            return
        title, low, high = self.ends
        painter = QPainter(self)
        ramp = QRectF(12, 26, self.width() - 24, 8)
        gradient = QLinearGradient(ramp.topLeft(), ramp.topRight())
        for k, color in enumerate(RAMP):
            gradient.setColorAt(k / (len(RAMP) - 1), QColor.fromRgbF(*map(float, color)))
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(QRectF(12, 5, ramp.width(), 18), Qt.AlignmentFlag.AlignVCenter, title)
        painter.fillRect(ramp, gradient)
        painter.setPen(QColor(theme.MUTED))
        below = QRectF(12, 37, ramp.width(), 16)
        for align, text in ((Qt.AlignmentFlag.AlignLeft, low), (Qt.AlignmentFlag.AlignRight, high)):
            painter.drawText(below, align | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def _place(self) -> None:
        width, height = self._viewport.width(), self._viewport.height()
        self.move(width - SIZE[0] - MARGIN, height - SIZE[1] - MARGIN)
