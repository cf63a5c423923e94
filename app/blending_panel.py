"""`BlendingPanel`: how splats are blended, and what the other ways would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..render.accumulate import accumulates
from ..render.frontier import Point
from ..scenes.content import Content
from . import theme
from .frontier_chart import FrontierChart, point_text
from .measurer import Measurer
from .mode_controls import ModeControls
from .setting_controls import SettingControl
from .weights_controls import WeightsControls

if TYPE_CHECKING:
    from .docks import Context

_HINT = "What every mode and setting of this\nbackend costs at this view."
_CHOOSE = "Point at a dot to see what it is,\nclick it to draw by it."


class BlendingPanel(QWidget):
    """Mode and settings of the picture; below them the frontier.

    Args:
        context: what panels may use.
        parent: the widget it lies in.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session = context.session
        self._context = context
        self._measured: dict[str, list[Point]] = {}  # by backend
        self._backend = session.backend  # what is being measured
        self.modes = ModeControls(session.settings, self._lacks, self)
        self.modes.released.connect(context.history.end_gesture)
        self.accumulate = SettingControl(session.settings, "accumulate", self)
        self.accumulate.released.connect(context.history.end_gesture)
        self.weights = WeightsControls(session, self)
        self.weights.told.connect(context.notify)
        self.weights.failed.connect(context.notify)
        self.chart = FrontierChart(self)
        self.chart.hovered.connect(self._show_hovered)
        self.chart.chosen.connect(self._choose)
        self.words = QLabel(_HINT, self)
        self.words.setProperty("role", "muted")
        self.words.setFont(theme.sized(self.font(), 0.9))
        self.words.setMinimumHeight(2 * self.words.fontMetrics().lineSpacing() + 2)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.button = QPushButton("Measure", self)
        self.button.setToolTip("Draws the view on screen in every mode, and times it")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self.measure_or_cancel)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()

        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(theme.GRID)
        column.addWidget(self.modes)
        column.addWidget(self.accumulate)
        column.addWidget(self.weights)
        column.addSpacing(theme.GRID)
        head = QHBoxLayout()
        head.addWidget(heading("Frontier", self), 1)
        head.addWidget(self.button)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.chart)
        column.addWidget(self.words)
        column.addStretch(1)

        self.measurer = Measurer(self)
        self.measurer.measured.connect(self._add)
        self.measurer.progressed.connect(self._progress)
        self.measurer.failed.connect(
            lambda error: context.notify("The frontier could not be measured", error)
        )
        self.measurer.ended.connect(self._ended)
        session.settings.events.connect(self._mark, max_args=0)
        session.modes_changed.connect(self._refresh)
        session.backend_changed.connect(self._refresh, max_args=0)
        session.scene_changed.connect(self._scene_changed)
        self._refresh()

    def measure_or_cancel(self) -> None:
        """Starts to measure the view on screen, or stops."""
        opened = self._session.opened
        if self.measurer.running:
            self.measurer.cancel()
        elif opened is not None:
            self._backend = self._session.backend
            self._measured[self._backend] = []
            self._show_points()
            self.bar.show()
            self.button.setText("Cancel")
            content, settings = opened.scene.content, self._session.settings
            self.measurer.start(self._backend, content, self._context.viewport.camera(), settings)

    def close_tasks(self, seconds: float) -> list[str]:
        """Stops what is done in threads; what did not end within `seconds` each."""
        return self.measurer.close(seconds) + self.weights.baker.close(seconds)

    def _lacks(self, mode: str) -> str | None:
        return self._session.lacks(mode, self._session.backend)

    def _refresh(self) -> None:
        self.modes.refresh()
        self.button.setEnabled(self._session.opened is not None)
        self._show_points()

    def _scene_changed(self) -> None:
        """What was measured was of another scene."""
        self.measurer.cancel()
        self._measured = {}
        self._session.points.clear()
        self._refresh()

    def _add(self, point: Point) -> None:
        if point.backend in self._measured:
            self._measured[point.backend].append(point)
            self._session.points[point.backend] = list(self._measured[point.backend])
            self._show_points()

    def _show_points(self) -> None:
        points = self._measured.get(self._session.backend, [])
        self.chart.show_points(points)
        self.chart.setVisible(bool(points))
        self._show_hovered(None)
        self._mark()

    def _mark(self) -> None:
        self.accumulate.setVisible(accumulates(self._session.settings, self._content()))
        self.chart.mark(self._session.settings)

    def _content(self) -> Content | None:
        opened = self._session.opened
        return None if opened is None else opened.scene.content

    def _progress(self, fraction: float, stage: str) -> None:
        self.bar.setValue(round(1000 * fraction))
        self.bar.setToolTip(stage)

    def _ended(self) -> None:
        self.bar.hide()
        self.button.setText("Measure")

    def _show_hovered(self, point: Point | None) -> None:
        hint = _CHOOSE if self.chart.points else _HINT
        self.words.setText(hint if point is None else point_text(point))

    def _choose(self, point: Point) -> None:
        with self._context.history.together(point.label):
            point.apply(self._session.settings)


def heading(text: str, parent: QWidget) -> QLabel:
    """The title of a part of the sidebar."""
    label = QLabel(text, parent)
    label.setFont(theme.sized(label.font(), 1.0, QFont.Weight.DemiBold))
    return label
