"""`GLFrame`: a drawn frame that is still on the GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import moderngl
import numpy as np

from ..frame import Frame
from ..renderer import RenderError

if TYPE_CHECKING:
    from .target import Target


@dataclass(frozen=True)
class Measured:
    """What a frame cost and how much it drew: milliseconds by stage and counts by name."""

    timings: dict[str, float]
    stats: dict[str, int]


class GLFrame:
    """A frame in textures, which belong to the renderer: valid until its next `draw`, `upload` or
    `close`. Where the context is a window's, it must be current.

    Args:
        targets: where it is, the first coat of a painted frame first.
        measure: says what it cost.
        is_valid: whether it is still there.
        context: makes the context current.
        painted: whether it blends paint.

    Attributes:
        width, height: size, pixels.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        measure: Callable[[], Measured],
        is_valid: Callable[[], bool],
        context: Callable[[], AbstractContextManager[None]],
        painted: bool = False,
    ) -> None:
        self._targets = targets
        self._measure = measure
        self._is_valid = is_valid
        self._context = context
        self._painted = painted
        self._measured: Measured | None = None
        self.width, self.height = targets[0].color.size

    @property
    def color(self) -> moderngl.Texture:
        """RGBA, premultiplied by alpha, no background, unclamped; row 0 is the top row."""
        return self._valid().color

    @property
    def depth(self) -> moderngl.Texture | None:
        """RG: sum of T alpha z and of T alpha, whose quotient is the expected depth."""
        return self._valid().depth

    @property
    def timings(self) -> dict[str, float]:
        """Milliseconds by stage. The first reading waits until the GPU has drawn the frame."""
        return self._resolve().timings

    @property
    def stats(self) -> dict[str, int]:
        """Counts by name. The first reading waits until the GPU has drawn the frame."""
        return self._resolve().stats

    def shown_from(self, target: Target, is_valid: Callable[[], bool]) -> GLFrame:
        """A frame of the same cost whose pixels are elsewhere. Arguments as of the class."""
        return GLFrame([target], self._resolve, is_valid, self._context)

    def download(self) -> Frame:
        """The frame as arrays. Waits for the GPU; its own time is the stage "download"."""
        target, measured = self._valid(), self._resolve()
        painted = self._painted
        start = time.perf_counter()
        shape = self.height, self.width
        dtype = {"f2": np.float16, "f4": np.float32}[target.color.dtype]
        with self._context():
            rgba = np.frombuffer(target.color.read(), dtype).reshape(*shape, 4)
            others = [
                np.frombuffer(other.color.read(), np.float32).reshape(*shape, 4)[..., :3]
                for other in (self._targets[1:] if painted else [])
            ]
            sums = target.depth.read() if target.depth is not None else None
        color, alpha = rgba[..., :3].astype(np.float32), rgba[..., 3].astype(np.float32)
        depth = None
        if sums is not None:
            pair = np.frombuffer(sums, np.float32).reshape(*shape, 2)
            depth = np.zeros(shape, np.float32)
            np.divide(pair[..., 0], pair[..., 1], out=depth, where=pair[..., 1] > 0)
        elapsed = (time.perf_counter() - start) * 1e3
        timings = measured.timings | {"download": elapsed}
        paint = np.concatenate([color, *others], axis=2) if painted else None
        return Frame(color, alpha, depth, timings, dict(measured.stats), paint)

    def _resolve(self) -> Measured:
        if self._measured is None:
            self._valid()
            with self._context():
                self._measured = self._measure()
        return self._measured

    def _valid(self) -> Target:
        if not self._is_valid():
            raise RenderError(
                "this GLFrame's textures were overwritten by a later draw; "
                "download() a frame to keep it"
            )
        return self._targets[0]
