"""`Monkey`: plays with a window at random, seeded; `monkey.py` lets it do so for some minutes."""

from __future__ import annotations

import random
from collections import deque
from typing import get_args, get_type_hints

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QColorDialog,
    QDialog,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QSlider,
    QToolButton,
)

KEYS = [getattr(Qt.Key, f"Key_{name}") for name in
        ("A", "B", "C", "D", "E", "F", "G", "L", "O", "P", "Q", "R", "S", "T", "V", "W", "X", "Y",
         "1", "4", "7", "Delete", "Escape", "Space", "Left", "Home")]  # fmt: skip
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)
MODIFIERS = (
    *(Qt.KeyboardModifier.NoModifier,) * 4,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
NEVER = ("Quit", "Full screen", "Learn", "Fit", "Built-in scene")
"""Commands that end the program, or take minutes."""


class Monkey:
    """Plays with a window.

    Args:
        window: a `MainWindow`.
        scenes: files that it may open, or add to the scene.
        seed: the same one does the same things.
        opens: whether it opens other scenes, by which undo begins anew.

    Attributes:
        trail: the latest actions, as words.
    """

    def __init__(self, window, scenes, seed: int, *, opens: bool = True) -> None:
        self.window, self.scenes, self.random = window, scenes, random.Random(seed)
        self.trail: deque[str] = deque(maxlen=30)
        self._doings = (
            [self.drag] * 6 + [self.wheel] * 2 + [self.key] * 4 + [self.command] * 5
            + [self.setting] * 4 + [self.widget] * 4 + [self.undo] * 2 + [self.tool] * 3
            + [self.add, self.resize, self.number] + [self.open] * opens
        )  # fmt: skip
        self._never = NEVER if opens else (*NEVER, "Built-in")

    def act(self) -> None:
        """Does one thing."""
        for top in QApplication.topLevelWidgets():
            if isinstance(top, QDialog) and top.isVisible():
                top.close()
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        doing = self.random.choice(self._doings)
        self.trail.append(doing.__name__)
        doing()

    def note(self, words: object) -> None:
        """Says more of the latest action."""
        self.trail[-1] += f" {words}"

    def drag(self) -> None:
        """A drag of any button over the picture."""
        view, button = self.window.viewport, self.random.choice(BUTTONS)
        keys = self.random.choice(MODIFIERS)
        points = [self.place() for _ in range(self.random.randint(2, 5))]
        self.note((button.name, keys.name, [(round(p.x()), round(p.y())) for p in points]))
        self.mouse(QEvent.Type.MouseButtonPress, points[0], button, button, keys)
        for point in points:
            self.mouse(QEvent.Type.MouseMove, point, Qt.MouseButton.NoButton, button, keys)
            if self.random.random() < 0.2:
                QApplication.processEvents()
        if self.random.random() < 0.05:
            self.press(view, Qt.Key.Key_Escape)
        self.mouse(
            QEvent.Type.MouseButtonRelease, points[-1], button, Qt.MouseButton.NoButton, keys
        )

    def wheel(self) -> None:
        """A few notches."""
        view, at = self.window.viewport, self.place()
        turn = self.random.choice((-240, -120, 120, 240))
        QApplication.sendEvent(
            view,
            QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, turn),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False),
        )  # fmt: skip

    def key(self) -> None:
        """A key on the picture."""
        key = self.random.choice(KEYS)
        self.note(key.name)
        self.window.viewport.setFocus()
        self.press(self.window.viewport, key)

    def command(self) -> None:
        """Any command that can be used now."""
        usable = [
            action
            for action in self.window.findChildren(QAction)
            if action.isEnabled() and action.text() and not action.menu()
            and not any(word in action.text() for word in self._never)
        ]  # fmt: skip
        action = self.random.choice(usable)
        self.note(action.text())
        action.trigger()

    def setting(self) -> None:
        """A setting, within its range; what is slow in software stays small."""
        from voile.render.settings import FIELDS, Settings, SettingsError

        name = self.random.choice([n for n in FIELDS if n not in ("samples", "accumulate")])
        meta, settings = FIELDS[name].metadata, self.window.session.settings
        before, choices = getattr(settings, name), get_args(get_type_hints(Settings)[name])
        if isinstance(before, bool):
            value = not before
        elif isinstance(before, (int, float)) and meta["low"] is not None:
            share = self.random.random()
            value = type(before)(meta["low"] + share * (meta["high"] - meta["low"]))
            if name in ("render_scale", "splat_scale"):
                value = min(value, 1.0)
        elif choices and isinstance(before, (str, int, float)):
            value = self.random.choice(choices)
        else:
            return
        self.note(f"{name}={value}")
        try:
            setattr(settings, name, value)
        except SettingsError:
            self.note("refused")

    def widget(self) -> None:
        """A button, a box or a slider of a panel."""
        kinds = (QPushButton, QToolButton, QCheckBox, QSlider)
        found = [
            widget
            for dock in self.window.docks.docks.values()
            for kind in kinds
            for widget in dock.findChildren(kind)
            if widget.isEnabled() and widget.isVisible()
            and not (isinstance(widget, (QPushButton, QToolButton)) and widget.menu())  # it waits
            and not any(w in f"{widget.accessibleName()} {getattr(widget, 'text', str)()}"
                        for w in NEVER)
        ]  # fmt: skip
        if not found:
            self.window.docks.show(self.random.choice(list(self.window.docks.docks)))
            return
        widget = self.random.choice(found)
        self.note(f"{type(widget).__name__} {widget.accessibleName()}")
        if isinstance(widget, QSlider):
            widget.setValue(self.random.randint(widget.minimum(), widget.maximum()))
        else:
            widget.click()

    def undo(self) -> None:
        """A few steps back, or forth."""
        stack = self.window.history.stack
        for _ in range(self.random.randint(1, 6)):
            (stack.undo if self.random.random() < 0.6 else stack.redo)()

    def tool(self) -> None:
        """Another tool."""
        name = self.random.choice(["view", *self.window.editing.tools.tools])
        self.note(name)
        self.window.editing.tools.take(name)

    def open(self) -> None:
        """Another scene, at times before the one before is there."""
        self.window.open(str(self.random.choice(self.scenes)))

    def add(self) -> None:
        """A scene beside those that are there, as long as they are few."""
        if 0 < len(self.window.session.nodes) < 6:
            self.window.editing.add(str(self.random.choice(self.scenes)))

    def resize(self) -> None:
        """Another size of the window."""
        self.window.resize(self.random.randint(500, 900), self.random.randint(400, 700))

    def number(self) -> None:
        """Places and colours of the current node."""
        panel = self.window.docks["edit"]
        if self.random.random() < 0.5:
            field = self.random.choice(list(panel.place.fields.values()))
            field.setText(self.random.choice(["0", "1", "-0.5", "90", "x", "", "1e9", "nan"]))
            self.note(field.text())
            field.editingFinished.emit()
        else:
            value = self.random.choice(list(panel.colors.inputs.values()))
            value.slider.setValue(self.random.randint(0, value.slider.maximum()))

    def place(self) -> QPointF:
        """A point of the picture, at times a little outside."""
        view = self.window.viewport
        return QPointF(
            self.random.uniform(-5, view.width() + 5), self.random.uniform(-5, view.height() + 5)
        )

    def mouse(self, kind, at, button, held, keys) -> None:
        """Sends a mouse event to the picture."""
        view = self.window.viewport
        QApplication.sendEvent(
            view, QMouseEvent(kind, at, view.mapToGlobal(at), button, held, keys)
        )

    def press(self, widget, key) -> None:
        """A key goes down and up; as a shortcut where it is one."""
        from PySide6.QtTest import QTest

        if self.random.random() < 0.7:
            QTest.keyClick(widget, key)
        else:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(widget, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


def answer_dialogs(patch) -> None:
    """Dialogs that block are answered at once; `patch(owner, name, value)`."""
    for name in ("getOpenFileName", "getSaveFileName"):
        patch(QFileDialog, name, staticmethod(lambda *a, **k: ("", "")))
    patch(QFileDialog, "getExistingDirectory", staticmethod(lambda *a, **k: ""))
    patch(QInputDialog, "getText", staticmethod(lambda *a, **k: ("", False)))
    patch(QColorDialog, "getColor", staticmethod(lambda *a, **k: QColorDialog().currentColor()))
    for name in ("warning", "question", "critical", "information"):
        patch(QMessageBox, name, staticmethod(lambda *a, **k: QMessageBox.StandardButton.Discard))
