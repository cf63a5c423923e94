"""`ImageModel`: what a window shows of an image made of splats, without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal

from ..render.image.source import Source
from ..render.image.view import STRONGEST, ImageView
from ..scenes.image_splats import ImageSplats

ZOOM_STEP = 1.2
"""Factor of the scale for one notch of the wheel."""

NEAREST, FARTHEST = 1e8, 1e-3
"""Largest and smallest scale: as near as float64 tells points apart."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What a picture is drawn from; kept by the thread that draws it.

    Attributes:
        splats: all of them.
        view: where to look.
        backend: what draws.
        detail: share of the Gaussians.
        source: what the error is drawn against, None where it is not wanted.
    """

    splats: ImageSplats
    view: ImageView
    backend: str
    detail: float
    source: Source | None

    @property
    def coarse(self) -> ImageSplats:
        """The Gaussians of this level of detail."""
        return self.splats.detail(max(1, round(self.detail * len(self.splats))))


class ImageModel:
    """The image, where it is looked at, and how it is drawn.

    Attributes:
        splats: the image, None before there is one.
        source: the picture it is compared with, None where it is not known.
        changed: emitted when the picture on screen is out of date.
        replaced: emitted when there is another image or source.
    """

    changed = Signal()
    replaced = Signal()

    def __init__(self) -> None:
        self.splats: ImageSplats | None = None
        self.source: Source | None = None
        self.scale = 1.0
        self.center = (0.0, 0.0)
        self._values: dict[str, float | bool | str] = {
            "detail": 1.0,
            "k": STRONGEST,
            "ellipses": False,
            "heat": False,
            "backend": "cpu",
        }

    def __getitem__(self, name: str) -> float | bool | str:
        """A value: detail, k, ellipses, heat or backend."""
        return self._values[name]

    def __setitem__(self, name: str, value: float | bool | str) -> None:
        if self._values[name] != value:
            self._values[name] = value
            self.changed.emit()

    def show(self, splats: ImageSplats) -> None:
        """Puts another image in place; the view stays where it is."""
        self.splats = splats
        self.replaced.emit()
        self.changed.emit()

    def compare_with(self, source: Source | None) -> None:
        """What the error is drawn against."""
        self.source = source
        self.replaced.emit()
        self.changed.emit()

    def frame(self, width: int, height: int) -> None:
        """Shows the whole image in a picture of so many pixels."""
        if self.splats is not None:
            columns, rows = self.splats.size
            self.center = columns / 2, rows / 2
            self.scale = min(width / columns, height / rows)
            self.changed.emit()

    def look(self, scale: float) -> None:
        """Sets the scale; the middle stays."""
        self.scale = min(max(scale, FARTHEST), NEAREST)
        self.changed.emit()

    def pan(self, dx: float, dy: float) -> None:
        """Moves the image by pixels of the picture."""
        self.center = self.center[0] - dx / self.scale, self.center[1] - dy / self.scale
        self.changed.emit()

    def zoom(self, notches: float, x: float, y: float) -> None:
        """Nearer or farther; the point at (x, y) pixels from the picture's middle stays there."""
        before = self.scale
        self.scale = min(max(before * ZOOM_STEP**notches, FARTHEST), NEAREST)
        move = 1 / before - 1 / self.scale
        self.center = self.center[0] + x * move, self.center[1] + y * move
        self.changed.emit()

    def shown(self, width: int, height: int) -> Shown | None:
        """What there is to draw on so many pixels."""
        if self.splats is None or not len(self.splats):
            return None
        left = self.center[0] - width / 2 / self.scale
        top = self.center[1] - height / 2 / self.scale
        view = ImageView(width, height, self.scale, left, top, int(self._values["k"]))
        source = self.source if self._values["heat"] else None
        return Shown(
            *(self.splats, view, str(self._values["backend"])),
            *(float(self._values["detail"]), source),
        )
