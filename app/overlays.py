"""`Overlays`: everything that lies over the picture, and where."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QWidget

from . import theme
from .banner import Banner
from .compare_overlay import CompareOverlay
from .comparison import Comparison
from .hud import Hud
from .progress_card import ProgressCard
from .welcome import Welcome

MARGIN = 2 * theme.GRID
MOST_BANNERS = 3


class Overlays(QObject):
    """Children of the viewport, placed by hand: they are few and each has one place.

    Attributes:
        compare: what lies over two pictures.
        hud, loading, preparing, readying, saving, welcome: the overlays; `preparing` shows kernels
            being compiled, `readying` what a mode needs first.
        banners: the notices that are up, newest last.
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
        self.banners: list[Banner] = []
        self._drop = QFrame(viewport)
        self._drop.setProperty("role", "drop")
        self._drop.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._drop.hide()
        self._cards = self.loading, self.preparing, self.readying, self.saving
        for widget in (viewport, self.hud, *self._cards, self.welcome):
            widget.installEventFilter(self)

    def notify(self, title: str, error: BaseException | str) -> Banner:
        """Puts up a notice; the same one twice stays one, the oldest goes when they are many."""
        banner = Banner(title, error, self._viewport)
        for other in self.banners:
            if other.text == banner.text:
                banner.deleteLater()
                return other
        if len(self.banners) == MOST_BANNERS:
            self.banners[0].dismiss()
        self.banners.append(banner)
        banner.dismissed.connect(self._forget)
        banner.installEventFilter(self)
        banner.show()
        self._place()
        return banner

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

    def _forget(self, banner: Banner) -> None:
        self.banners.remove(banner)
        self._place()

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
                card.adjustSize()
                bottom -= card.height()
                # In the middle, unless the window is so narrow that the overlay is there.
                left = max((width - card.width()) // 2, self.hud.width() + 2 * MARGIN)
                card.move(min(left, max(0, width - card.width() - MARGIN)), bottom)
                bottom -= theme.GRID
        top = MARGIN
        for banner in self.banners:
            banner.adjustSize()
            banner.move((width - banner.width()) // 2, top)
            banner.raise_()
            top += banner.height() + theme.GRID
