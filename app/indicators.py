"""`Indicators`: keeps title, buttons, menus and overlays as the session is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QToolButton

from ..render.renderer import BACKENDS
from .actions import Actions
from .chart_axes import decibel_text
from .differences import Compared
from .navigation import UP_AXES
from .overlays import Overlays
from .preferences import Preferences
from .session import Session


class Indicators(QObject):
    """Shows what is, and which actions make sense.

    Args:
        session: what is shown.
        actions, overlays, preferences: of the window.
        buttons: of the toolbar: which way is up, which backend draws.
        loading: whether a scene is on its way.
        window: whose title it is.

    Attributes:
        reasons: why backends cannot run here, by name.
    """

    def __init__(
        self,
        session: Session,
        actions: Actions,
        overlays: Overlays,
        preferences: Preferences,
        buttons: tuple[QToolButton, QToolButton],
        loading: Callable[[], bool],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._session, self._actions, self._overlays = session, actions, overlays
        self._preferences, self._loading, self._window = preferences, loading, window
        self.up_button, self.backend_button = buttons
        self.reasons: dict[str, str] = {}
        session.scene_changed.connect(self.refresh)
        session.backend_changed.connect(self.refresh, max_args=0)
        session.modes_changed.connect(self._show_backends)
        session.settings.events.mode.connect(self._show_backends, max_args=0)  # pyright: ignore
        session.navigator.changed.connect(self._show_up)
        session.comparison.active_changed.connect(self._comparing)

    def refresh(self) -> None:
        """Title, empty state, and which actions make sense."""
        opened, does, overlays = self._session.opened, self._actions, self._overlays
        self._window.setWindowTitle("Voile" if opened is None else f"{opened.scene.name} · Voile")
        overlays.welcome.setVisible(opened is None and not self._loading())
        overlays.hud.setVisible(opened is not None and self._preferences.overlay)
        does.overlay.setChecked(self._preferences.overlay)
        for action in does.with_scene:
            action.setEnabled(opened is not None)
        self.up_button.setEnabled(opened is not None)
        does.backends[self._session.backend].setChecked(True)
        self._show_backends()
        self._show_up()

    def show_frame(self, facts: Any, drawing: bool) -> None:
        """What the overlays say of the frame on screen, by side."""
        if 0 in facts:
            self._overlays.hud.show_facts(facts[0], drawing=drawing)
        self._overlays.compare.show_facts(facts)

    def show_compared(self, compared: Compared) -> None:
        """How the two sides differ."""
        largest = f"largest error {compared.max_error:.0f} / 255"
        self._overlays.hud.show_difference(f"{decibel_text(compared.psnr)}, {largest}")
        self._overlays.compare.show_compared(compared)

    def _show_backends(self) -> None:
        """Which backend draws in which mode, and which others can."""
        mode, backend = self._session.settings.mode, self._session.backend
        for name, action in self._actions.backends.items():
            reason = self.reasons.get(name) or self._session.lacks(mode, name)
            action.setEnabled(reason is None or name == backend)
            action.setToolTip(f"Not available: {reason}" if reason else BACKENDS[name].summary)
        self.backend_button.setText(f"{backend} · {mode}")
        self.backend_button.setToolTip(BACKENDS[backend].summary)

    def _show_up(self) -> None:
        label = nearest_axis(self._session.navigator.up)
        text = f"{label} up"
        if self.up_button.text() != text:
            self.up_button.setText(text)
            self._actions.ups[label].setChecked(True)

    def _comparing(self, active: bool) -> None:
        if not active:
            self._overlays.hud.show_difference(None)


def nearest_axis(up: Any) -> str:
    """Label of the axis that an up vector (3,) is nearest to."""
    return max(UP_AXES, key=lambda label: sum(a * b for a, b in zip(UP_AXES[label], up)))
