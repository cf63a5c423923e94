"""`MainWindow`: puts the parts together. What is shown is in `Session`, who draws in `Viewport`."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QPointF, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from .. import shaders
from ..render.renderer import BackendFailed
from ..scenes.builtin import BUILTIN, MATERIALS
from ..scenes.errors import VoileError
from ..scenes.io.vis import is_image
from . import dialogs, keeper, preferences, theme
from .about import AboutBox
from .actions import Actions
from .backends import Prepared
from .camera_text import CameraText
from .comparing import Comparing
from .controls import Controls
from .docks import Context, Docks
from .dropped import Dropped
from .drops import Drops
from .edit_tools import LAMPS
from .editing import Editing
from .failures import Failures
from .frusta import Frusta
from .help import HelpBox
from .history import History
from .image_windows import ImageWindows
from .indicators import Indicators
from .keeper import Keeper
from .navigation import UP_AXES
from .opened import OpenedScene
from .opening import Opening
from .overlays import Overlays
from .palette import CommandPalette, commands
from .picture_keeper import PictureKeeper
from .preparing import Preparer
from .recent_menu import RecentMenu
from .session import Session
from .shader_watch import ShaderWatch
from .standin import StandIn
from .theme_choice import ThemeChoice
from .view_legend import ViewLegend
from .viewport import Viewport

JOIN_SECONDS = 10.0
"""How long closing waits for threads that are being cancelled."""

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
        self.failures.happened.connect(lambda e: self._notify("Something went wrong", e))
        self.viewport = Viewport(self.session, self)
        self.setCentralWidget(self.viewport)
        self.frusta = Frusta(self.session, self.viewport)  # below all other overlays
        self.overlays = Overlays(self.session.comparison, self.viewport)
        self.legend = ViewLegend(self.session, self.viewport.drawer, self.viewport)
        ShaderWatch(shaders.folder(), self.viewport.reload_shaders, self)
        self.controls = Controls(self.session.navigator, self.session.settings, self.viewport)
        self.history = History(self.session, self)
        self.actions_ = Actions(self)
        self.editing = Editing(self.session, self.history, self.actions_, self.viewport)
        bar, up, backend = self.actions_.make_toolbar(self)
        self.indicators = Indicators(
            *(self.session, self.actions_, self.overlays, self.preferences),
            *((up, backend), lambda: self.loading, self),
        )
        folder = self._preferences_path.parent
        self.docks = Docks(
            Context(
                *(self.session, self.actions_, self.history, self.viewport),
                *(self.editing, self._notify, folder),
            ),
            self,
        )
        self.actions_.fill_menus(self, self.docks.actions, self.history.stack)
        self.editing.actions.fill(self.actions_.edit_menu)
        edit = self.docks.docks["edit"].toggleViewAction()
        edit.setIcon(theme.icon("pencil-outline"))
        bar.insertAction(self.actions_.compare, edit)
        self.comparing = Comparing(self.session, self.docks, self)
        self.controls.clicked.connect(self._clicked)
        self.pictures = PictureKeeper(self.session, self.viewport, self.actions_, self)
        CameraText(self.session, self.viewport, self.actions_, self.history, self._notify)
        RecentMenu(self.actions_.recent, self.preferences, self.open_any)
        self._leaving = False  # whether the window closes when a file is saved
        self.keeper = Keeper(self.session, self.actions_, keeper.autosave_folder(), self)
        self.images = ImageWindows(self)
        self.opening = Opening(
            *(self.session, self.viewport, self.overlays, self.keeper, self.editing),
            *(self.images, self.preferences, self),
        )
        self.dropped = Dropped(
            *(self.session, self.docks, self.history, self.opening, self.editing, self.keeper),
            *(self._notify, self),
        )
        Drops(self, self.overlays.show_drop, self.dropped.open)
        self.stand_in = StandIn(self.session, self)
        self._preparer = Preparer(self)
        self.theme = ThemeChoice(lambda: self.preferences.theme, self)
        self.setWindowTitle("Voile")
        self.resize(1280, 800)
        self.restoreGeometry(QByteArray.fromBase64(self.preferences.geometry.encode()))
        self.docks.restore(self.preferences.docks)
        self.docks.show("compare", False)
        self._connect()
        self.indicators.refresh()
        self._preparer.start()

    # Opening scenes

    @property
    def loading(self) -> bool:
        """Whether a scene is being loaded or waits for the kernels."""
        return self.opening.loading

    def open(
        self,
        source: str,
        weights: Path | None = None,
        meshes: Sequence[Path] = (),
        material: str | None = None,
    ) -> None:
        """Opens a scene; see `Opening.open`."""
        self.opening.open(source, weights, meshes, material)

    def open_any(self, path: str) -> None:
        """Opens a scene, or what goes with the one that is shown: cameras, a path, weights, ..."""
        self.dropped.open([Path(path)])

    def _scene_shown(self, opened: OpenedScene) -> None:
        if opened.scene.path is not None:
            self.preferences.remember(opened.scene.path)
            self._save_preferences()

    # Getting ready

    def _prepared(self, prepared: Prepared) -> None:
        self.overlays.preparing.hide()
        self.indicators.reasons = reasons = prepared.reasons
        if self.session.backend in reasons:
            self._fall_back("cannot run here", reasons[self.session.backend])
        modes = {name: frozenset[str]() for name in reasons} | prepared.modes
        if (gl_modes := self.viewport.gl_modes()) is not None:
            modes["gl"] = gl_modes
        self.session.set_modes(modes, prepared.lacking, prepared.unpainted)
        self.viewport.start_drawing()
        self.opening.show_waiting()

    def _fall_back(self, what: str, reason: object) -> None:
        """The session's backend cannot draw."""
        self.stand_in.take_over(what, reason, self.indicators.reasons)

    def _drawing_failed(self, what: str, error: BaseException) -> None:
        if isinstance(error, BackendFailed) and error.backend == self.session.backend:
            self._fall_back("has failed", error)
        else:
            self._notify(what, error)

    def _prepare_failed(self, error: BaseException) -> None:
        self.overlays.preparing.hide()
        self._notify("The kernels could not be compiled; nothing can be drawn", error)

    # What the user asks for

    def _connect(self) -> None:
        does, asks = self.actions_, self.opening
        does.open.triggered.connect(asks.ask_file)
        does.open_folder.triggered.connect(asks.ask_folder)
        does.fit_image.triggered.connect(self.images.ask_picture)
        does.builtin.triggered.connect(lambda: asks.open_instead(BUILTIN))
        does.materials.triggered.connect(lambda: asks.open_instead(MATERIALS))
        does.add.triggered.connect(asks.ask_added)
        does.add_poster.triggered.connect(asks.ask_poster)
        self.stand_in.told.connect(self._notify)
        self.editing.failed.connect(self._notify)
        self.editing.tools.tool_changed.connect(self._tool_changed)
        self.keeper.told.connect(self.overlays.notify)
        self.keeper.refused.connect(self._notify)
        self.keeper.progressed.connect(self.overlays.saving.report)
        self.keeper.saved.connect(self._leave)
        self.keeper.ended.connect(self._saving_ended)
        self.overlays.saving.cancelled.connect(self.keeper.cancel)
        self.editing.editor.told.connect(self._notify)
        self.editing.adder.progressed.connect(self.overlays.loading.report)
        self.editing.posters.progressed.connect(self.overlays.loading.report)
        for adder in (self.editing.adder, self.editing.posters):
            adder.ended.connect(self.overlays.loading.hide)
        self.overlays.loading.cancelled.connect(self.editing.cancel_adding)
        self.overlays.loading.cancelled.connect(self.dropped.stop)
        does.quit.triggered.connect(self.close)
        does.frame.triggered.connect(lambda: self.session.frame(self.viewport.aspect))
        does.reset.triggered.connect(lambda: self.session.reset_view(self.viewport.aspect))
        does.flip.triggered.connect(self.session.navigator.flip)
        does.overlay.triggered.connect(self._set_overlay)
        does.panels.toggled.connect(self.docks.show_all)
        self.docks.shown_changed.connect(lambda shown: does.panels.setChecked(shown))
        does.panels.setChecked(self.docks.any_shown)
        does.compare.toggled.connect(self.comparing.compare)
        self.session.comparison.active_changed.connect(lambda on: does.compare.setChecked(on))
        does.full_screen.triggered.connect(self._set_full_screen)
        does.palette.triggered.connect(lambda: CommandPalette(self).open_over(self))
        does.help.triggered.connect(self._show_help)
        does.about.triggered.connect(self._show_about)
        does.dismiss.triggered.connect(self._dismiss)
        for view, action in does.views.items():
            action.triggered.connect(lambda _=False, v=view: self._look_from(v))
        does.themes[self.preferences.theme].setChecked(True)
        for name, action in does.themes.items():
            action.triggered.connect(lambda _=False, n=name: self._set_theme(n))
        for label, action in does.ups.items():
            action.triggered.connect(lambda _=False, up=UP_AXES[label]: self._set_up(up))
        for name, action in does.backends.items():
            action.triggered.connect(lambda _=False, n=name: setattr(self.session, "backend", n))
        asks.told.connect(self._notify)
        asks.changed.connect(self.indicators.refresh)
        asks.shown.connect(self._scene_shown)
        asks.chosen.connect(lambda p: self.open(p) if is_image(Path(p)) else self.open_any(p))
        self._preparer.progressed.connect(self.overlays.preparing.report)
        self._preparer.ready.connect(self._prepared)
        self._preparer.failed.connect(self._prepare_failed)
        self.overlays.welcome.open_asked.connect(asks.ask_file)
        self.overlays.welcome.builtin_asked.connect(lambda: asks.open_instead(BUILTIN))
        self.overlays.welcome.materials_asked.connect(lambda: asks.open_instead(MATERIALS))
        queued = Qt.ConnectionType.QueuedConnection  # sent while painting
        self.viewport.frame_shown.connect(self.indicators.show_frame, queued)
        self.viewport.failed.connect(self._drawing_failed, queued)
        self.viewport.compared.connect(self.indicators.show_compared)
        readiness, card = self.viewport.drawer.readiness, self.overlays.readying
        readiness.progressed.connect(card.report)
        readiness.ended.connect(card.hide)
        card.cancelled.connect(readiness.cancel)
        self.pictures.told.connect(self.overlays.notify)
        self.pictures.failed.connect(self._notify)

    def _look_from(self, view: str) -> None:
        self.session.look_from(view, self.viewport.aspect)

    def _set_up(self, up: tuple[float, float, float]) -> None:
        self.session.navigator.up = up

    def _clicked(self, where: QPointF) -> None:
        if not self.editing.tools.click(where):
            self.frusta.click(where)

    def _tool_changed(self, name: str) -> None:
        if name == LAMPS:
            self.docks.show("light")

    def _set_overlay(self, shown: bool) -> None:
        self.preferences.overlay = shown
        self.overlays.hud.setVisible(shown and self.session.opened is not None)

    def _set_theme(self, name: str) -> None:
        self.preferences.theme = name  # pyright: ignore[reportAttributeAccessIssue]
        self.theme.wear()
        self._save_preferences()

    def _set_full_screen(self, full: bool) -> None:
        if full:
            self.showFullScreen()
        else:
            self.showNormal()

    def _show_help(self) -> None:
        dialogs.show(HelpBox(commands(self), self))

    def _show_about(self) -> None:
        dialogs.show(AboutBox(self.viewport.graphics_facts(), self))

    def _dismiss(self) -> None:
        if not self.overlays.banners and self.editing.escape():
            return
        if self.overlays.banners:
            self.overlays.banners[-1].dismiss()

    # Notices, closing

    def _notify(self, title: str, error: BaseException | str) -> None:
        if isinstance(error, BaseException) and not isinstance(error, VoileError):
            log.error(title, exc_info=error)
        self.overlays.notify(title, error)
        self.indicators.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancels and joins every thread, frees the GPU, remembers the window's place.

        A file that is being saved is waited for, with the window in use: it may be all that there
        is of somebody's work.
        """
        if self.keeper.running:
            if not self._leaving:
                self._notify("Still saving", "The window closes once the file is whole.")
            self._leaving = True
            event.ignore()
            return
        if not self.keeper.may_go():
            event.ignore()
            return
        self.keeper.forget()
        self.images.close()
        self.preferences.geometry = self.saveGeometry().toBase64().toStdString()
        self.docks.show("compare", False)
        self.preferences.docks = self.docks.state()
        self._save_preferences()
        self.hide()  # what is still at work may take its time to notice
        self._stop_work()
        self.failures.close()
        event.accept()

    def _leave(self) -> None:
        """Closes, if that was only put off until the file was whole."""
        if self._leaving:
            QTimer.singleShot(0, self.close)  # once the saving has ended

    def _saving_ended(self) -> None:
        self.overlays.saving.hide()
        self._leaving = False  # what failed or was cancelled is looked at first

    def _stop_work(self) -> None:
        """Everything is told to stop before anything is waited for, and all share the time."""
        parts = self.opening, self._preparer, self.keeper, self.pictures, self.docks, self.editing
        for part in (*parts, self.viewport.drawer):
            part.close(0.0)
        end = time.monotonic() + JOIN_SECONDS
        names = [n for part in parts for n in part.close(max(0.0, end - time.monotonic()))]
        if not self.viewport.shut_down(max(0.0, end - time.monotonic())):
            names.append("drawing")
        for name in names:
            log.warning("closing without waiting longer for: %s", name)

    def _save_preferences(self) -> None:
        preferences.save(self.preferences, self._preferences_path)
