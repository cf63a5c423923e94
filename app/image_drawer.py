"""`ImageDrawer`: draws views of an image in a thread; the latest wins."""

from __future__ import annotations

import threading
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
from .image_model import ImageModel, Shown
from .session import CANVAS
from .tasks import tell


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


class ImageDrawer(QObject):
    """Draws what a model shows, whenever it has changed, in a thread of its own.

    One thread for all views: a context of OpenGL belongs to the thread that made it.

    Signals:
        drawn: a Drawn.
        failed: the exception.
    """

    drawn = Signal(object)
    failed = Signal(object)
    _answered = Signal(object)  # a Drawn or an exception, sent by the thread

    def __init__(self, model: ImageModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._size = (0, 0)
        self._drawing = False
        self._stale = False
        self._closed = False
        self._changed = threading.Condition()
        self._wanted: Shown | None = None
        self._thread: threading.Thread | None = None
        model.changed.connect(self.invalidate)
        self._answered.connect(self._take)

    @property
    def settled(self) -> bool:
        """Whether the latest view has been drawn."""
        return not (self._stale or self._drawing)

    def resize(self, width: int, height: int) -> None:
        """Of the picture, physical pixels."""
        self._size = width, height
        self.invalidate()

    def invalidate(self) -> None:
        """Draws anew, once what is being drawn is done."""
        self._stale = True
        self._next()

    def close(self, seconds: float) -> list[str]:
        """Stops after the view that is being drawn; its name if that takes longer."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is None:
            return []
        self._thread.join(seconds)
        return ["drawing an image"] if self._thread.is_alive() else []

    def _next(self) -> None:
        if self._drawing or not self._stale or self._closed or 0 in self._size:
            return
        shown = self._model.shown(*self._size)
        self._stale = False
        if shown is None:
            return
        self._drawing = True
        with self._changed:
            self._wanted = shown
            self._changed.notify()
        if self._thread is None:
            name = "voile task drawing an image"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def _take(self, answer: Drawn | Exception) -> None:
        self._drawing = False
        if self._closed:
            return
        if isinstance(answer, Drawn):
            self.drawn.emit(answer)
        else:
            self.failed.emit(answer)
        self._next()

    def _run(self) -> None:
        held = _Held()
        while (shown := self._wait()) is not None:
            try:
                answer = held.draw(shown)
            except Exception as error:
                answer = error
            tell(self._answered, answer)
        held.close()

    def _wait(self) -> Shown | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted is not None)
            shown, self._wanted = self._wanted, None
            return None if self._closed else shown


class _Held:
    """The renderer and the error of the image that is shown; of one thread."""

    def __init__(self) -> None:
        self._renderer: ImageRenderer | None = None
        self._key: tuple[ImageSplats, float] | None = None
        self._splats: ImageSplats | None = None
        self._error: tuple[object, NDArray[np.float32], float] | None = None

    def draw(self, shown: Shown) -> Drawn:
        begun = time.perf_counter()
        renderer = self._made(shown)
        if shown.source is not None:
            return self._errors(shown, renderer, begun)
        frame = renderer.render(shown.view)
        pixels = _within(quantise(frame.over(CANVAS)), shown.view, shown.splats.size)
        elapsed = 1e3 * (time.perf_counter() - begun)
        return Drawn(shown, pixels, elapsed, f"{renderer.name} · {renderer.device}")

    def close(self) -> None:
        """Frees the renderer."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer, self._key = None, None

    def _made(self, shown: Shown) -> ImageRenderer:
        if self._renderer is None or self._renderer.name != shown.backend:
            made = create_image_renderer(shown.backend)
            self.close()
            self._renderer = made
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


def _within(pixels: NDArray[np.uint8], view: ImageView, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels without what the field goes on to beyond the edges of the image."""
    x = (np.arange(view.width) + 0.5) / view.scale + view.left
    y = (np.arange(view.height) + 0.5) / view.scale + view.top
    empty = quantise(np.array(CANVAS, np.float32))
    pixels[:, (x < 0) | (x >= size[0])] = empty
    pixels[(y < 0) | (y >= size[1])] = empty
    return pixels


def _nearest(values: NDArray[np.float32], view: ImageView) -> NDArray[np.float32]:
    """(H, W) values of the image's pixels that lie at those of a view; 0 beyond the image."""
    height, width = values.shape
    x = np.floor((np.arange(view.width) + 0.5) / view.scale + view.left).astype(np.int64)
    y = np.floor((np.arange(view.height) + 0.5) / view.scale + view.top).astype(np.int64)
    found = values[np.clip(y, 0, height - 1)[:, None], np.clip(x, 0, width - 1)]
    found[(y < 0) | (y >= height)] = 0.0
    found[:, (x < 0) | (x >= width)] = 0.0
    return found
