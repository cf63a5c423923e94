"""`TargetControls`: a person says what a material is put on, and sees what that wears."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ..scenes.dress import Dress
from ..scenes.node import Node
from ..scenes.scene import Scene
from . import theme, wearing
from .editor import Editor
from .setting_inputs import Segments

_WHOLE = "The whole scene"
_MOST_NAMED = 4  # materials, in the line of what is worn


class TargetControls(QWidget):
    """Three buttons, and lines below them.

    What is selected is meant from when something is, until nothing is; whatever a person chooses
    stays meant as long as it can be.

    Args:
        editor: knows what is selected, and the current node.
        parent: the widget it lies in.

    Attributes:
        kinds: the buttons.
        subject, wears: the lines.

    Signals:
        changed: something else is meant.
    """

    changed = Signal()

    def __init__(self, editor: Editor, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        self._kind: wearing.Kind = "scene"
        self._had = 0  # how much was selected
        caption = QLabel("Applies to", self)
        caption.setProperty("role", "muted")
        self.kinds = Segments(wearing.KINDS, "Applies to", self)
        self.kinds.setToolTip("What a click on a material below puts it on")
        self.kinds.changed.connect(self._choose)
        self.subject, self.wears = QLabel(self), QLabel(self)
        self.wears.setProperty("role", "muted")
        self.wears.setFont(theme.sized(self.font(), 0.9))
        for line in (self.subject, self.wears):
            line.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (caption, self.kinds, self.subject, self.wears):
            column.addWidget(widget)
        editor.changed.connect(self._follow)

    @property
    def kind(self) -> wearing.Kind:
        """What is meant."""
        return self._kind

    @property
    def node(self) -> Node | None:
        """The node that is meant, where one is."""
        return self._editor.current if self._kind == "node" else None

    def target(self) -> wearing.Target:
        """The splats that are meant; none of them where the whole scene is."""
        if self._kind == "selection":
            return wearing.selected(self._editor.nodes)
        return wearing.whole(self.node)

    def show_scene(self, scene: Scene | None) -> None:
        """Says what is meant of a scene, and what it wears."""
        self.setEnabled(scene is not None)
        current, count = self._editor.current, self._editor.selected
        self.kinds.allow("selection", count > 0)
        self.kinds.allow("node", bool(wearing.whole(current)))
        self.kinds.put(self._kind)
        self.subject.setText(
            {
                "scene": _WHOLE if scene is None else _whole(scene.dress),
                "selection": f"{count:,} selected {_splats(count)}",
                "node": f"Node {current.name}" if current is not None else "",
            }[self._kind]
        )
        self.wears.setText("" if scene is None else self._worn(scene))

    def _worn(self, scene: Scene) -> str:
        found = wearing.worn(scene, None if self._kind == "scene" else self.target())
        if len(found) < 2:
            return f"Wears {next(iter(found), 'nothing')}"
        parts = [f"{name} {count:,}" for name, count in found.items()]
        more = [f"{len(parts) - _MOST_NAMED} more"] if len(parts) > _MOST_NAMED else []
        return f"Mixed: {', '.join([*parts[:_MOST_NAMED], *more])}"

    def _choose(self, kind: wearing.Kind) -> None:
        self._kind = kind
        self.changed.emit()

    def _follow(self) -> None:
        """What is selected comes and goes, and so does what is meant."""
        before, self._had = self._had, self._editor.selected
        if self._had and not before:
            self._kind = "selection"
        elif not self._had and self._kind == "selection":
            self._kind = "scene"
        if self._kind == "node" and not wearing.whole(self._editor.current):
            self._kind = "scene"
        self.changed.emit()


def _whole(dress: Dress) -> str:
    own = [(dress.own, _splats(dress.own)), (dress.own_meshes, _meshes(dress.own_meshes))]
    parts = [f"{count:,} {word}" for count, word in own if count]
    return f"{_WHOLE}, but {' and '.join(parts)} with their own" if parts else _WHOLE


def _splats(count: int) -> str:
    return "splat" if count == 1 else "splats"


def _meshes(count: int) -> str:
    return "mesh" if count == 1 else "meshes"
