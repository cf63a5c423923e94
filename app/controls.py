"""`Controls`: mouse and keys on the viewport become motions of the navigator."""

from __future__ import annotations

import time
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ..render.settings import Settings
from .inertia import Inertia
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

WHEEL_SECONDS = 0.2
"""How long one notch of the wheel flies ahead, where a drag turns the head."""

LONGEST_STEP = 0.25
"""Seconds flown at most between two ticks, so that a slow frame does not become a leap."""

SLIP = 3
"""Device-independent pixels that the mouse may move while it clicks."""

HELP = (
    ("Left drag", "Orbit; look around while flying"),
    ("Middle or right drag, Shift + drag", "Pan"),
    ("Wheel", "Zoom towards the cursor"),
    ("W A S D, Q E", "Fly, down and up"),
    ("Shift, Alt", "Fly faster, slower"),
)
"""What the help says about mouse and keys."""


class Controls(QObject):
    """Filters the viewport's events. A timer runs only while the view flies or glides on.

    Signals:
        clicked: where the left button was pressed and released in one place, QPointF.
    """

    clicked = Signal(object)

    def __init__(self, navigator: Navigator, settings: Settings, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._navigator, self._settings = navigator, settings
        self._viewport = viewport
        self._last: QPointF | None = None
        self._pressed = QPointF()
        self._inertia = Inertia()
        self._shift = False  # whether the last drag was one with Shift
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
                self._rest()
        return False

    def _press(self, event: QMouseEvent) -> bool:
        self._viewport.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._last is None:
            self._button, self._last = event.button(), event.position()
            self._pressed = event.position()
            self._inertia.press(time.perf_counter())
        return True

    def _drag(self, event: QMouseEvent) -> bool:
        if self._last is None:
            return False
        moved = event.position() - self._last
        before, self._last = self._last, event.position()
        height = max(1, self._viewport.height())
        dx, dy = moved.x() / height, moved.y() / height
        self._shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._inertia.move(dx, dy, time.perf_counter())
        self._go(before, dx, dy)
        return True

    def _go(self, start: QPointF, dx: float, dy: float) -> None:
        """Moves the view by a drag from `start`, in the way of its button."""
        style, navigator = self._settings.navigation, self._navigator
        if self._button != _Button.LeftButton or self._shift:
            navigator.pan(dx, dy)
        elif self.flying or style == "fly":
            navigator.look(dx, dy)
        elif style == "trackball":
            size = self._viewport.size()
            height = max(1, size.height())
            x, y = start.x() - size.width() / 2, start.y() - size.height() / 2
            navigator.trackball(x / height, y / height, dx, dy)
        else:
            navigator.orbit(dx, dy)

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() != self._button:
            return True
        moved = event.position() - self._pressed
        if self._button == _Button.LeftButton and moved.manhattanLength() <= SLIP:
            self.clicked.emit(event.position())
        if self._inertia.release(time.perf_counter(), self._settings.inertia):
            self._tick()  # the button is kept: what glides goes on in its way
        else:
            self._button = _Button.NoButton
        self._last = None
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        # Alt turns the wheel sideways on some desktops.
        turned = event.angleDelta().y() or event.angleDelta().x()
        size = self._viewport.size()
        height = max(1, size.height())
        x = (event.position().x() - size.width() / 2) / height
        y = (event.position().y() - size.height() / 2) / height
        self._stop_gliding()
        if self._settings.navigation == "fly":
            self._navigator.fly(0, 0, turned / 120, WHEEL_SECONDS, self._settings.fly_speed)
        else:
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
        if self._held:
            self._stop_gliding()
            self._tick()
        else:
            self._rest()
        return True

    def _tick(self) -> None:
        """Has the timer run."""
        if not self._timer.isActive():
            self._flown = time.perf_counter()
            self._timer.start()

    def _stop_gliding(self) -> None:
        if self._inertia.gliding:
            self._inertia.stop()
            self._rest()

    def _rest(self) -> None:
        """Stops the timer where nothing moves by itself."""
        if self._last is None:
            self._button = _Button.NoButton
            self._inertia.stop()
        if not self._held and not self._inertia.gliding:
            self._timer.stop()

    def _fly(self) -> None:
        now = time.perf_counter()
        seconds, self._flown = min(now - self._flown, LONGEST_STEP), now
        if self._inertia.gliding and self._last is None:
            middle = self._viewport.rect().center().toPointF()
            self._go(middle, *self._inertia.glide(seconds))
            if not self._inertia.gliding:
                self._rest()
        if not self._held:
            return
        modifiers = QGuiApplication.queryKeyboardModifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            seconds *= FAST
        if modifiers & Qt.KeyboardModifier.AltModifier:
            seconds *= SLOW
        steps = [FLY_KEYS[key] for key in self._held]
        right, up, ahead = (sum(step[axis] for step in steps) for axis in range(3))
        if right or up or ahead:
            self._navigator.fly(right, up, ahead, seconds, self._settings.fly_speed)
