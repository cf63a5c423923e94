"""`StandIn`: another backend draws where one cannot, or one is asked for: setting `fallback`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from html import escape

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QMessageBox, QWidget

from ..render.renderer import BACKENDS
from . import dialogs
from .fallback import replacement, standins, told
from .session import Session


class StandIn(QObject):
    """Changes the session's backend when that cannot draw.

    Args:
        session: whose backend and setting it is.
        window: over which it asks.

    Signals:
        told: what cannot draw, and an error that says why and what becomes of it.
    """

    told = Signal(str, object)

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self.question: FallbackQuestion | None = None

    def take_over(self, what: str, reason: object, unusable: Container[str]) -> None:
        """The session's backend cannot draw.

        Args:
            what: has become of it, after its name.
            reason: an error.
            unusable: backends that cannot run here.
        """
        failed, wanted = self._session.backend, self._session.settings.fallback
        title = f"The {failed} backend {what}"
        if wanted == "ask" and (others := standins(failed, unusable)):
            self._ask(title, reason, others)
        else:
            self._draw_by(replacement(failed, wanted, unusable), title, reason)

    def _ask(self, title: str, reason: object, others: Sequence[str]) -> None:
        if self.question is not None:  # frames fail one after the other
            return

        def answered(backend: str, always: bool) -> None:
            if always:
                self._session.settings.fallback = backend or "none"  # pyright: ignore
            self._draw_by(backend or None, title, reason)

        def ended() -> None:
            self.question = None

        self.question = FallbackQuestion(self._window, title, str(reason), others)
        self.question.answered.connect(answered)
        self.question.finished.connect(ended)
        dialogs.show(self.question)

    def _draw_by(self, backend: str | None, title: str, reason: object) -> None:
        self.told.emit(title, told(reason, backend))
        if backend is not None:
            self._session.backend = backend


class FallbackQuestion(QMessageBox):
    """Names what happened and offers what can draw instead.

    Signals:
        answered: a backend's name, "" for none; and whether it is to be so from now on.
    """

    answered = Signal(str, bool)

    def __init__(self, window: QWidget, title: str, reason: str, backends: Sequence[str]) -> None:
        super().__init__(window)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(title)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setText(f"<b>{escape(title)}.</b>")
        lines = "".join(f"<li>{name}: {escape(BACKENDS[name].summary)}</li>" for name in backends)
        sentence = escape(reason[:1].upper() + reason[1:])
        self.setInformativeText(
            f"<p>{sentence}</p><p>What should draw instead?</p><ul>{lines}</ul>"
        )
        roles = QMessageBox.ButtonRole
        self.choices = {
            name: self.addButton(f"Draw by {name}", roles.AcceptRole) for name in backends
        }
        self.nothing = self.addButton("Nothing", roles.RejectRole)
        self.setDefaultButton(self.choices[backends[0]])
        self.setEscapeButton(self.nothing)
        self.always = QCheckBox("From now on, without asking")
        self.setCheckBox(self.always)
        self.buttonClicked.connect(self._clicked)

    def _clicked(self, button: QAbstractButton) -> None:
        found = [name for name, each in self.choices.items() if each is button]
        self.answered.emit(found[0] if found else "", self.always.isChecked())
