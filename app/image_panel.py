"""What stands beside an image made of splats: facts, how it is drawn, and the fit."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..render.image.renderer import IMAGE_BACKENDS
from ..render.image.view import STRONGEST
from ..scenes.image_splats import CHANNELS, ImageSplats
from . import theme
from .image_drawer import Drawn
from .image_model import ImageModel
from .settings_panel import Group

WIDTH = 300


class ImagePanel(QWidget):
    """The controls of an `ImageModel`.

    Signals:
        source_asked: a picture to compare with is to be chosen.
        fit_asked: number of Gaussians to fit the source by.
        stop_asked: the fit is to end.

    Attributes:
        detail, k: sliders. ellipses, heat: switches. backend: list. count: number to fit by.
        fit, stop, source: buttons. progress: of the fit.
    """

    source_asked = Signal()
    fit_asked = Signal(int)
    stop_asked = Signal()

    def __init__(self, model: ImageModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._measured: ImageSplats | None = None
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 14)
        column.setSpacing(theme.GRID)
        self._facts = {name: QLabel("–", self) for name in
                       ("Size", "Gaussians", "Scale", "Drawn", "Error")}  # fmt: skip
        column.addWidget(self._make_facts())
        column.addWidget(self._make_drawing())
        column.addWidget(self._make_fit())
        column.addStretch(1)
        model.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the image of the model."""
        splats, known = self._model.splats, self._model.source is not None
        if splats is not None:
            width, height = splats.size
            self._facts["Size"].setText(f"{width} × {height}, {CHANNELS[splats.channels]}")
            self._facts["Gaussians"].setText(f"{len(splats):,}")
        self.heat.setEnabled(known)
        self.heat.setToolTip("" if known else "Choose the picture to compare with first")
        self.fit.setEnabled(known)

    def show_drawn(self, drawn: Drawn) -> None:
        """What a view took, and how far it is from the source."""
        share = max(1, round(drawn.shown.detail * len(drawn.shown.splats)))
        self._facts["Gaussians"].setText(f"{share:,} of {len(drawn.shown.splats):,}")
        self._facts["Scale"].setText(f"{drawn.shown.view.scale:.4g}×")
        self._facts["Drawn"].setText(f"{drawn.milliseconds:.0f} ms, {drawn.shown.backend}")
        self._facts["Drawn"].setToolTip(drawn.device)
        if drawn.psnr is not None:
            self._facts["Error"].setText(f"{drawn.psnr:.2f} dB, colours to {drawn.limit}/255")
        elif drawn.shown.splats is not self._measured:
            self._facts["Error"].setText("–")

    def show_quality(self, psnr: float) -> None:
        """The dB that the image on show was fitted to."""
        self._measured = self._model.splats
        self._facts["Error"].setText(f"{psnr:.2f} dB")

    def show_progress(self, fraction: float, stage: str) -> None:
        """How far the fit is."""
        self.progress.setValue(round(1000 * fraction))
        self.stage.setText(stage)

    def set_fitting(self, fitting: bool) -> None:
        """Whether a fit is under way."""
        for widget in (self.progress, self.stage, self.stop):
            widget.setVisible(fitting)
        self.fit.setVisible(not fitting)
        self.count.setEnabled(not fitting)

    def _make_facts(self) -> Group:
        group = Group("Image", self)
        table = QWidget(group)
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(self._facts.items()):
            caption = QLabel(name, table)
            caption.setProperty("role", "muted")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(caption, row, 0)
            grid.addWidget(value, row, 1)
        group.addWidget(table)
        return group

    def _make_drawing(self) -> Group:
        group = Group("Drawing", self)
        self.detail = self._slider(
            *(group, "Detail", 1, 100, 100, lambda v: f"{v} %"),
            lambda v: self._set("detail", v / 100),
        )
        self.k = self._slider(
            *(group, "Strongest Gaussians a pixel (K)", 1, STRONGEST, STRONGEST, str),
            lambda v: self._set("k", v),
        )
        self.ellipses = QCheckBox("Ellipses", group)
        self.ellipses.toggled.connect(lambda on: self._set("ellipses", on))
        self.heat = QCheckBox("Error against the source", group)
        self.heat.toggled.connect(lambda on: self._set("heat", on))
        self.source = QPushButton("Compare with…", group)
        self.source.clicked.connect(self.source_asked)
        self.backend = QComboBox(group)
        self.backend.setAccessibleName("Backend")
        self.backend.addItems(list(IMAGE_BACKENDS))
        self.backend.currentTextChanged.connect(lambda name: self._set("backend", name))
        caption = QLabel("Backend", group)
        caption.setProperty("role", "muted")
        for widget in (self.ellipses, self.heat, self.source, caption, self.backend):
            group.addWidget(widget)
        return group

    def _make_fit(self) -> Group:
        group = Group("Fit", self)
        self.count = QSpinBox(group)
        self.count.setRange(1, 10_000_000)
        self.count.setValue(10_000)
        self.count.setGroupSeparatorShown(True)
        self.count.setMinimumHeight(30)
        self.count.setSuffix(" Gaussians")
        self.count.setAccessibleName("Gaussians to fit by")
        self.fit = QPushButton("Fit", group)
        self.fit.clicked.connect(lambda: self.fit_asked.emit(self.count.value()))
        self.stage = QLabel("", group)
        self.stage.setProperty("role", "muted")
        self.stage.setWordWrap(True)
        self.progress = QProgressBar(group)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.stop = QPushButton("Stop, and keep this", group)
        self.stop.clicked.connect(self.stop_asked)
        for widget in (self.count, self.fit, self.stage, self.progress, self.stop):
            group.addWidget(widget)
        self.set_fitting(False)
        return group

    def _set(self, name: str, value: float | bool | str) -> None:
        self._model[name] = value

    def _slider(self, group: Group, title, low, high, value, words, changed) -> QSlider:
        caption = QLabel(f"{title}: {words(value)}", group)
        slider = QSlider(Qt.Orientation.Horizontal, group)
        slider.setRange(low, high)
        slider.setValue(value)
        slider.setAccessibleName(title)
        slider.valueChanged.connect(lambda v: caption.setText(f"{title}: {words(v)}"))
        slider.valueChanged.connect(changed)
        group.addWidget(caption)
        group.addWidget(slider)
        return slider
