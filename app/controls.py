"""`Controls`: mouse and keys on the viewport become motions of the navigator."""

from __future__ import annotations

import time
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from .navigation import FAST, SLOW, Navigator

_Key = Qt.Key
_Button = Qt.MouseButton

FLY_KEYS: dict[Qt.Key, tuple[int, int, int]] = {
    _Key.Key_W: (0, 0, 1),
    _Key.Key_S: (0, 0, -1),
    _Key.Key_A: (-1, 0, 0),
    _Key.Key_D: (1, 0, 0),
    _Key.Key_Q: (0, -1, 0),
    _Key.Key_E: (0, 1, 0),
}
"""Keys that fly while they are held: right, up, ahead."""

LONGEST_STEP = 0.25
"""Seconds flown at most between two ticks, so that a slow frame does not become a leap."""

HELP = (
    ("Left drag", "Orbit; look around while flying"),
    ("Middle or right drag, Shift + drag", "Pan"),
    ("Wheel", "Zoom towards the cursor"),
    ("W A S D, Q E", "Fly, down and up"),
    ("Shift, Alt", "Fly faster, slower"),
)
"""What the help says about mouse and keys."""


class Controls(QObject):
    """Filters the viewport's events. A timer runs only while a fly key is held."""

    def __init__(self, navigator: Navigator, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._navigator = navigator
        self._viewport = viewport
        self._last: QPointF | None = None
        self._button = _Button.NoButton
        self._held: set[Qt.Key] = set()
        self._flown = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(8)
        self._timer.timeout.connect(self._fly)
        viewport.installEventFilter(self)

    @property
    def flying(self) -> bool:
        """Whether a fly key is held."""
        return bool(self._held)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events that navigate."""
        kinds = QEvent.Type
        match event.type():
            case kinds.MouseButtonPress | kinds.MouseButtonDblClick:
                return self._press(cast(QMouseEvent, event))
            case kinds.MouseMove:
                return self._drag(cast(QMouseEvent, event))
            case kinds.MouseButtonRelease:
                return self._release(cast(QMouseEvent, event))
            case kinds.Wheel:
                return self._wheel(cast(QWheelEvent, event))
            case kinds.KeyPress | kinds.KeyRelease:
                return self._key(cast(QKeyEvent, event))
            case kinds.FocusOut | kinds.Hide:
                self._held.clear()
                self._timer.stop()
        return False

    def _press(self, event: QMouseEvent) -> bool:
        self._viewport.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._button == _Button.NoButton:
            self._button, self._last = event.button(), event.position()
        return True

    def _drag(self, event: QMouseEvent) -> bool:
        if self._last is None:
            return False
        moved = event.position() - self._last
        self._last = event.position()
        height = max(1, self._viewport.height())
        dx, dy = moved.x() / height, moved.y() / height
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self.flying and self._button == _Button.LeftButton:
            self._navigator.look(dx, dy)
        elif self._button == _Button.LeftButton and not shift:
            self._navigator.orbit(dx, dy)
        else:
            self._navigator.pan(dx, dy)
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() == self._button:
            self._button, self._last = _Button.NoButton, None
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        # Alt turns the wheel sideways on some desktops.
        turned = event.angleDelta().y() or event.angleDelta().x()
        size = self._viewport.size()
        height = max(1, size.height())
        x = (event.position().x() - size.width() / 2) / height
        y = (event.position().y() - size.height() / 2) / height
        self._navigator.zoom(turned / 120, x, y)
        return True

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key not in FLY_KEYS:
            return False
        if event.isAutoRepeat():
            return True
        if event.type() == QEvent.Type.KeyRelease:
            self._held.discard(key)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        else:
            self._held.add(key)
        if not self._held:
            self._timer.stop()
        elif not self._timer.isActive():
            self._flown = time.perf_counter()
            self._timer.start()
        return True

    def _fly(self) -> None:
        now = time.perf_counter()
        seconds, self._flown = min(now - self._flown, LONGEST_STEP), now
        modifiers = QGuiApplication.queryKeyboardModifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            seconds *= FAST
        if modifiers & Qt.KeyboardModifier.AltModifier:
            seconds *= SLOW
        steps = [FLY_KEYS[key] for key in self._held]
        right, up, ahead = (sum(step[axis] for step in steps) for axis in range(3))
        if right or up or ahead:
            self._navigator.fly(right, up, ahead, seconds)
