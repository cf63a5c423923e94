"""`ImageWindow`: an image made of splats, to look at without end; or the fit of one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMainWindow, QToolBar, QWidget

from ..render.image.fitting import Fitted
from ..render.image.source import Source, SourceError, read_source
from ..render.renderer import BackendUnavailable
from ..scenes.errors import VoileError
from ..scenes.image_splats import ImageSplats
from ..scenes.io.vis import Bits, load_image, save_image
from . import dialogs, theme
from .banner import Banner
from .image_drawer import Drawn
from .image_fitter import ImageFitter
from .image_model import ImageModel
from .image_panel import ImagePanel
from .image_view import ImageCanvas
from .notices import Notices
from .pictures import save_png
from .tasks import Tasks

PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp);;All files (*)"

JOIN_SECONDS = 10.0


class ImageWindow(QMainWindow):
    """A window for one image.

    Args:
        parent: a window that it belongs to, None where it stands alone.

    Signals:
        closed: the window, when it is closed.

    Attributes:
        model, canvas, panel, fitter: the parts.
    """

    closed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.model = ImageModel()
        self.canvas = ImageCanvas(self.model, self)
        self.panel = ImagePanel(self.model, self)
        self.fitter = ImageFitter(self)
        self._notices = Notices(self.canvas)
        self._tasks = Tasks(self)
        self._tasks.failed.connect(lambda e: self.notify("The picture was not saved", e))
        self._name = ""
        self._bits: Bits | None = None
        body = QWidget(self)
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.panel)
        self.setCentralWidget(body)
        self._make_tools()
        self.setWindowTitle("Voile")
        self.resize(1120, 760)
        self.canvas.drawer.drawn.connect(self.panel.show_drawn)
        self.canvas.drawer.failed.connect(self._drawing_failed)
        self.panel.source_asked.connect(self._ask_source)
        self.panel.fit_asked.connect(self._fit_again)
        self.panel.stop_asked.connect(self.fitter.cancel)
        self.fitter.progressed.connect(self.panel.show_progress)
        self.fitter.read.connect(self._take_source)
        self.fitter.previewed.connect(self._show)
        self.fitter.fitted.connect(self._take_fitted)
        self.fitter.failed.connect(lambda e: self.notify("The picture was not fitted", e))
        self.fitter.ended.connect(lambda: self.panel.set_fitting(False))

    @property
    def banners(self) -> list[Banner]:
        """The notices that are up, newest last."""
        return self._notices.banners

    def open(self, path: Path) -> bool:
        """Shows a .vis file; whether it could be read."""
        try:
            splats = load_image(path)
        except VoileError as error:
            self.notify(f"Could not open {path.name}", error)
            return False
        self._named(path.name)
        self._show(splats)
        return True

    def fit_picture(self, path: Path, count: int | None = None, steps: int | None = None) -> None:
        """Fits a picture, and shows how it goes."""
        self._named(path.stem)
        self.panel.set_fitting(True)
        self.fitter.start(path, count, steps)

    def notify(self, title: str, error: BaseException | str) -> None:
        """Puts up a notice."""
        self._notices.notify(title, error)

    def save_file(self, path: Path) -> None:
        """Writes the image as .vis."""
        if self.model.splats is not None:
            try:
                save_image(self.model.splats, path, self._bits)
            except VoileError as error:
                self.notify("The image was not saved", error)

    def save_picture(self, path: Path) -> None:
        """Writes what is drawn, as it is on screen, as PNG."""
        drawn: Drawn | None = self.canvas.latest
        if drawn is not None:
            self._tasks.run("saving a picture", lambda: save_png(drawn.pixels, path))

    def compare_with(self, path: Path) -> None:
        """Reads the picture that errors are drawn against."""
        try:
            source = read_source(path)
            splats = self.model.splats
            if splats is not None and (source.size, source.channels) != (
                splats.size,
                splats.channels,
            ):
                raise SourceError(
                    f"{path}: has {source.size[0]}x{source.size[1]} pixels of {source.channels} "
                    f"channels, the image {splats.size[0]}x{splats.size[1]} of {splats.channels}. "
                    "Choose the picture that it was made from."
                )
        except VoileError as error:
            self.notify("The pictures cannot be compared", error)
            return
        self.model.compare_with(source)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ends what is done in threads."""
        self.fitter.close(JOIN_SECONDS)
        self._tasks.close(JOIN_SECONDS)
        self.canvas.drawer.close(JOIN_SECONDS)
        self.closed.emit(self)
        event.accept()

    def _make_tools(self) -> None:
        bar = QToolBar("Tools", self)
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        for text, icon, keys, does in (
            ("Save image…", "content-save-outline", QKeySequence.StandardKey.Save, self._ask_save),
            ("Save picture…", "camera-outline", "Ctrl+Shift+S", self._ask_picture),
            ("Whole image", "fit-to-screen-outline", "F", self.canvas.frame),
            ("Pixel for pixel", "numeric-1-box-outline", "1", lambda: self.canvas.look(1.0)),
        ):
            action = QAction(theme.icon(icon), text, self)
            action.setShortcut(QKeySequence(keys))
            action.setToolTip(f"{text}  ({action.shortcut().toString()})")
            action.triggered.connect(does)
            bar.addAction(action)
        self.addToolBar(bar)

    def _drawing_failed(self, error: Exception) -> None:
        self.notify("The image cannot be drawn", error)
        latest, backend = self.canvas.latest, self.model["backend"]
        if isinstance(error, BackendUnavailable):  # back to what has drawn
            drew = "cpu" if latest is None else latest.shown.backend
            if drew != backend:
                self.panel.backend.setCurrentText(drew)

    def _named(self, name: str) -> None:
        self._name = name
        self.setWindowTitle(f"{name} – Voile")

    def _show(self, splats: ImageSplats) -> None:
        first = self.model.splats is None or self.model.splats.size != splats.size
        self.model.show(splats)
        if first:
            self.canvas.frame()

    def _take_source(self, source: Source) -> None:
        self.model.compare_with(source)
        width, height = source.size
        if self.model.splats is None:
            self.panel.count.setValue(max(1, width * height // 26))

    def _take_fitted(self, fitted: Fitted) -> None:
        self._bits = fitted.bits
        self._show(fitted.splats)
        self.panel.show_quality(fitted.psnr)

    def _fit_again(self, count: int) -> None:
        if self.model.source is not None:
            self.panel.set_fitting(True)
            self.fitter.start(self.model.source, count)

    def _ask_source(self) -> None:
        if path := QFileDialog.getOpenFileName(self, "Compare with", "", PICTURES)[0]:
            self.compare_with(Path(path))

    def _ask_save(self) -> None:
        name = f"{Path(self._name).stem or 'image'}.vis"
        path = QFileDialog.getSaveFileName(self, "Save image", name, "Image of splats (*.vis)")[0]
        if path:
            self.save_file(Path(path if path.lower().endswith(".vis") else f"{path}.vis"))

    def _ask_picture(self) -> None:
        if path := dialogs.ask_picture_file(self, self._name):
            self.save_picture(Path(path))
