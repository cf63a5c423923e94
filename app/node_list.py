"""`NodeList`: the nodes of the scene, with an eye each, and what can be done to one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..scenes.node import Node
from . import theme
from .editor import Editor

EYE, NAME, COUNT = range(3)
_KINDS = {False: "poster", True: "mesh"}
_ROWS = 5  # that are seen at once


class NodeList(QWidget):
    """A row for each node; the current one is marked.

    Args:
        editor: edits the nodes.
        add: asks for a file and adds it to the scene.
        parent: the widget it lies in.

    Attributes:
        list: columns `EYE`, `NAME`, `COUNT`; a double click on a name edits it.
        buttons: by what they do.
    """

    def __init__(self, editor: Editor, add: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        self.list = QTreeWidget(self)
        self.list.setAccessibleName("Nodes")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIconSize(QSize(16, 16))
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(EYE, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(COUNT, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemClicked.connect(self._clicked)
        self.list.itemDoubleClicked.connect(self._double_clicked)
        self.list.itemChanged.connect(self._renamed)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout()
        row.setSpacing(2)
        for name, icon, hint, does in (
            ("add", "plus", "Add to scene…", lambda node: add()),
            ("duplicate", "content-duplicate", "Duplicate", editor.duplicate),
            ("up", "arrow-up", "Move up", lambda node: editor.move(node, -1)),
            ("down", "arrow-down", "Move down", lambda node: editor.move(node, 1)),
            ("reset", "restore", "Take back everything done to it", editor.reset),
            ("remove", "trash-can-outline", "Remove from the scene", editor.remove),
        ):
            button = self.buttons[name] = QToolButton(self)
            button.setIcon(theme.icon(icon))
            button.setToolTip(hint)
            button.setAccessibleName(hint)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, do=does: self._do(do))
            row.addWidget(button)
            if name == "add":
                row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.list)
        column.addLayout(row)
        editor.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the nodes."""
        nodes, current = self._editor.nodes, self._editor.current
        with QSignalBlocker(self.list):
            self.list.clear()
            for node in nodes:
                size = f"{node.remaining:,}" if node.of_splats else _KINDS[node.poster is None]
                item = QTreeWidgetItem(["", node.name, size])
                item.setData(EYE, Qt.ItemDataRole.UserRole, node.id)
                name = "eye-outline" if node.visible else "eye-off-outline"
                item.setIcon(EYE, theme.icon(name, "TEXT" if node.visible else "FAINT"))
                item.setToolTip(EYE, "Drawn; click to hide" if node.visible else "Hidden")
                item.setToolTip(NAME, f"{node.source or node.name}\nDouble click to rename")
                aligned = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                item.setTextAlignment(COUNT, aligned)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addTopLevelItem(item)
                if current is not None and node.id == current.id:
                    self.list.setCurrentItem(item)
        height = max(26, self.list.sizeHintForRow(0))
        self.list.setFixedHeight(min(_ROWS, max(1, len(nodes))) * height + 4)
        place = next((k for k, n in enumerate(nodes) if current and n.id == current.id), -1)
        for button in self.buttons.values():
            button.setEnabled(current is not None)
        self.buttons["up"].setEnabled(place > 0)
        self.buttons["down"].setEnabled(0 <= place < len(nodes) - 1)
        self.buttons["reset"].setEnabled(current is not None and not current.edits.none)
        self.buttons["add"].setEnabled(bool(nodes))

    def node_of(self, item: QTreeWidgetItem) -> Node | None:
        """The node of a row."""
        wanted = item.data(EYE, Qt.ItemDataRole.UserRole)
        return next((node for node in self._editor.nodes if node.id == wanted), None)

    def _do(self, does: Callable[[Node], None]) -> None:
        if (node := self._editor.current) is not None:
            does(node)

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        node = self.node_of(item)
        if node is None:
            return
        if column == EYE:
            self._editor.set_visible(node, not node.visible)
        else:
            self._editor.choose(node)

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.list.editItem(item, NAME)

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        node = self.node_of(item)
        if column == NAME and node is not None:
            self._editor.rename(node, item.text(NAME))
            item.setText(NAME, node.name if not item.text(NAME).strip() else item.text(NAME))
