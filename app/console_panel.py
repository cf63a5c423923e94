"""The dock Console: Python with what is on screen in scope."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFontDatabase, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from .interpreter import Interpreter, completed

if TYPE_CHECKING:
    from .docks import Context

HELLO = (
    "Python. In scope: voile, np, session, settings, editor; of this moment splats and camera.\n"
    "Tab completes, Up and Down bring earlier lines back.\n"
)
MOST_LINES = 5000
LONGEST = 10_000
"""Characters of a line that are shown: one that is much longer takes seconds to lay out."""


class ConsolePanel(QWidget):
    """A prompt and what came of it. Statements run in the window's thread, one at a time.

    Attributes:
        interpreter: runs what is typed.
        output, line: the widgets.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        session = context.session
        self.interpreter = Interpreter(
            {
                "voile": importlib.import_module(__name__.partition(".")[0]),
                "np": np,
                "session": session,
                "settings": session.settings,
                "editor": context.editing.editor,
            }
        )
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.output = QPlainTextEdit(self)
        self.output.setReadOnly(True)
        self.output.setFont(fixed)
        self.output.setMaximumBlockCount(MOST_LINES)
        self.output.setAccessibleName("Console output")
        self.output.setPlainText(HELLO)
        self.prompt = QLabel(">>>", self)
        self.prompt.setFont(fixed)
        self.prompt.setProperty("role", "muted")
        self.line = QLineEdit(self)
        self.line.setFont(fixed)
        self.line.setAccessibleName("Python statement")
        self.line.returnPressed.connect(self._enter)
        self.line.installEventFilter(self)
        self._history: list[str] = []
        self._place = 0
        row = QHBoxLayout()
        row.addWidget(self.prompt)
        row.addWidget(self.line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 10)
        column.addWidget(self.output, 1)
        column.addLayout(row)

    def run(self, line: str) -> None:
        """Runs a line as if it were typed."""
        self._write(f"{self.prompt.text()} {line}\n")
        opened = self._context.session.opened
        self.interpreter.names |= {
            "splats": None if opened is None else opened.scene.splats,
            "camera": self._context.viewport.camera(),
        }
        self._write(self.interpreter.run(line))
        self.prompt.setText("..." if self.interpreter.more else ">>>")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the keys of the line that mean something here."""
        if watched is not self.line or event.type() != QEvent.Type.KeyPress:
            return False
        assert isinstance(event, QKeyEvent)
        match Qt.Key(event.key()):
            case Qt.Key.Key_Up:
                self._recall(-1)
            case Qt.Key.Key_Down:
                self._recall(1)
            case Qt.Key.Key_Tab:
                self._complete()
            case Qt.Key.Key_Escape if self.interpreter.more:
                self.interpreter.forget()
                self.prompt.setText(">>>")
            case _:
                return False
        return True

    def _enter(self) -> None:
        line = self.line.text()
        self.line.clear()
        if line.strip() and self._history[-1:] != [line]:
            self._history.append(line)
        self._place = len(self._history)
        self.run(line)

    def _recall(self, by: int) -> None:
        self._place = min(max(self._place + by, 0), len(self._history))
        self.line.setText(self._history[self._place] if self._place < len(self._history) else "")

    def _complete(self) -> None:
        text = self.line.text()[: self.line.cursorPosition()]
        if not text.strip():
            self.line.insert("    ")
            return
        names = self.interpreter.completions(text)
        longer = completed(text, names)
        if longer != text:
            rest = self.line.text()[len(text) :]
            self.line.setText(longer + rest)
            self.line.setCursorPosition(len(longer))
        elif len(names) > 1:
            self._write("  ".join(name.rpartition(".")[2] for name in names) + "\n")

    def _write(self, text: str) -> None:
        if text:
            text = "\n".join(map(_shortened, text.split("\n")[-MOST_LINES:]))
            cursor = self.output.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text)
            self.output.setTextCursor(cursor)
            self.output.ensureCursorVisible()


def _shortened(line: str) -> str:
    more = len(line) - LONGEST
    return line if more <= 0 else f"{line[:LONGEST]}… and {more:,} characters more"
