"""The dock Performance: what frames cost, by stage, and what they hold and draw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..render.output import write_whole
from ..scenes.errors import VoileError
from . import theme
from .commands.console import size_text
from .jobs import Drawing
from .stage_chart import StageChart
from .trace import Recorder, host_bytes

if TYPE_CHECKING:
    from .docks import Context

ROWS = ("Frame", "Splats", "Drawn", "Culled", "Sort keys", "Host memory", "Device memory")


class PerformancePanel(QWidget):
    """A rolling chart of the last frames, numbers of the latest, and their trace as a file.

    Attributes:
        chart: the chart.
        values: labels of the numbers by row.
        recorder: keeps the frames.
    """

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self.recorder = Recorder()
        self.chart = StageChart(self.recorder, self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        self.values: dict[str, QLabel] = {}
        for row, name in enumerate(ROWS):
            caption, value = QLabel(name, self), QLabel("–", self)
            caption.setProperty("role", "muted")
            value.setFont(theme.sized(self.font(), 1.0))
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setMinimumWidth(120)
            grid.addWidget(caption, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name] = value
        self.button = QPushButton("Export trace…", self)
        self.button.setToolTip("The frames of the chart in Chrome's trace format")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.setEnabled(False)
        self.button.clicked.connect(self.export)
        side = QVBoxLayout()
        side.addLayout(grid)
        side.addStretch(1)
        side.addWidget(self.button)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 12)
        row.setSpacing(24)
        row.addWidget(self.chart, 1)
        row.addLayout(side)
        context.viewport.drawer.drawn.connect(self.take)
        context.session.settings.events.frame_rate.connect(  # pyright: ignore
            self._mark, max_args=0
        )
        self._mark()

    def take(self, drawing: Drawing) -> None:
        """Notes a drawing."""
        self.recorder.add(drawing)
        self.button.setEnabled(True)
        if self.isVisible():
            self._show()
            self.chart.update()

    def showEvent(self, event: QShowEvent) -> None:
        """What was drawn last, which may have been long ago."""
        super().showEvent(event)
        self._show()

    def export(self) -> None:
        """Asks for a file and writes the trace of the frames that are kept."""
        path = QFileDialog.getSaveFileName(
            self.window(), "Export trace", "voile-trace.json", "Chrome trace (*.json)"
        )[0]
        if path:
            data = self.recorder.trace()
            try:
                write_whole(Path(path), lambda to: to.write_bytes(data))
            except VoileError as error:
                self._context.notify("The trace was not written", error)

    def _mark(self) -> None:
        rate = self._context.session.settings.frame_rate
        self.chart.budget = 1e3 / rate if rate else None
        self.chart.update()

    def _show(self) -> None:
        if not self.recorder.frames:
            return
        latest = self.recorder.frames[-1]
        stats = latest.stats
        total, seen = stats.get("splats", 0), stats.get("visible", 0)
        keys = stats.get("keys")
        device = stats.get("device_bytes")
        texts = {
            "Frame": f"{latest.milliseconds:.1f} ms",
            "Splats": f"{total:,}",
            "Drawn": f"{seen:,}",
            "Culled": f"{total - seen:,}",
            "Sort keys": "–" if keys is None else f"{keys:,}",
            "Host memory": size_text(host_bytes()),
            "Device memory": "–" if device is None else size_text(device),
        }
        for name, text in texts.items():
            self.values[name].setText(text)
