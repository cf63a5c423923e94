"""What the tools of the viewport have in common: `Tool`, and what they work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QColor, QPainter, QPen

from ..render.camera import Camera
from ..render.selecting import How
from . import theme
from .editor import Editor
from .session import Session

Point = tuple[float, float]

AXIS_COLORS = ("#e06c75", "#8cc265", "#61a5e8")
"""Of the world's x, y and z."""

LIGHT, GLOW = theme.THEMES["dark"]["TEXT"], theme.THEMES["dark"]["ACCENT"]
"""Of lines over the picture, and of what is held: any picture may lie under any theme."""


@dataclass(frozen=True)
class Bench:
    """What a tool works with.

    Attributes:
        session, editor: the models.
        camera: the view in device-independent pixels, as events and painters have them.
        screen_camera: the view in the pixels that are drawn.
    """

    session: Session
    editor: Editor
    camera: Callable[[], Camera]
    screen_camera: Callable[[], Camera]


class Tool:
    """Takes drags of the left button on the viewport. Points are device-independent pixels."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def press(self, at: Point, how: How) -> bool:
        """The button goes down; whether the tool takes the drag. `how`: what keys say."""
        raise NotImplementedError

    def drag(self, at: Point) -> None:
        """The mouse moves with the button held."""
        raise NotImplementedError

    def release(self, at: Point) -> None:
        """The button goes up."""
        raise NotImplementedError

    def hover(self, at: Point) -> bool:
        """The mouse moves; whether there is something to take hold of."""
        return False

    def cancel(self) -> bool:
        """Gives up what is going on; whether there was something."""
        return False

    def forget(self) -> None:
        """Another scene was opened: lets go of what was of the one before."""
        self.cancel()

    def paint(self, painter: QPainter) -> None:
        """Draws over the picture."""


def stroke(color: str | None = None, width: float = 1.5) -> QPen:
    """A pen for lines over any picture, `GLOW` unless told; draw `under` first."""
    return QPen(QColor(color or GLOW), width)


def under(width: float = 1.5) -> QPen:
    """The dark edge that keeps a line visible on white."""
    return QPen(QColor(0, 0, 0, 130), width + 2.0)
