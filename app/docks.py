"""`Docks`: the panels around the picture. A new panel is one line in `DOCKS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QScrollArea, QTabWidget, QWidget

from . import (
    blending_panel,
    camera_panel,
    compare_panel,
    console_panel,
    edit_panel,
    light_panel,
    materials_panel,
    path_panel,
    performance_panel,
    scene_panel,
    settings_panel,
)
from .actions import Actions
from .dock_title import DockTitle
from .editing import Editing
from .history import History
from .session import Session
from .tab_order import tab_in_order
from .viewport import Viewport

_LAYOUT = 1  # version of the saved layout; another one is not restored
WIDTH = 332
HEIGHT = 230

Area = Qt.DockWidgetArea


@dataclass(frozen=True)
class Context:
    """What a panel may use.

    Attributes:
        session: the models.
        actions: what the window can be asked to do.
        history: undo; `history.watch(settings)` for settings of your own.
        viewport: the picture; `frame_shown` says what was drawn.
        editing: edits the scene.
        notify: puts up a notice: a title, and an exception or a text.
        folder: where files of the user's own are kept.
    """

    session: Session
    actions: Actions
    history: History
    viewport: Viewport
    editing: Editing
    notify: Callable[[str, BaseException | str], None]
    folder: Path


@dataclass(frozen=True)
class Dock:
    """An entry of the registry.

    Attributes:
        name: by which it is found and its place remembered.
        title: for people.
        make: makes the panel from a `Context` and the parent widget. A panel that works in threads
            has `close_tasks(seconds) -> list[str]`, which stops them and names those still alive.
            One that has `seen(visible)` is told whether it is in front and on screen.
        area: where it docks at first; docks of one area are tabs.
        below: not a tab but below the others of its area.
        shown: whether it is there at first.
        listed: whether the menu of panels has it.
    """

    name: str
    title: str
    make: Callable[[Context, QWidget], QWidget]
    area: Qt.DockWidgetArea = Area.RightDockWidgetArea
    shown: bool = True
    listed: bool = True
    below: bool = False


DOCKS: tuple[Dock, ...] = (
    Dock("quality", "Quality", settings_panel.make_quality),
    Dock("blending", "Blending", blending_panel.BlendingPanel),
    Dock("light", "Light", light_panel.LightPanel),
    Dock(
        "materials",
        "Materials",
        materials_panel.MaterialsPanel,
        Area.LeftDockWidgetArea,
        False,
    ),
    Dock("camera", "Camera", camera_panel.CameraPanel),
    Dock("scene", "Scene", scene_panel.ScenePanel),
    Dock("edit", "Edit", edit_panel.EditPanel, Area.LeftDockWidgetArea, False),
    Dock("compare", "Compare", compare_panel.ComparePanel, shown=False, listed=False, below=True),
    Dock("path", "Path", path_panel.PathPanel, Area.BottomDockWidgetArea, False),
    Dock("console", "Console", console_panel.ConsolePanel, Area.BottomDockWidgetArea, False),
    Dock(
        "performance",
        "Performance",
        performance_panel.PerformancePanel,
        Area.BottomDockWidgetArea,
        False,
    ),
)
"""The panels, in the order of their tabs."""


class _DockWidget(QDockWidget):
    """Says when a person closes it.

    Signals:
        closed: by its button.
    """

    closed = Signal()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closes."""
        super().closeEvent(event)
        self.closed.emit()


