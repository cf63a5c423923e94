"""`Banner`: a notice over the picture; errors stay until they are dismissed."""

from __future__ import annotations

import traceback

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..scenes.errors import SceneFormatError, VoileError
from . import theme
from .icons import Sign

WIDTH = 620
"""Width of a notice, device-independent pixels."""

STAYS = 8000
"""How long a notice that is no error stays, milliseconds."""


class Banner(QFrame):
    """One notice: a title, the whole text, details on demand.

    An error of Voile's own shows its text as it is: it was written for the user. Any other
    exception is a fault of the program; its traceback can be opened and copied for a report. A text
    in place of an error says that something was done, and goes by itself.
    """

    dismissed = Signal(object)

    def __init__(self, title: str, error: BaseException | str, parent: QWidget) -> None:
        super().__init__(parent)
        alert = isinstance(error, BaseException)
        self.setProperty("role", "alert" if alert else "overlay")
        self.setFixedWidth(WIDTH)
        self._title = title
        self._body, self._fix = _words(error)

        name, role = ("alert-circle", "ALERT") if alert else ("information", "ACCENT")
        sign = Sign(theme.icon(f"{name}-outline", role), 20, self)
        self._heading = QLabel(self)
        self._heading.setFont(theme.sized(self.font(), 1.0, QFont.Weight.DemiBold))
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton(self)
        close.setIcon(theme.icon("close"))
        close.setToolTip("Dismiss")
        close.clicked.connect(self.dismiss)

        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(sign)
        top.addWidget(self._heading, 1)
        top.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 12)
        column.setSpacing(6)
        column.addLayout(top)
        told = ((self._body, ""), (self._fix, "muted"))
        self._paragraphs = [_paragraph(words, role, self) for words, role in told if words]
        for each in self._paragraphs:
            column.addLayout(_indented(each))
        if not isinstance(error, BaseException):
            QTimer.singleShot(STAYS, self, self.dismiss)
        elif not isinstance(error, VoileError):
            self._add_details(column, error)
        self.fit(parent.width() - 4 * theme.GRID)

    def fit(self, width: int) -> None:
        """Takes as much of a width as it needs; 288 is the least that it can be read in."""
        self.setFixedWidth(min(WIDTH, max(288, width)))
        metrics, room = self._heading.fontMetrics(), self.width() - 100
        self._heading.setText(metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, room))
        for each in self._paragraphs:
            # Layouts guess the height of wrapped text from another width than it gets.
            each.setMinimumSize(0, 0)  # no less than this is given below
            each.setFixedSize(self.width() - 76, each.heightForWidth(self.width() - 76))
        self.adjustSize()

    @property
    def text(self) -> str:
        """Everything the notice says, without the details."""
        return "\n".join(part for part in (self._title, self._body, self._fix) if part)

    def dismiss(self) -> None:
        """Closes the notice."""
        if self.isHidden():
            return
        self.dismissed.emit(self)
        self.hide()
        self.deleteLater()

    def _add_details(self, column: QVBoxLayout, error: BaseException) -> None:
        report = "".join(traceback.format_exception(error))
        details = QPlainTextEdit(report, self)
        details.setReadOnly(True)
        details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        details.setFixedHeight(180)
        details.hide()

        def toggle() -> None:
            details.setVisible(details.isHidden())
            self.adjustSize()

        show, copy = QPushButton("Details", self), QPushButton("Copy details", self)
        for button in (show, copy):
            button.setProperty("role", "quiet")
        show.clicked.connect(toggle)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
        row = QHBoxLayout()
        row.setContentsMargins(22, 0, 0, 0)
        row.addWidget(show)
        row.addWidget(copy)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(details)


def _words(error: BaseException | str) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    if isinstance(error, str):
        return error, ""
    if isinstance(error, SceneFormatError):
        return f"{error.path}: {error.field}: {error.problem}.", error.fix
    if isinstance(error, VoileError):
        return str(error), ""
    problem = str(error) or "no message"
    return (
        f"{type(error).__name__}: {problem}",
        "This is a fault in Voile, not in what you did. The scene on screen is untouched.",
    )


def _paragraph(words: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(words, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
    label.setWordWrap(True)
    label.setProperty("role", role)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.ensurePolished()
    return label


def _indented(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(30, 0, 16, 0)
    row.addWidget(widget)
    row.addStretch(1)
    return row
