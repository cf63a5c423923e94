"""Pictures of the viewport: the renderer's frame as it is, without any interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtGui import QImage

from ..render.display import developed
from ..render.finish import resized
from ..render.frame import Frame
from ..render.output import write_whole
from ..render.settings import Settings


def pixels(
    frame: Frame, settings: Settings, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """(H, W, 3) over the background, or (H, W, 4) with straight alpha where that is asked for.

    As a display shows it, of width and height `size` where that is given.
    """
    frame = developed(frame if size is None else resized(frame, *size), settings)
    return frame.to_rgba8() if settings.transparent else frame.to_rgb8(settings.background)


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Pixels as `pixels` gives them, as an image of Qt's that owns its memory."""
    height, width, channels = pixels.shape
    layouts = QImage.Format
    layout = layouts.Format_RGB888 if channels == 3 else layouts.Format_RGBA8888
    return QImage(pixels.tobytes(), width, height, channels * width, layout).copy()


def save_png(image: NDArray[np.uint8], path: Path) -> None:
    """Writes a PNG of pixels as `pixels` gives them, whole or not at all. Raises OutputError."""
    write_whole(path, lambda to: Image.fromarray(image).save(to, format="PNG"))