class Docks(QObject):
    """Makes the panels, shows and hides them, and remembers where they are.

    Args:
        context: what panels may use.
        window: where they dock.

    Signals:
        shown_changed: whether any panel is shown.
    """

    shown_changed = Signal(bool)

    def __init__(self, context: Context, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._before: list[str] = []  # shown when all were hidden
        self.docks: dict[str, _DockWidget] = {}
        self.panels: dict[str, QWidget] = {}
        window.setTabPosition(Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )  # fmt: skip
        last: dict[Qt.DockWidgetArea, _DockWidget] = {}
        for entry in DOCKS:
            dock = self._add(entry, context)
            if entry.below:
                continue  # where it was put, under what there was
            if entry.area in last:
                window.tabifyDockWidget(last[entry.area], dock)
            last[entry.area] = dock
        self.docks[DOCKS[0].name].raise_()
        window.resizeDocks([*last.values()][:1], [WIDTH], Qt.Orientation.Horizontal)

    def __getitem__(self, name: str) -> QWidget:
        """The panel of a dock."""
        return self.panels[name]

    @property
    def actions(self) -> list[QAction]:
        """For a menu: each shows and hides a panel."""
        return [self.docks[d.name].toggleViewAction() for d in DOCKS if d.listed]

    @property
    def any_shown(self) -> bool:
        """Whether there is a panel beside the picture."""
        return any(not dock.isHidden() for dock in self.docks.values())

    def show(self, name: str, shown: bool = True) -> None:
        """Shows a panel in front of the others of its place, or hides it."""
        dock = self.docks[name]
        dock.setVisible(shown)
        if shown:
            dock.raise_()
            if self._window.dockWidgetArea(dock) is Area.LeftDockWidgetArea:
                self._window.resizeDocks([dock], [WIDTH], Qt.Orientation.Horizontal)
            if any(entry.name == name and entry.below for entry in DOCKS):
                self._window.resizeDocks([dock], [HEIGHT + 60], Qt.Orientation.Vertical)

    def show_all(self, shown: bool) -> None:
        """Hides all panels, or brings back those that were there."""
        if shown == self.any_shown:
            return
        if shown:
            names = self._before or [d.name for d in DOCKS if d.shown]
        else:
            names = self._before = [n for n, dock in self.docks.items() if not dock.isHidden()]
        for name in names:
            self.docks[name].setVisible(shown)
        if shown:
            self.docks[names[0]].raise_()

    def state(self) -> str:
        """The layout as text, for `restore`."""
        return self._window.saveState(_LAYOUT).toBase64().toStdString()

    def restore(self, state: str) -> None:
        """Puts a layout in place; one of another version is ignored."""
        self._window.restoreState(QByteArray.fromBase64(state.encode()), _LAYOUT)

    def close(self, seconds: float) -> list[str]:
        """Stops what panels do in threads; what did not end within `seconds`."""
        names: list[str] = []
        for panel in self.panels.values():
            if close := getattr(panel, "close_tasks", None):
                names += close(seconds)
        return names

    def _add(self, entry: Dock, context: Context) -> _DockWidget:
        dock = self.docks[entry.name] = _DockWidget(entry.title, self._window)
        dock.setObjectName(entry.name)
        area = QScrollArea(dock)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        panel = self.panels[entry.name] = entry.make(context, area)
        panel.setProperty("role", "panel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area.setWidget(panel)
        tab_in_order(panel)
        sideways = entry.area in (Area.LeftDockWidgetArea, Area.RightDockWidgetArea)
        if sideways:
            area.setMinimumWidth(WIDTH)
        else:
            area.setMinimumHeight(HEIGHT)
        dock.setWidget(area)
        dock.setTitleBarWidget(DockTitle(dock, self._window))
        self._window.addDockWidget(entry.area, dock)
        dock.setVisible(entry.shown)
        if seen := getattr(panel, "seen", None):
            dock.visibilityChanged.connect(seen)
        dock.visibilityChanged.connect(self._changed, Qt.ConnectionType.QueuedConnection)
        dock.topLevelChanged.connect(self._changed, Qt.ConnectionType.QueuedConnection)
        return dock

    def _changed(self) -> None:
        for dock in self.docks.values():
            title = dock.titleBarWidget()
            assert isinstance(title, DockTitle)
            title.refresh()
        self.shown_changed.emit(self.any_shown)
