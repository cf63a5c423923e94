"""`CameraFields`: where the camera stands, in numbers that can be read and typed."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from .history import History
from .session import Session
from .typed import narrow, number, put_narrow

ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Position", "eye", ("x", "y", "z")),
    ("Target", "target", ("x", "y", "z")),
    ("Angles", "angles", ("azimuth", "elevation", "roll")),
    ("Distance", "distance", ("",)),
    ("Angle of view", "fov_y", ("",)),
)
"""Caption, what `Navigator.place` calls it, and its parts."""

_UNITS = {"angles": "°", "fov_y": "°"}


class CameraFields(QWidget):
    """A row for each part of the view. What is no number is put back.

    Attributes:
        fields: by what `Navigator.place` calls them, one for each part.
    """

    def __init__(self, session: Session, history: History, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._history = session, history
        self.fields: dict[str, list[QLineEdit]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(4)
        for row, (caption, name, parts) in enumerate(ROWS):
            label = QLabel(caption, self)
            label.setProperty("role", "muted")
            grid.addWidget(label, row, 0)
            self.fields[name] = []
            for k, part in enumerate(parts):
                field = QLineEdit(self)
                field.setAlignment(Qt.AlignmentFlag.AlignRight)
                field.setAccessibleName(f"{caption} {part}".strip())
                field.setToolTip(part.capitalize() if name == "angles" else "")
                field.setMinimumWidth(40)
                field.editingFinished.connect(lambda n=name: self._typed(n))
                grid.addWidget(field, row, 1 + k)
                self.fields[name].append(field)
        grid.setColumnMinimumWidth(0, 88)
        for column in (1, 2, 3):
            grid.setColumnStretch(column, 1)
        session.navigator.changed.connect(self.refresh)
        session.scene_changed.connect(self.refresh)
        session.settings.events.field_of_view.connect(self.refresh, max_args=0)  # pyright: ignore
        self.refresh()

    def values(self) -> dict[str, list[float]]:
        """The view as numbers, by the names of `ROWS`."""
        navigator = self._session.navigator
        angles = navigator.azimuth, navigator.elevation, navigator.roll
        return {
            "eye": [float(v) for v in navigator.eye],
            "target": [float(v) for v in navigator.target],
            "angles": [math.degrees(v) for v in angles],
            "distance": [navigator.distance],
            "fov_y": [navigator.fov_y],
        }

    def refresh(self) -> None:
        """Shows the view."""
        for name, values in self.values().items():
            for field, value in zip(self.fields[name], values, strict=True):
                text = _text(value, name)
                if field.text() != text and not field.isModified():
                    put_narrow(field, text)
        self.setEnabled(self._session.opened is not None)
        set_by = self._session.settings.field_of_view
        (angle,) = self.fields["fov_y"]
        angle.setEnabled(not set_by)
        angle.setToolTip("Setting Field of view says it." if set_by else "")

    def _typed(self, name: str) -> None:
        fields = self.fields[name]
        if not any(field.isModified() for field in fields):
            return
        before, wanted = self.values()[name], []
        for field, old in zip(fields, before, strict=True):
            try:
                value = number(field.text(), _UNITS.get(name, ""))
            except ValueError:
                value = old
            # What was not typed keeps the digits that the field has no room for.
            wanted.append(value if field.isModified() else old)
            field.setModified(False)
        if name == "distance":
            wanted = [max(wanted[0], 1e-6 * self._session.navigator.radius)]
        elif name == "fov_y":
            wanted = [min(max(wanted[0], 1.0), 150.0)]
        navigator = self._session.navigator
        self._history.end_gesture()
        if name == "angles":
            navigator.place(azimuth=wanted[0], elevation=wanted[1], roll=wanted[2])
        elif name == "fov_y":
            self._session.set_fov(wanted[0])
        else:
            navigator.place(**{name: wanted if len(wanted) > 1 else wanted[0]})
        self._history.end_gesture()
        self.refresh()


def _text(value: float, name: str) -> str:
    """A number for a narrow field."""
    if _UNITS.get(name):
        return f"{value if abs(value) >= 0.05 else 0.0:.1f}°"
    return narrow(value)
