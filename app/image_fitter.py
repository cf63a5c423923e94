"""`ImageFitter`: fits a picture in a thread, and shows how it goes."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ..render.image.source import Source
from ..scenes.progress import Progress
from .tasks import OneTask, Task

PREVIEW_EVERY = 0.7
"""Least time between two previews, seconds."""


class ImageFitter(OneTask):
    """One fit at a time. What it has is kept even where it is stopped.

    Signals:
        read: the Source, before the fit begins.
        previewed: ImageSplats as they are by now.
        fitted: the Fitted.
    """

    read = Signal(object)
    previewed = Signal(object)
    fitted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def start(self, picture: Path | Source, count: int | None, steps: int | None = None) -> None:
        """Fits a picture by `count` Gaussians, one for every 26 pixels where it is None."""
        if self.running:
            return

        def work(progress: Progress) -> object:
            return self._fit(picture, count, steps, progress)

        task = Task("fitting an image", work, self, keep=True)
        task.done.connect(self.fitted)
        self._run(task, "Reading the picture")

    def _fit(
        self, picture: Path | Source, count: int | None, steps: int | None, progress: Progress
    ) -> object:
        from ..render.image.fit import STEPS, Fit, Plan
        from ..render.image.fitting import fit_image
        from ..render.image.source import read_source

        source = picture if isinstance(picture, Source) else read_source(picture)
        self.read.emit(source)
        width, height = source.size
        wanted = max(1, width * height // 26) if count is None else count
        shown = time.monotonic()

        def watch(fit: Fit) -> None:
            nonlocal shown
            if time.monotonic() - shown >= PREVIEW_EVERY:
                shown = time.monotonic()
                self.previewed.emit(fit.splats())

        return fit_image(source, Plan(wanted, steps or STEPS), progress, watch=watch)
