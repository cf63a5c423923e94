"""`EditActions`: what can be done to a scene, for menus, toolbar, shortcuts and the palette."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from .actions import Actions
from .edit_tools import LAMPS, VIEW, EditTools
from .editor import Editor

TOOLS: dict[str, tuple[str, str, str, str]] = {
    VIEW: ("View", "cursor-default-outline", "V", "Drags move the view"),
    "rectangle": ("Rectangle", "selection-drag", "B", "Select inside of a rectangle"),
    "lasso": ("Lasso", "lasso", "L", "Select inside of a curve drawn by hand"),
    "sphere": ("Sphere", "sphere", "O", "Select inside of a sphere in the scene"),
    "box": ("Box", "cube-outline", "X", "Select inside of a box in the scene"),
    "move": ("Move", "cursor-move", "G", "Move the node, or what is selected"),
    "rotate": ("Turn", "rotate-orbit", "T", "Turn the node, or what is selected"),
    "scale": ("Scale", "resize", "Y", "Scale the node, or what is selected"),
    LAMPS: ("Lamps", "lightbulb-on-outline", "I", "Move and turn lamps in the picture"),
}
"""Text, icon, key and hint of every tool."""


class EditActions(QObject):
    """The actions of the Edit menu below undo, and what they do.

    Attributes:
        tools: by name of the tool; one is checked.
        selecting, splats: those of the two groups of the menu.
    """

    def __init__(self, actions: Actions, editor: Editor, tools: EditTools) -> None:
        super().__init__(actions)
        self._editor = editor
        group = QActionGroup(self)
        self.tools: dict[str, QAction] = {}
        for name, (text, icon, key, hint) in TOOLS.items():
            action = self.tools[name] = actions.make(text, icon, key, hint)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, n=name: tools.take(n))
            group.addAction(action)
        self.tools[VIEW].setChecked(True)
        tools.tool_changed.connect(lambda name: self.tools[name].setChecked(True))
        make = actions.make
        self.all = make("Select all", "select-all", "Ctrl+A")
        self.none = make("Select none", "select-off", "Ctrl+D")
        self.invert = make("Invert selection", "select-inverse", "Ctrl+I")
        self.hide = make("Hide", "eye-off-outline", "Ctrl+H", "Hide what is selected")
        self.isolate = make("Isolate", "image-filter-center-focus", "Ctrl+Shift+I",
                            "Hide all but what is selected")  # fmt: skip
        self.show = make("Show all", "eye-outline", "Ctrl+Shift+H", "Show what is hidden")
        self.delete = make("Delete", "delete-outline", "Delete", "Delete what is selected")
        self.crop = make("Crop", "crop", "Ctrl+K", "Delete all that is drawn but what is selected")
        self.restore = make("Restore deleted", "delete-restore", "Ctrl+Shift+Delete",
                            "Bring back all splats that were deleted")  # fmt: skip
        self.purge = make("Let go of deleted", "delete-sweep-outline", None,
                          "Gives back the memory of what is deleted; ends undo")  # fmt: skip
        self.separate = make("Separate", "call-split", "Ctrl+J",
                             "Make what is selected a node of its own")  # fmt: skip
        self.selecting = [self.all, self.none, self.invert]
        self.splats = [
            *(self.hide, self.isolate, self.show),
            *(self.delete, self.crop, self.restore, self.purge, self.separate),
        ]
        self._with_selection = [
            *(self.none, self.hide, self.isolate, self.delete, self.crop, self.separate)
        ]
        for action, does in (
            (self.all, editor.select_all),
            (self.none, editor.select_none),
            (self.invert, editor.invert),
            (self.hide, editor.hide),
            (self.isolate, editor.isolate),
            (self.show, editor.show_all),
            (self.delete, editor.delete),
            (self.crop, editor.crop),
            (self.restore, editor.restore_deleted),
            (self.purge, editor.purge),
            (self.separate, editor.separate),
        ):
            action.triggered.connect(lambda _=False, do=does: do())
        editor.changed.connect(self.refresh)
        self.refresh()

    def fill(self, menu: QMenu) -> None:
        """Puts the actions into the Edit menu."""
        menu.addSeparator()
        menu.addActions(self.selecting)
        menu.addSeparator()
        menu.addActions(self.splats)
        menu.addSeparator()
        inner = menu.addMenu("Tool")
        inner.addActions(list(self.tools.values()))

    def refresh(self) -> None:
        """Which of them make sense."""
        nodes, selected = self._editor.nodes, self._editor.selected > 0
        for action in (*self.tools.values(), *self.selecting, *self.splats):
            action.setEnabled(bool(nodes))
        for action in self._with_selection:
            action.setEnabled(selected)
        self.show.setEnabled(any(not n.visible or n.edits.hidden for n in nodes))
        for action in (self.restore, self.purge):
            action.setEnabled(any(n.edits.deleted for n in nodes))
