"""The dock Path: a timeline of views that the camera passes, its preview and its film."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..render.camera_path import CameraPath, Key
from ..scenes.errors import VoileError
from . import theme
from .path_films import PathFilms
from .timeline import Timeline
from .typed import number

if TYPE_CHECKING:
    from .docks import Context

_FILTER = "Camera path (*.json)"
TICK = 16
"""Milliseconds between two views of the preview."""


class PathPanel(QWidget):
    """Makes, shows, keeps and films a camera path; every change can be undone.

    Attributes:
        timeline: the keys along their time.
        add, update_key, remove, close_path, play, open, save, film: the buttons.
        time_field, angle_field: of the chosen key.
        films: asks for films and draws them.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._session, self._history = context.session, context.history
        self._motion = context.session.motion
        self.films = PathFilms(context, self)
        self.timeline = Timeline(self._motion, self)
        self.add = self._button("Add view", "Adds the view on screen to the path", self._add)
        self.update_key = self._button(
            "Replace", "Gives the chosen key the view on screen", self._update
        )
        self.remove = self._button("Remove", "Takes the chosen key out", self._remove)
        self.close_path = self._button("Close loop", "Comes back to the first view", self._close)
        self.open = self._button("Open…", "Opens a camera path", self._open)
        self.save = self._button("Save…", "Saves the path, for voile render --path too", self._save)
        self.film = self._button("Export film…", "Draws the path: MP4, WebP, PNG", self.films.ask)
        self.play = QToolButton(self)
        self.play.setCheckable(True)
        self.play.setIcon(theme.icon("play"))
        self.play.setToolTip("Runs along the path")
        self.play.setAccessibleName("Play")
        self.play.toggled.connect(self._play)
        self.words = QLabel(self)
        self.words.setProperty("role", "muted")
        self.time_field = self._field("Time of the key", "s", self._type_time)
        self.angle_field = self._field("Angle of view of the key", "°", self._type_angle)
        self._lay_out()
        self.timeline.chosen.connect(self._choose)
        self.timeline.scrubbed.connect(self.look_at)
        self.timeline.dragged.connect(self._drag)
        self.timeline.released.connect(self._history.end_gesture)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._tick)
        self._began = (0.0, 0.0)
        self._motion.changed.connect(self.refresh)
        self._motion.moved.connect(self._moved)
        self._session.scene_changed.connect(self.refresh)
        self.refresh()

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops a film that is being made."""
        self._timer.stop()
        return self.films.maker.close(seconds)

    def look_at(self, moment: float) -> None:
        """Shows the view at a time of the path."""
        self.play.setChecked(False)
        self._motion.time = moment
        self._show()

    def refresh(self) -> None:
        """Shows what can be done."""
        motion, row = self._motion, self.timeline.selected
        if row >= len(motion.keys):
            row = self.timeline.selected = -1
        self.add.setEnabled(self._session.opened is not None)
        for widget in (self.update_key, self.remove, self.time_field, self.angle_field):
            widget.setEnabled(row >= 0)
        for widget in (self.play, self.save, self.close_path):
            widget.setEnabled(motion.path is not None)
        self.film.setEnabled(motion.path is not None and self._session.opened is not None)
        self.close_path.setEnabled(motion.path is not None and not motion.path.closed)
        if row >= 0:
            self.time_field.setText(f"{motion.keys[row].time:.2f} s")
            self.angle_field.setText(f"{motion.keys[row].fov_y:.1f}°")
        else:
            self.time_field.clear()
            self.angle_field.clear()
        self._tell()
        self.timeline.update()

    # The path

    def _add(self) -> None:
        with self._noted("Add view to path"):
            self._choose(self._motion.add(self._context.viewport.camera()))

    def _update(self) -> None:
        with self._noted("Replace view of path"):
            self._motion.put(self.timeline.selected, self._context.viewport.camera())

    def _remove(self) -> None:
        with self._noted("Remove view from path"):
            self._motion.remove(self.timeline.selected)
            self.timeline.selected = -1
        self.refresh()

    def _close(self) -> None:
        with self._noted("Close path"):
            self._motion.close()

    def _drag(self, row: int, moment: float) -> None:
        before = self._motion.keys
        self._motion.move(row, moment)
        self._note("Move view of path", before)
        self._motion.time = self._motion.keys[row].time

    def _type_time(self, value: float) -> None:
        with self._noted("Move view of path"):
            self._motion.move(self.timeline.selected, value)

    def _type_angle(self, value: float) -> None:
        with self._noted("Angle of view of path"):
            self._motion.set_fov(self.timeline.selected, value)
        self._show()

    def _noted(self, text: str) -> _Noted:
        return _Noted(self, text)

    def _note(self, text: str, before: tuple[Key, ...]) -> None:
        apply = lambda keys: setattr(self._motion, "keys", keys)  # noqa: E731
        if before is not self._motion.keys:
            self._history.note(text, ("path", text), before, self._motion.keys, apply)

    def _choose(self, row: int) -> None:
        self.timeline.selected = row
        self.refresh()

    # Looking

    def _moved(self) -> None:
        self._tell()

    def _show(self) -> None:
        """Puts the window's camera where the path is; that is no step of undo."""
        key, session = self._motion.now(), self._session
        if key is not None and session.opened is not None:
            session.following = True
            try:
                session.navigator.stand(key.camera(1280, 720))
            finally:
                session.following = False

    def _play(self, on: bool) -> None:
        self.play.setIcon(theme.icon("pause" if on else "play"))
        motion = self._motion
        if not on or motion.path is None:
            self._timer.stop()
            return
        if motion.time >= motion.end:
            motion.time = motion.start
        self._began = time.perf_counter(), motion.time
        self._timer.start()

    def _tick(self) -> None:
        path, motion = self._motion.path, self._motion
        if path is None:
            self.play.setChecked(False)
            return
        began, start = self._began
        moment = start + time.perf_counter() - began
        if moment >= path.end and path.closed:
            moment = path.start + (moment - path.start) % path.duration
        motion.time = moment
        self._show()
        if moment >= path.end:
            self.play.setChecked(False)

    def _tell(self) -> None:
        motion = self._motion
        if motion.path is None:
            count = "one view" if motion.keys else "no view yet"
            self.words.setText(f"{count}; a path needs two")
        else:
            loop = ", a loop" if motion.path.closed else ""
            self.words.setText(
                f"{motion.time:.2f} of {motion.end:.2f} s, {len(motion.keys)} views{loop}"
            )

    # Files

    def _open(self) -> None:
        if file := QFileDialog.getOpenFileName(self, "Open camera path", "", _FILTER)[0]:
            self.load(Path(file))

    def load(self, file: Path) -> None:
        """Takes up the path of a file."""
        try:
            keys = CameraPath.load(file).keys
        except VoileError as error:
            self._context.notify("The path could not be opened", error)
            return
        with self._noted("Open path"):
            self._motion.keys = keys
            self._motion.kept = self._motion.keys
            self.timeline.selected = -1
        self.refresh()
        self.look_at(self._motion.start)

    def _save(self) -> None:
        path = self._motion.path
        file = QFileDialog.getSaveFileName(self, "Save camera path", "path.json", _FILTER)[0]
        if not file or path is None:
            return
        try:
            path.save(file if file.lower().endswith(".json") else f"{file}.json")
        except VoileError as error:
            self._context.notify("The path could not be saved", error)
        else:
            self._motion.kept = self._motion.keys

    # Parts

    def _button(self, text: str, hint: str, act) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: act())
        return button

    def _field(self, name: str, unit: str, act) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setToolTip(name)
        field.setFixedWidth(72)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)

        def typed() -> None:
            if not field.isModified():
                return
            field.setModified(False)
            with suppress(ValueError):  # no number: what was there comes back
                act(number(field.text(), unit))
            self.refresh()

        field.editingFinished.connect(typed)
        return field

    def _lay_out(self) -> None:
        top, below = QHBoxLayout(), QHBoxLayout()
        for row in (top, below):
            row.setSpacing(6)
        top.addWidget(self.play)
        top.addWidget(self.words)
        top.addStretch(1)
        for widget in (self.open, self.save, self.film):
            top.addWidget(widget)
        for widget in (self.add, self.update_key, self.remove, self.close_path):
            below.addWidget(widget)
        below.addStretch(1)
        for caption, field in (("Time", self.time_field), ("Angle of view", self.angle_field)):
            label = QLabel(caption, self)
            label.setProperty("role", "muted")
            below.addSpacing(10)
            below.addWidget(label)
            below.addWidget(field)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 12)
        column.setSpacing(theme.GRID)
        column.addLayout(top)
        column.addWidget(self.timeline)
        column.addLayout(below)
        column.addStretch(1)


class _Noted:
    """A change of the path as a step of its own."""

    def __init__(self, panel: PathPanel, text: str) -> None:
        self._panel, self._text = panel, text

    def __enter__(self) -> None:
        self._panel._history.end_gesture()
        self._before = self._panel._motion.keys

    def __exit__(self, *error: object) -> None:
        self._panel._note(self._text, self._before)
        self._panel._history.end_gesture()
