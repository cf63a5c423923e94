"""`EditTools`: which tool the left button is, and what it draws over the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..render.camera import Camera
from ..render.selecting import How
from .area_tools import LassoTool, RectangleTool
from .editor import Editor
from .gizmo import Kind
from .gizmo_target import NodeTarget
from .gizmo_tool import GizmoTool
from .lamp_tool import LampTool
from .light_edits import LightEdits
from .session import Session
from .tool import Bench, Point, Tool
from .volume_tools import BoxTool, SphereTool

VIEW = "view"
"""The tool that navigates."""

LAMPS = "lamps"
"""The tool that moves and turns lamps."""

_HANDLES: tuple[Kind, ...] = ("move", "rotate", "scale")

_AREAS = ("rectangle", "lasso", "sphere", "box")


class EditTools(QObject):
    """Filters the viewport's events before navigation sees them.

    A tool takes drags of the left button that begin on something of its own; whatever else moves
    the view, and so do the other buttons and the wheel at any time.

    Args:
        session, editor, lights: the models.
        viewport: the picture.
        screen_camera: the view in the pixels that are drawn.

    Attributes:
        tools: by name; `VIEW` is none of them.
        lamps: the one of them that knows where lamps are.
        how: what becomes of what is selected where no keys say otherwise.
        overlay: draws what the tools show.

    Signals:
        tool_changed: the name of the tool.
    """

    tool_changed = Signal(str)

    def __init__(
        self,
        session: Session,
        editor: Editor,
        lights: LightEdits,
        viewport: QWidget,
        screen_camera: Callable[[], Camera],
    ) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        bench = Bench(
            session,
            editor,
            lambda: session.camera(max(1, viewport.width()), max(1, viewport.height())),
            screen_camera,
        )
        self.tools: dict[str, Tool] = {
            "rectangle": RectangleTool(bench),
            "lasso": LassoTool(bench),
            "sphere": SphereTool(bench),
            "box": BoxTool(bench),
            **{kind: GizmoTool(bench, NodeTarget(bench, kind)) for kind in _HANDLES},
        }
        self.lamps = self.tools[LAMPS] = LampTool(bench, lights)
        self._lights = lights
        self.how: How = "replace"
        self._name = VIEW
        self._dragging = False
        self.overlay = ToolOverlay(self, viewport)
        viewport.setMouseTracking(True)
        viewport.installEventFilter(self)
        self._session = session
        self._document: object = None  # what the tools work on
        session.nodes_changed.connect(self._nodes_changed)
        for signal in (session.navigator.changed, session.nodes_changed):
            signal.connect(self.overlay.update, max_args=0)
        lights.changed.connect(self.overlay.update)

    @property
    def name(self) -> str:
        """The tool that is in hand."""
        return self._name

    @property
    def tool(self) -> Tool | None:
        """The tool itself; None navigates."""
        return self.tools.get(self._name)

    def take(self, name: str) -> None:
        """Takes a tool, or `VIEW`."""
        if name == self._name:
            return
        self.cancel()
        self._name = name
        if name == LAMPS:
            self.lamps.begin()
        self._viewport.setCursor(self._cursor())
        self.overlay.update()
        self.tool_changed.emit(name)

    def cancel(self) -> bool:
        """Gives up what the tool is doing; whether it was doing something."""
        self._dragging = False
        done = self.tool is not None and self.tool.cancel()
        self.overlay.update()
        return done

    @property
    def marked(self) -> bool:
        """Whether lamps are marked in the picture."""
        return self._name == LAMPS or self._lights.shown

    def click(self, where: QPointF) -> bool:
        """Takes up the lamp whose mark was clicked; whether there is one."""
        row = self.lamps.at((where.x(), where.y())) if self.marked else None
        if row is None:
            return False
        self._lights.choose(row)
        self.take(LAMPS)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events that are the tool's."""
        kinds = QEvent.Type
        if event.type() == kinds.Resize:
            self.overlay.setGeometry(self._viewport.rect())
            return False
        if self.tool is None:
            if self.marked and event.type() == kinds.MouseMove:
                self._hover(cast(QMouseEvent, event))
            return False
        match event.type():
            case kinds.MouseButtonPress | kinds.MouseButtonDblClick:
                return self._press(cast(QMouseEvent, event))
            case kinds.MouseMove:
                return self._move(cast(QMouseEvent, event))
            case kinds.MouseButtonRelease:
                return self._release(cast(QMouseEvent, event))
            case kinds.FocusOut | kinds.Hide if self._dragging:
                self.cancel()
            case kinds.ShortcutOverride if self._dragging:
                if cast(QKeyEvent, event).key() == Qt.Key.Key_Escape:
                    event.accept()  # the key comes here then, and not to what has it as a shortcut
                    self.cancel()
                    return True
        return False

    def _nodes_changed(self) -> None:
        opened = self._session.opened
        document = None if opened is None else opened.document
        if document is not self._document:
            self._document, self._dragging = document, False
            for tool in self.tools.values():
                tool.forget()

    def _press(self, event: QMouseEvent) -> bool:
        if self._dragging or event.button() != Qt.MouseButton.LeftButton:
            return self._dragging
        assert self.tool is not None
        if not self.tool.press(_at(event), self._how(event)):
            return False
        self._viewport.setFocus(Qt.FocusReason.MouseFocusReason)
        self._dragging = True
        self.overlay.update()
        return True

    def _move(self, event: QMouseEvent) -> bool:
        assert self.tool is not None
        if self._dragging:
            self.tool.drag(_at(event))
            self.overlay.update()
            return True
        self._hover(event)
        return False

    def _hover(self, event: QMouseEvent) -> None:
        """Shows what a press would take."""
        if event.buttons() != Qt.MouseButton.NoButton:
            return
        at, shapes = _at(event), Qt.CursorShape
        held = self.tool is not None and self.tool.hover(at)
        shape = shapes.OpenHandCursor if held else self._cursor()
        if self.tool is not self.lamps:
            marked = self.marked and not held
            if self.lamps.hover_mark(at if marked else None):
                shape = shapes.PointingHandCursor
        self._viewport.setCursor(shape)
        self.overlay.update()

    def _release(self, event: QMouseEvent) -> bool:
        if not self._dragging or event.button() != Qt.MouseButton.LeftButton:
            return self._dragging
        assert self.tool is not None
        self._dragging = False
        self.tool.release(_at(event))
        self.overlay.update()
        return True

    def _cursor(self) -> Qt.CursorShape:
        shapes = Qt.CursorShape
        return shapes.CrossCursor if self._name in _AREAS else shapes.ArrowCursor

    def _how(self, event: QMouseEvent) -> How:
        keys = event.modifiers()
        add = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        subtract = bool(keys & Qt.KeyboardModifier.ControlModifier)
        if add and subtract:
            return "intersect"
        return "add" if add else "subtract" if subtract else self.how


class ToolOverlay(QWidget):
    """A transparent sheet over the picture that the tool draws on."""

    def __init__(self, tools: EditTools, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._tools = tools
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(viewport.rect())
        self.lower()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """What the tool shows."""
        tools = self._tools
        if tools.tool is None and not tools.marked:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if tools.marked and tools.tool is not tools.lamps:
            tools.lamps.paint_marks(painter)
        if tools.tool is not None:
            tools.tool.paint(painter)
        painter.end()


def _at(event: QMouseEvent) -> Point:
    return event.position().x(), event.position().y()
