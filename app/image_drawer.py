"""`ImageDrawer`: draws views of an image in a thread; the latest wins."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ..render.frame import quantise
from ..render.heat import heat, limit_for
from ..render.image.renderer import ImageRenderer, create_image_renderer
from ..render.image.view import ImageView, whole
from ..render.metrics import psnr
from ..scenes.image_splats import ImageSplats
from ..scenes.progress import Progress
from .image_model import ImageModel, Shown
from .session import CANVAS
from .tasks import OneTask, Task


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn view.

    Attributes:
        shown: what it shows.
        pixels: (H, W, 3) uint8.
        milliseconds: what the view took.
        device: what drew.
        psnr: of the whole image against the source, None where that was not asked for.
        limit: end of the scale of errors, in 1/255.
    """

    shown: Shown
    pixels: NDArray[np.uint8]
    milliseconds: float
    device: str
    psnr: float | None = None
    limit: int = 0


class ImageDrawer(OneTask):
    """Draws what a model shows, whenever it has changed.

    Signals:
        drawn: a Drawn.
    """

    drawn = Signal(object)

    def __init__(self, model: ImageModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._size = (0, 0)
        self._stale = False
        self._closed = False
        self._held = _Held()
        model.changed.connect(self.invalidate)
        self.ended.connect(self._next)

    @property
    def settled(self) -> bool:
        """Whether the latest view has been drawn."""
        return not (self._stale or self.running)

    def resize(self, width: int, height: int) -> None:
        """Of the picture, physical pixels."""
        self._size = width, height
        self.invalidate()

    def invalidate(self) -> None:
        """Draws anew, once what is being drawn is done."""
        self._stale = True
        self._next()

    def close(self, seconds: float) -> list[str]:
        """Stops drawing; as `OneTask`."""
        self._closed = True
        return super().close(seconds)

    def _next(self) -> None:
        if self.running or not self._stale or self._closed or 0 in self._size:
            return
        shown = self._model.shown(*self._size)
        self._stale = False
        if shown is None:
            return
        task = Task("drawing an image", lambda progress: self._held.draw(shown, progress), self)
        task.done.connect(self.drawn)
        self._run(task, "Drawing")


class _Held:
    """The renderer and the error of the image that is shown; used by one thread at a time."""

    def __init__(self) -> None:
        self._renderer: ImageRenderer | None = None
        self._key: tuple[ImageSplats, float] | None = None
        self._splats: ImageSplats | None = None
        self._error: tuple[object, NDArray[np.float32], float] | None = None

    def draw(self, shown: Shown, progress: Progress) -> Drawn:
        begun = time.perf_counter()
        renderer = self._made(shown)
        if shown.source is not None:
            return self._errors(shown, renderer, begun)
        frame = renderer.render(shown.view)
        pixels = quantise(frame.over(CANVAS))
        elapsed = 1e3 * (time.perf_counter() - begun)
        return Drawn(shown, pixels, elapsed, f"{renderer.name} · {renderer.device}")

    def _made(self, shown: Shown) -> ImageRenderer:
        if self._renderer is None or self._renderer.name != shown.backend:
            self._renderer, self._key = create_image_renderer(shown.backend), None
        if self._key is None or self._key[0] is not shown.splats or self._key[1] != shown.detail:
            self._splats = shown.coarse
            self._renderer.upload(self._splats)
            self._key = shown.splats, shown.detail
        return self._renderer

    def _errors(self, shown: Shown, renderer: ImageRenderer, begun: float) -> Drawn:
        """The view of the image's own pixels, in the colours of their errors."""
        source = shown.source
        assert source is not None
        assert self._splats is not None
        key = shown.splats, shown.detail, shown.view.k, source, shown.backend
        if self._error is None or self._error[0] != key:
            frame = renderer.render(whole(self._splats, k=shown.view.k))
            target = source.rows(0, source.size[1])
            rgb = target[..., :3] if source.channels > 2 else np.repeat(target[..., :1], 3, axis=2)
            error = np.abs(np.clip(frame.color, 0, 1) - rgb).max(axis=2)
            self._error = key, error, psnr(frame.color, rgb)
        _, error, quality = self._error
        limit = limit_for(error)
        colors = heat(_nearest(error, shown.view), limit)
        inside = _nearest(np.ones_like(error), shown.view)[..., None]
        behind = (1 - inside) * np.array(CANVAS, np.float32)
        pixels = quantise(np.asarray(colors * inside + behind, np.float32))
        elapsed = 1e3 * (time.perf_counter() - begun)
        return Drawn(
            *(shown, pixels, elapsed, f"{renderer.name} · {renderer.device}"), quality, limit
        )


def _nearest(values: NDArray[np.float32], view: ImageView) -> NDArray[np.float32]:
    """(H, W) values of the image's pixels that lie at those of a view; 0 beyond the image."""
    height, width = values.shape
    x = np.floor((np.arange(view.width) + 0.5) / view.scale + view.left).astype(np.int64)
    y = np.floor((np.arange(view.height) + 0.5) / view.scale + view.top).astype(np.int64)
    found = values[np.clip(y, 0, height - 1)[:, None], np.clip(x, 0, width - 1)]
    found[(y < 0) | (y >= height)] = 0.0
    found[:, (x < 0) | (x >= width)] = 0.0
    return found
