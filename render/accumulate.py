"""`Accumulator`: the mean of frames that differ only in their random numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from ..scenes.content import Content
from ..scenes.progress import Progress, silent
from .camera import Camera
from .finish import asked
from .frame import Frame, FrameRequest
from .modes import MODES
from .renderer import Renderer
from .settings import Settings
from .shading import lit_by_samples

F = TypeVar("F")


class Mean(Protocol[F]):
    """Adds up frames where they are: as arrays, or on the device that drew them."""

    def add(self, frame: F, count: int) -> F:
        """The mean of `count` frames with the facts of the last, which is `frame`.

        A count of 1 starts anew; any other is one more than the last.
        """
        ...


class Accumulator:
    """Adds up frames of one request with seeds 0, 1, 2, ...; another request starts anew.

        request = accumulator.next(request)
        frame = accumulator.add(renderer.render(request))

    Used by one thread at a time.
    """

    def __init__(self) -> None:
        self._arrays = ArrayMean()
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._request: FrameRequest | None = None
        self._frames = 0
        self._arrays.clear()

    @property
    def frames(self) -> int:
        """Frames in the mean."""
        return self._frames

    @property
    def samples(self) -> int:
        """Samples per pixel in the mean."""
        if self._request is None:
            return 0
        return self._frames * samples_per_frame(self._request.settings)

    @property
    def full(self) -> bool:
        """Whether there are as many samples as setting `accumulate` asks for."""
        return self._request is not None and self.samples >= self._request.settings.accumulate

    def next(self, request: FrameRequest) -> FrameRequest:
        """The request with the seed to draw next; resets where view or settings are others."""
        if self._request is None or not same_frame(self._request, request):
            self.reset()
            # Settings can be changed by whoever holds them; what was drawn stays what it was.
            self._request = replace(request, settings=request.settings.copy())
        return replace(self._request or request, seed=self._frames)

    def add(self, frame: Frame) -> Frame:
        """Takes the frame of the latest `next` in; returns the mean with the frame's own facts."""
        return self.add_to(self._arrays, frame)

    def add_to(self, mean: Mean[F], frame: F) -> F:
        """As `add`, but to a mean that is kept elsewhere, and by this accumulator alone."""
        added = mean.add(frame, self._frames + 1)
        self._frames += 1
        return added


class ArrayMean:
    """A `Mean` of `Frame`s. Sums are float64, so that a thousand frames round like one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Frees the sums, which are large."""
        self._sums: np.ndarray | None = None  # (H, W, C): colour, alpha, depth times alpha, paint

    def add(self, frame: Frame, count: int) -> Frame:
        """As `Mean.add`."""
        parts = [frame.color, frame.alpha[..., None]]
        if frame.depth is not None:
            parts.append((frame.depth * frame.alpha)[..., None])
        if frame.paint is not None:
            parts.append(frame.paint)
        values = np.concatenate(parts, axis=2).astype(np.float64)
        if count == 1 or self._sums is None:
            self._sums = values
            return frame
        self._sums += values
        mean = self._sums / count
        alpha = mean[..., 3]
        depth = None
        if frame.depth is not None:
            depth = np.zeros(alpha.shape, np.float32)
            np.divide(mean[..., 4], alpha, out=depth, where=alpha > 0, casting="same_kind")
        return replace(
            frame,
            color=mean[..., :3].astype(np.float32),
            alpha=alpha.astype(np.float32),
            depth=depth,
            paint=None
            if frame.paint is None
            else mean[..., -frame.paint.shape[2] :].astype(np.float32),
        )


def draw_whole(
    renderer: Renderer, request: FrameRequest, progress: Progress = silent, stage: str = "Drawing"
) -> Frame:
    """One frame, the mean of as many as the settings ask for; `finish.finished` is the next step.

    Raises:
        RenderError: as `Renderer.render`.
    """
    settings, mean = request.settings, Accumulator()
    progress(0.0, stage)
    frame = mean.add(renderer.render(mean.next(asked(request))))
    adds = accumulates(settings) or "light_samples" in frame.stats
    count = -(-settings.accumulate // samples_per_frame(settings)) if adds else 1
    for number in range(1, count):
        progress(number / count, stage)
        frame = mean.add(renderer.render(mean.next(asked(request))))
    return frame


def accumulates(settings: Settings, content: Content | None = None) -> bool:
    """Whether frames of other seeds average to a better picture, by the mode or by light."""
    mode = MODES.get(settings.mode)
    if mode is not None and mode.accumulates:
        return True
    return content is not None and lit_by_samples(content, settings)


def samples_per_frame(settings: Settings) -> int:
    """Samples per pixel of one frame: of the mode, or else of light."""
    return settings.samples if accumulates(settings) else settings.light_samples


def same_frame(a: FrameRequest, b: FrameRequest) -> bool:
    """Whether two requests ask for the same picture but for the seed."""
    return (
        a.depth == b.depth
        and a.median == b.median
        and a.paint is b.paint
        and a.settings == b.settings
        and same_view(a.camera, b.camera)
    )


def same_view(a: Camera, b: Camera) -> bool:
    """Whether two cameras are equal."""
    return a is b or (
        np.array_equal(a.world_to_camera, b.world_to_camera)
        and all(
            getattr(a, name) == getattr(b, name)
            for name in ("width", "height", "fx", "fy", "cx", "cy", "near", "far")
        )
    )
