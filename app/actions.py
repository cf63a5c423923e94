"""`Actions`: everything the window can be asked to do, once, for menus, toolbar and shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QToolButton, QWidget

from ..render.renderer import BACKENDS
from . import theme, theme_choice
from .navigation import UP_AXES, VIEW_ANGLES


class Actions(QObject):
    """The actions, without what they do: the window connects them.

    Attributes:
        backends, views, ups: actions by backend, view and up axis.
        recent: the menu of recent scenes, filled by the window when it opens.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        keys = QKeySequence.StandardKey
        self.open = self.make("Open…", "file-outline", keys.Open, "Open a splat scene")
        self.open_folder = self.make(
            "Open folder…", "folder-open-outline", "Ctrl+Shift+O", "Open a scene kept in a folder"
        )
        self.fit_image = self.make(
            "Fit an image…", "image-outline", None, "Make a picture of splats from one of pixels"
        )
        self.add = self.make(
            "Add to scene…", "plus", "Ctrl+Shift+A", "Open a file into the scene that is shown"
        )
        self.add_poster = self.make(
            "Add image as poster…", "image-plus", None, "Stand an image of splats in the scene"
        )
        self.builtin = self.make("Built-in scene", "cube-scan", "Ctrl+B", "Open Voile's own scene")
        self.materials = self.make(
            "Built-in materials", "palette-swatch-outline", "Ctrl+Shift+B",
            "Open a table with every material that comes with Voile",
        )  # fmt: skip
        self.save_scene = self.make(
            "Save as…", "content-save-outline", "Ctrl+Shift+S", "Save the session or the scene"
        )
        self.save_picture = self.make(
            "Save picture…", "camera-outline", keys.Save, "Save exactly what is drawn, as PNG"
        )
        self.copy_picture = self.make("Copy picture", "content-copy", keys.Copy)
        self.copy_camera = self.make(
            "Copy camera", "", "Ctrl+Shift+C", "The camera on screen as text, for scripts as well"
        )
        self.paste_camera = self.make(
            "Paste camera", "", "Ctrl+Shift+V", "Stand where the camera on the clipboard stands"
        )
        self.quit = self.make("Quit", "", "Ctrl+Q")
        self.frame = self.make(
            "Frame scene", "fit-to-screen-outline", "F", "Show the whole scene from this side"
        )
        self.reset = self.make(
            "Reset view", "restore", "R", "Back to the view the scene opened with"
        )
        self.flip = self.make("Flip", "flip-vertical", "Ctrl+F", "Turn the scene upside down")
        self.overlay = self.make("Overlay", "", "H")
        self.overlay.setCheckable(True)
        self.panels = self.make("Panels", "tune-variant", "P", "The panels beside the picture")
        self.panels.setCheckable(True)
        self.compare = self.make(
            "Compare", "compare", "C", "Two ways to draw side by side, and how they differ"
        )
        self.compare.setCheckable(True)
        self.full_screen = self.make("Full screen", "", "F11")
        self.full_screen.setCheckable(True)
        self.palette = self.make(
            "Find a command…", "magnify", "Ctrl+Shift+P", "Every command by a few letters"
        )
        self.help = self.make("Mouse and keys", "", "F1")
        self.about = self.make("About Voile", "information-outline")
        self.dismiss = self.make("Dismiss notice", "", "Escape")
        self.views = {
            view: self.make(view.capitalize(), "", str(number))
            for number, view in enumerate(VIEW_ANGLES, 1)
        }
        self.ups = self._choice({label: f"{label} is up" for label in UP_AXES})
        self.themes = self._choice({name: name.capitalize() for name in theme_choice.CHOICES})
        self.backends = self._choice({name: name for name in BACKENDS})
        for name, action in self.backends.items():
            action.setToolTip(BACKENDS[name].summary)
        self.recent = QMenu("Open recent", window)
        self.recent.setToolTipsVisible(True)
        # Needs a scene to make sense.
        self.with_scene = [
            self.add,
            self.add_poster,
            self.save_scene,
            self.save_picture,
            self.copy_picture,
            self.copy_camera,
            self.paste_camera,
            self.frame,
            self.reset,
            self.flip,
            self.compare,
            *self.views.values(),
            *self.ups.values(),
        ]
        window.addAction(self.dismiss)

    def fill_menus(self, window: QMainWindow, docks: Sequence[QAction], stack: QUndoStack) -> None:
        """The menu bar; `docks` show and hide the panels, `stack` undoes."""
        bar = window.menuBar()
        file = bar.addMenu("&File")
        file.addActions([self.open, self.open_folder])
        file.addMenu(self.recent)
        file.addActions([self.builtin, self.materials, self.add, self.add_poster, self.fit_image])
        file.addSeparator()
        file.addActions([self.save_scene, self.save_picture, self.copy_picture])
        file.addSeparator()
        file.addAction(self.quit)
        edit = self.edit_menu = bar.addMenu("&Edit")
        undo, redo = stack.createUndoAction(window, "Undo"), stack.createRedoAction(window, "Redo")
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        edit.addActions([undo, redo])
        edit.addSeparator()
        edit.addActions([self.copy_camera, self.paste_camera])
        view = bar.addMenu("&View")
        view.addActions([self.frame, self.reset])
        side = view.addMenu("Look from")
        side.addActions(list(self.views.values()))
        up = view.addMenu("Up")
        self._fill_up(up)
        view.addSeparator()
        view.addActions([self.panels, self.compare, self.overlay, self.full_screen])
        view.addMenu("Theme").addActions(list(self.themes.values()))
        panels = view.addMenu("Panel")
        panels.addActions(docks)
        backend = bar.addMenu("&Backend")
        backend.setToolTipsVisible(True)
        backend.addActions(list(self.backends.values()))
        help_menu = bar.addMenu("&Help")
        help_menu.addActions([self.palette, self.help, self.about])

    def make_toolbar(self, window: QMainWindow) -> tuple[QToolBar, QToolButton, QToolButton]:
        """The toolbar, and its buttons that say which way is up and which backend draws."""
        bar = QToolBar("Tools", window)
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        bar.addActions([self.open, self.open_folder, self.builtin])
        bar.addSeparator()
        bar.addActions([self.frame, self.reset])
        up_menu = QMenu(window)
        self._fill_up(up_menu)
        up = _menu_button("axis-arrow", "Which way is up", up_menu, bar)
        bar.addWidget(up)
        bar.addAction(self.flip)
        bar.addSeparator()
        bar.addAction(self.save_picture)
        space = QWidget(bar)
        policy = space.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Expanding)
        space.setSizePolicy(policy)
        bar.addWidget(space)
        backend_menu = QMenu(window)
        backend_menu.setToolTipsVisible(True)
        backend_menu.addActions(list(self.backends.values()))
        backend = _menu_button("chip", "What draws", backend_menu, bar)
        bar.addWidget(backend)
        bar.addActions([self.compare, self.panels])
        bar.addAction(self.about)
        for child in bar.findChildren(QToolButton):
            child.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        window.addToolBar(bar)
        return bar, up, backend

    def _fill_up(self, menu: QMenu) -> None:
        menu.addActions(list(self.ups.values()))
        menu.addSeparator()
        menu.addAction(self.flip)

    def make(
        self,
        text: str,
        icon: str,
        shortcut: QKeySequence.StandardKey | str | None = None,
        hint: str = "",
    ) -> QAction:
        """An action; its tool tip is the hint and its keys."""
        action = QAction(text, self)
        if icon:
            action.setIcon(theme.icon(icon))
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{hint or text}  ({keys})" if keys else hint or text)
        return action

    def _choice(self, texts: dict[str, str]) -> dict[str, QAction]:
        """Actions of which one is checked at a time."""
        group = QActionGroup(self)
        actions = {}
        for name, text in texts.items():
            actions[name] = group.addAction(text)
            actions[name].setCheckable(True)
        return actions


def _menu_button(icon: str, hint: str, menu: QMenu, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setIcon(theme.icon(icon))
    button.setToolTip(hint)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
