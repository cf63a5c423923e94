"""`MainWindow`: puts the parts together. What is shown is in `Session`, who draws in `Viewport`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import QMainWindow

from ..render.renderer import BACKENDS
from ..scenes.errors import VoileError
from ..scenes.scene import BUILTIN
from . import dialogs, preferences
from .about import AboutBox
from .actions import Actions
from .backends import Prepared
from .chart_axes import decibel_text
from .controls import Controls
from .differences import Compared
from .failures import Failures
from .help import HelpBox
from .loading import Loader
from .navigation import UP_AXES
from .overlays import Overlays
from .palette import CommandPalette
from .panels import Panels
from .picture_keeper import PictureKeeper
from .preparing import Preparer
from .recent_menu import RecentMenu
from .session import OpenedScene, Session
from .viewport import Viewport

JOIN_SECONDS = 10.0
"""How long closing waits for a thread that is being cancelled."""

log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """The window.

    Args:
        session: what is shown; the window makes one if none is given.
        preferences_path: where to remember things; None takes the user's own file.
    """

    def __init__(
        self, session: Session | None = None, preferences_path: Path | None = None
    ) -> None:
        super().__init__()
        self.session = session or Session()
        self._preferences_path = preferences_path or preferences.default_path()
        self.preferences = preferences.load(self._preferences_path)
        self.failures = Failures(self)
        self.failures.happened.connect(self._show_fault)
        self.viewport = Viewport(self.session, self)
        self.setCentralWidget(self.viewport)
        self.overlays = Overlays(self.session.comparison, self.viewport)
        self.controls = Controls(self.session.navigator, self.viewport)
        self.actions_ = Actions(self)
        self.actions_.fill_menus(self)
        _, self._up_button, self._backend_button = self.actions_.make_toolbar(self)
        self.panels = Panels(self.session, self.actions_, self.viewport.camera, self)
        self.pictures = PictureKeeper(self.session, self.viewport, self.actions_, self)
        RecentMenu(self.actions_.recent, self.preferences, self.open)
        self.loader = Loader(self)
        self._preparer = Preparer(self)
        self._reasons: dict[str, str] = {}  # why backends cannot run here
        self._waiting: OpenedScene | None = None  # loaded before the kernels were ready
        self.setAcceptDrops(True)
        self.setWindowTitle("Voile")
        self.resize(1280, 800)
        self.restoreGeometry(QByteArray.fromBase64(self.preferences.geometry.encode()))
        self._connect()
        self._show_state()
        self._preparer.start()

    # Opening scenes

    @property
    def loading(self) -> bool:
        """Whether a scene is being loaded or waits for the kernels."""
        return self.loader.task is not None or self._waiting is not None

    def open(self, source: str, weights: Path | None = None) -> None:
        """Loads a scene in a thread as `open_scene` does; one being loaded is cancelled."""
        self._waiting = None
        self.loader.open(source, weights)
        self._show_state()

    def cancel_loading(self) -> None:
        """Gives up the scene that is being loaded; the one that is shown stays."""
        self.loader.cancel()
        self._waiting = None
        self.overlays.loading.hide()
        self._show_state()

    def _loading_failed(self, name: str, error: BaseException) -> None:
        self.overlays.loading.hide()
        self._notify(f"Could not open {name}", error)

    def _loaded(self, opened: OpenedScene) -> None:
        self._waiting = opened
        self.overlays.loading.hide()
        if self.viewport.kernels_ready:
            self._show_waiting()

    def _show_waiting(self) -> None:
        """Shows the scene that is loaded; the one before stays if the GPU refuses it."""
        opened, self._waiting = self._waiting, None
        if opened is None:
            return
        self.overlays.loading.report(1.0, "Handing the scene to the renderer")
        self.overlays.loading.repaint()
        try:
            self.viewport.upload(opened.scene)
        except Exception as error:
            self._notify(f"Could not show {opened.scene.name}", error)
            return
        finally:
            self.overlays.loading.hide()
        self.session.show(opened, self.viewport.aspect)
        if opened.scene.path is not None:
            self.preferences.remember(opened.scene.path)
            self._save_preferences()

    # Getting ready

    def _prepared(self, prepared: Prepared) -> None:
        self.overlays.preparing.hide()
        self._reasons = reasons = prepared.reasons
        if self.session.backend in reasons:
            error = VoileError(f"{reasons[self.session.backend]} The gl backend draws instead.")
            self._notify(f"The {self.session.backend} backend cannot run here", error)
            self.session.backend = "gl"
        modes = {name: frozenset[str]() for name in reasons} | prepared.modes
        if (gl_modes := self.viewport.gl_modes()) is not None:
            modes["gl"] = gl_modes
        self.session.set_modes(modes)
        self.viewport.start_drawing()
        self._show_waiting()

    def _prepare_failed(self, error: BaseException) -> None:
        self.overlays.preparing.hide()
        self._notify("The kernels could not be compiled; nothing can be drawn", error)

    # What the user asks for

    def _connect(self) -> None:
        does = self.actions_
        does.open.triggered.connect(self._ask_file)
        does.open_folder.triggered.connect(self._ask_folder)
        does.builtin.triggered.connect(lambda: self.open(BUILTIN))
        does.quit.triggered.connect(self.close)
        does.frame.triggered.connect(lambda: self.session.navigator.frame(self.viewport.aspect))
        does.reset.triggered.connect(lambda: self.session.reset_view(self.viewport.aspect))
        does.flip.triggered.connect(self.session.navigator.flip)
        does.overlay.triggered.connect(self._set_overlay)
        does.quality.toggled.connect(lambda on: setattr(self.preferences, "quality", on))
        does.full_screen.triggered.connect(self._set_full_screen)
        does.palette.triggered.connect(lambda: CommandPalette(self).open_over(self))
        does.help.triggered.connect(self._show_help)
        does.about.triggered.connect(self._show_about)
        does.dismiss.triggered.connect(self._dismiss)
        for view, action in does.views.items():
            action.triggered.connect(lambda _=False, v=view: self._look_from(v))
        for label, action in does.ups.items():
            action.triggered.connect(lambda _=False, up=UP_AXES[label]: self._set_up(up))
        for name, action in does.backends.items():
            action.triggered.connect(lambda _=False, n=name: setattr(self.session, "backend", n))
        self.loader.progressed.connect(self.overlays.loading.report)
        self.loader.loaded.connect(self._loaded)
        self.loader.failed.connect(self._loading_failed)
        self._preparer.progressed.connect(self.overlays.preparing.report)
        self._preparer.ready.connect(self._prepared)
        self._preparer.failed.connect(self._prepare_failed)
        self.overlays.loading.cancelled.connect(self.cancel_loading)
        self.overlays.welcome.open_asked.connect(self._ask_file)
        self.overlays.welcome.builtin_asked.connect(lambda: self.open(BUILTIN))
        queued = Qt.ConnectionType.QueuedConnection  # sent while painting
        self.viewport.frame_shown.connect(self._frame_shown, queued)
        self.viewport.failed.connect(self._notify, queued)
        self.viewport.compared.connect(self._compared)
        readiness, card = self.viewport.drawer.readiness, self.overlays.readying
        readiness.progressed.connect(card.report)
        readiness.ended.connect(card.hide)
        card.cancelled.connect(readiness.cancel)
        self.pictures.told.connect(self.overlays.notify)
        self.pictures.failed.connect(self._notify)
        self.panels.quality.failed.connect(
            lambda error: self._notify("The frontier could not be measured", error)
        )
        self.panels.quality.weights.told.connect(self.overlays.notify)
        self.panels.quality.weights.failed.connect(self._notify)
        self.session.scene_changed.connect(self._show_state)
        self.session.backend_changed.connect(self._show_state, max_args=0)
        self.session.modes_changed.connect(self._show_backends)
        self.session.settings.events.mode.connect(self._show_backends, max_args=0)  # pyright: ignore
        self.session.comparison.active_changed.connect(self._comparing)
        does.quality.setChecked(self.preferences.quality)
        self.session.navigator.changed.connect(self._show_up)

    def _ask_file(self) -> None:
        if path := dialogs.ask_scene_file(self, self._folder()):
            self.open(path)

    def _ask_folder(self) -> None:
        if path := dialogs.ask_scene_folder(self, self._folder()):
            self.open(path)

    def _look_from(self, view: str) -> None:
        self.session.look_from(view, self.viewport.aspect)

    def _set_up(self, up: tuple[float, float, float]) -> None:
        self.session.navigator.up = up

    def _set_overlay(self, shown: bool) -> None:
        self.preferences.overlay = shown
        self.overlays.hud.setVisible(shown and self.session.opened is not None)

    def _set_full_screen(self, full: bool) -> None:
        if full:
            self.showFullScreen()
        else:
            self.showNormal()

    def _show_help(self) -> None:
        does = self.actions_
        shortcuts = [
            (action.shortcut().toString(), action.text().rstrip("…"))
            for action in (
                *(does.frame, does.reset, does.flip, does.quality, does.compare),
                *(does.overlay, does.save_picture),
            )
        ]
        dialogs.show(HelpBox(shortcuts, self))

    def _show_about(self) -> None:
        dialogs.show(AboutBox(self.viewport.graphics_facts(), self))

    def _dismiss(self) -> None:
        if self.overlays.banners:
            self.overlays.banners[-1].dismiss()

    def _folder(self) -> str:
        recent = self.preferences.recent
        return str(Path(recent[0]).parent) if recent else ""

    # Showing

    def _show_state(self) -> None:
        """Title, empty state, and which actions make sense."""
        opened, does = self.session.opened, self.actions_
        self.setWindowTitle("Voile" if opened is None else f"{opened.scene.name} · Voile")
        self.overlays.welcome.setVisible(opened is None and not self.loading)
        self.overlays.hud.setVisible(opened is not None and self.preferences.overlay)
        does.overlay.setChecked(self.preferences.overlay)
        for action in does.with_scene:
            action.setEnabled(opened is not None)
        self._up_button.setEnabled(opened is not None)
        does.backends[self.session.backend].setChecked(True)
        self._show_backends()
        self._show_up()

    def _show_backends(self) -> None:
        """Which backend draws in which mode, and which others can."""
        mode, backend = self.session.settings.mode, self.session.backend
        for name, action in self.actions_.backends.items():
            reason = self._reasons.get(name) or self.session.lacks(mode, name)
            action.setEnabled(reason is None or name == backend)
            action.setToolTip(f"Not available: {reason}" if reason else BACKENDS[name].summary)
        self._backend_button.setText(f"{backend} · {mode}")
        self._backend_button.setToolTip(BACKENDS[backend].summary)

    def _show_up(self) -> None:
        label = nearest_axis(self.session.navigator.up)
        text = f"{label} up"
        if self._up_button.text() != text:
            self._up_button.setText(text)
            self.actions_.ups[label].setChecked(True)

    def _frame_shown(self, facts: Any, drawing: bool) -> None:
        if 0 in facts:
            self.overlays.hud.show_facts(facts[0], drawing=drawing)
        self.overlays.compare.show_facts(facts)

    def _compared(self, compared: Compared) -> None:
        largest = f"largest error {compared.max_error:.0f} / 255"
        self.overlays.hud.show_difference(f"{decibel_text(compared.psnr)}, {largest}")
        self.overlays.compare.show_compared(compared)

    def _comparing(self, active: bool) -> None:
        if not active:
            self.overlays.hud.show_difference(None)

    def _show_fault(self, error: BaseException) -> None:
        self._notify("Something went wrong", error)

    def _notify(self, title: str, error: BaseException) -> None:
        if not isinstance(error, VoileError):
            log.error(title, exc_info=error)
        self.overlays.notify(title, error)
        self._show_state()

    # Drag and drop, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes local files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.overlays.show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The drag went elsewhere."""
        self.overlays.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped; of several, the first."""
        self.overlays.show_drop(False)
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open(paths[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancels and joins every thread, frees the GPU, remembers the window's place."""
        self._waiting = None
        names = self.loader.close(JOIN_SECONDS) + self._preparer.close(JOIN_SECONDS)
        names += self.panels.close(JOIN_SECONDS)
        if not self.viewport.shut_down(JOIN_SECONDS):
            names.append("drawing")
        for name in names:
            log.warning("closing without waiting longer for: %s", name)
        self.preferences.geometry = self.saveGeometry().toBase64().toStdString()
        self._save_preferences()
        self.failures.close()
        event.accept()

    def _save_preferences(self) -> None:
        preferences.save(self.preferences, self._preferences_path)


def nearest_axis(up: Any) -> str:
    """Label of the axis that an up vector (3,) is nearest to."""
    return max(UP_AXES, key=lambda label: sum(a * b for a, b in zip(UP_AXES[label], up)))
