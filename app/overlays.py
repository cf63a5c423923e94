"""`Overlays`: everything that lies over the picture, and where."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QWidget

from . import theme
from .banner import Banner
from .compare_overlay import CompareOverlay
from .comparison import Comparison
from .hud import Hud
from .notices import MARGIN, Notices
from .progress_card import WIDTH as CARD
from .progress_card import ProgressCard
from .welcome import Welcome


class Overlays(QObject):
    """Children of the viewport, placed by hand: they are few and each has one place.

    Attributes:
        compare: what lies over two pictures.
        hud, loading, preparing, readying, saving, welcome: the overlays; `preparing` shows kernels
            being compiled, `readying` what a mode needs first.
        notices: what is told at the top.
    """

    def __init__(self, comparison: Comparison, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.compare = CompareOverlay(comparison, viewport)
        self.hud = Hud(viewport)
        self.hud.hide()
        self.welcome = Welcome(viewport)
        self.loading = ProgressCard(viewport)
        self.preparing = ProgressCard(viewport, can_cancel=False)
        self.readying = ProgressCard(viewport)
        self.saving = ProgressCard(viewport)
        self.notices = Notices(viewport)
        self._drop = QFrame(viewport)
        self._drop.setProperty("role", "drop")
        self._drop.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._drop.hide()
        self._cards = self.loading, self.preparing, self.readying, self.saving
        for widget in (viewport, self.hud, *self._cards, self.welcome):
            widget.installEventFilter(self)

    @property
    def banners(self) -> list[Banner]:
        """The notices that are up, newest last."""
        return self.notices.banners

    def notify(self, title: str, error: BaseException | str) -> Banner:
        """Puts up a notice, as `Notices.notify` does."""
        return self.notices.notify(title, error)

    def show_drop(self, visible: bool) -> None:
        """Outlines the picture while a scene is dragged over it."""
        self._drop.setVisible(visible)
        self._drop.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Places everything anew when the viewport or an overlay changes its size."""
        kinds = QEvent.Type
        if event.type() in (kinds.Resize, kinds.Show, kinds.Hide, kinds.LayoutRequest):
            self._place()
        return False

    def _place(self) -> None:
        width, height = self._viewport.width(), self._viewport.height()
        self.compare.place()
        self._drop.setGeometry(MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN)
        self.hud.adjustSize()
        self.hud.move(MARGIN, height - self.hud.height() - MARGIN)
        self.welcome.adjustSize()
        self.welcome.move(
            (width - self.welcome.width()) // 2, (height - self.welcome.height()) // 2
        )
        bottom = height - MARGIN
        for card in self._cards:
            if card.isVisible():
                card.setFixedWidth(min(CARD, width - 2 * MARGIN))
                card.adjustSize()
                # In the middle, else beside the overlay, else above it.
                left = (width - card.width()) // 2
                if self.hud.isVisible():
                    beside = self.hud.geometry().right() + MARGIN
                    if beside + card.width() + MARGIN <= width:
                        left = max(left, beside)
                    else:
                        bottom = min(bottom, self.hud.y() - theme.GRID)
                bottom -= card.height()
                card.move(left, bottom)
                bottom -= theme.GRID
        self.notices.place()  # over the cards
