"""`FilmDialog`: how large, how fast and into which file a camera path is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..render.camera_path import CameraPath
from ..render.film import check_film, film_size
from ..scenes.errors import VoileError
from . import theme
from .setting_inputs import still

KINDS = {"MP4, H.264": ".mp4", "WebP, animated": ".webp", "PNG files, numbered": ".png"}
SIZES = ((1920, 1080), (1280, 720), (3840, 2160), (1080, 1080), (1080, 1920))


@dataclass(frozen=True)
class FilmPlan:
    """What was asked for; `size` in pixels."""

    output: Path
    size: tuple[int, int]
    fps: float
    quality: int


class FilmDialog(QDialog):
    """Asks, then shows how far the film is.

    Signals:
        asked: a FilmPlan.
        cancelled: the film that is being made is not wanted any more.
    """

    asked = Signal(object)
    cancelled = Signal()

    def __init__(self, path: CameraPath, backend: str, transparent: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export film")
        self._path, self._transparent = path, transparent
        self.kind = QComboBox(self)
        for name, suffix in KINDS.items():
            self.kind.addItem(name, suffix)
        self.size_ = QComboBox(self)
        for width, height in SIZES:
            self.size_.addItem(f"{width} × {height}", (width, height))
        self.size_.addItem("Another size", None)
        self.width_, self.height_ = self._spin(1920, 2, 16384), self._spin(1080, 2, 16384)
        self.fps = self._spin(30, 1, 240)
        self.quality = QSlider(Qt.Orientation.Horizontal, self)
        self.quality.setRange(1, 100)
        self.quality.setValue(85)
        still(self.quality)
        self.words = QLabel(self)
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.words.setMinimumWidth(360)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.export = QPushButton("Export…", self)
        self.export.setDefault(True)
        self.export.clicked.connect(self._ask)
        self.stop = QPushButton("Close", self)
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self.reject)
        self._lay_out(backend)
        self.kind.currentIndexChanged.connect(self._look)
        self.size_.activated.connect(self._choose_size)
        for spin in (self.width_, self.height_, self.fps):
            spin.valueChanged.connect(self._look)
        self.quality.valueChanged.connect(self._look)
        self._running = False
        self._look()

    def report(self, fraction: float, stage: str) -> None:
        """Shows how far the film is."""
        self.bar.setValue(round(1000 * fraction))
        self.words.setText(stage)

    def set_running(self, running: bool, words: str = "") -> None:
        """While a film is made nothing else can be asked for; at its end `words` say how it was."""
        self._running = running
        inputs = (self.kind, self.size_, self.width_, self.height_, self.fps, self.quality)
        for widget in (*inputs, self.export):
            widget.setEnabled(not running)
        self.bar.setVisible(running)
        self.bar.setValue(0)
        self.stop.setText("Cancel" if running else "Close")
        if not running:
            self._look()
        if words:
            self.words.setText(words)

    def reject(self) -> None:
        """Cancels the film that is being made, else closes."""
        if self._running:
            self.words.setText("Stopping")
            self.cancelled.emit()
        else:
            super().reject()

    @property
    def suffix(self) -> str:
        """Extension of what is written."""
        return self.kind.currentData()

    def _lay_out(self, backend: str) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(20)
        form.setVerticalSpacing(theme.GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        sides = QHBoxLayout()
        sides.addWidget(self.size_, 1)
        sides.addWidget(self.width_)
        sides.addWidget(QLabel("×", self))
        sides.addWidget(self.height_)
        captions = (
            ("Format", self.kind),
            ("Size", sides),
            ("Frames a second", self.fps),
            ("Quality", self.quality),
        )
        for caption, widget in captions:
            label = QLabel(caption, self)
            label.setProperty("role", "muted")
            form.addRow(label, widget)
            if isinstance(widget, QWidget):
                widget.setAccessibleName(caption)
        self.size_.setAccessibleName("Size")
        self.width_.setAccessibleName("Width in pixels")
        self.height_.setAccessibleName("Height in pixels")
        drawn = QLabel(
            f"Drawn by {backend} with the settings of the window, at full quality.", self
        )
        drawn.setProperty("role", "muted")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addLayout(form)
        column.addWidget(drawn)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addLayout(buttons)
        self.bar.hide()

    def _spin(self, value: int, low: int, high: int) -> QSpinBox:
        spin = QSpinBox(self)
        spin.setRange(low, high)
        spin.setValue(value)
        spin.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.setMinimumSize(64, 27)
        return spin

    def _choose_size(self) -> None:
        if size := self.size_.currentData():
            self.width_.setValue(size[0])
            self.height_.setValue(size[1])

    def _plan(self, output: Path) -> FilmPlan:
        size = film_size(output, (self.width_.value(), self.height_.value()))
        return FilmPlan(output, size, float(self.fps.value()), self.quality.value())

    def _look(self) -> None:
        """Says what it will be, or why it cannot be."""
        size = self.width_.value(), self.height_.value()
        self.size_.setCurrentIndex(SIZES.index(size) if size in SIZES else len(SIZES))
        self.quality.setEnabled(self.suffix != ".png")
        plan = self._plan(Path(f"film{self.suffix}"))
        try:
            check_film(
                *(plan.output, plan.size, plan.fps, plan.quality), transparent=self._transparent
            )
        except VoileError as error:
            self.words.setText(str(error).partition(": ")[2] or str(error))
            self.export.setEnabled(False)
            return
        frames = len(self._path.times(plan.fps))
        words = f"{frames:,} frames, {frames / plan.fps:.1f} s"
        if plan.size != size:
            words += f"; drawn {plan.size[0]} × {plan.size[1]}: MP4 takes even sides"
        self.words.setText(words)
        self.export.setEnabled(True)

    def _ask(self) -> None:
        places = QStandardPaths.StandardLocation
        folder = Path(QStandardPaths.writableLocation(places.MoviesLocation))
        suffix = self.suffix
        chosen = QFileDialog.getSaveFileName(
            self, "Export film", str(folder / f"film{suffix}"), f"Film (*{suffix})"
        )[0]
        if not chosen:
            return
        output = Path(chosen if chosen.lower().endswith(suffix) else chosen + suffix)
        self.asked.emit(self._plan(output))
