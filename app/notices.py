"""`Notices`: the banners over a picture, below each other and never wider than it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from . import theme
from .banner import Banner

MARGIN = 2 * theme.GRID
MOST = 3


class Notices(QObject):
    """Puts banners up and keeps them in their places.

    Args:
        over: the widget that they lie over.

    Attributes:
        banners: those that are up, newest last.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.banners: list[Banner] = []
        over.installEventFilter(self)

    def notify(self, title: str, error: BaseException | str) -> Banner:
        """Puts up a notice; the same one twice stays one, the oldest goes when they are many."""
        banner = Banner(title, error, self._over)
        for other in self.banners:
            if other.text == banner.text:
                banner.deleteLater()
                return other
        if len(self.banners) == MOST:
            self.banners[0].dismiss()
        self.banners.append(banner)
        banner.dismissed.connect(self._forget)
        banner.installEventFilter(self)
        banner.show()
        self.place()
        return banner

    def place(self) -> None:
        """Puts all in their places, over whatever else lies there."""
        width, top = self._over.width(), MARGIN
        for banner in self.banners:
            banner.fit(width - 2 * MARGIN)
            banner.move((width - banner.width()) // 2, top)
            banner.raise_()
            top += banner.height() + theme.GRID

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Places everything anew when the widget below or a banner changes its size."""
        kinds = QEvent.Type
        if event.type() in (kinds.Resize, kinds.Show, kinds.LayoutRequest):
            self.place()
        return False

    def _forget(self, banner: Banner) -> None:
        self.banners.remove(banner)
        self.place()
