"""The debug views of `inspect.PROJECTED` by kernels, about 7 times as fast as their definition."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.footprint import HALF_LOG2_E
from ...kernels.cpu.frame import Blending, Drawn, Visible, draw
from ...kernels.cpu.project import ANCHOR_X, ANCHOR_Y, BLUE, RED, A, B, C, U, V
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.views import bins, ellipsoids, overdraw
from ...kernels.cpu.workers import Workers, shared_workers, thread_count
from ...scenes.content import Content
from ..camera import Camera
from ..frame import Frame, FrameRequest
from ..inspect import SHELL, bins_frame, overdraw_frame, view_stage
from ..kernel_view import view_of
from ..scene_facts import facts_of
from .modes import binned
from .renderer import columns_of, culling

Float32 = NDArray[np.float32]


def draw_projected(content: Content, request: FrameRequest) -> Frame:
    """One of the views, as `inspect.draw_projected` defines it. For any thread."""
    begun = time.perf_counter()
    shown, settings, camera = request.settings.shown, request.settings, request.camera
    if shown == "overdraw":
        drawn = _draw(content, request, Blending("scene", overdraw.rasterize, _params(0), _nothing))
        frame, more = overdraw_frame(drawn.alpha)
    elif shown == "bins":
        found = binned.blending(facts_of(content.splats), camera, settings, 0)
        drawn = _draw(content, request, found._replace(rasterize=bins.rasterize))
        frame, more = bins_frame(drawn.alpha, settings.bins)
    elif shown == "ellipsoids":
        shell = _params(SHELL * HALF_LOG2_E)
        drawn = _draw(content, request, Blending("depth", ellipsoids.rasterize, shell, _nothing))
        frame, more = Frame(drawn.color, drawn.alpha), {}
    else:
        dots = _Dots(camera)
        # The nearest come first, and `dots` is all that is wanted of them: nothing is rasterized.
        drawn = _draw(content, request, Blending("depth", _no_tiles, _params(0), dots))
        frame, more = dots.frame(), {}
    depth = np.zeros_like(frame.alpha) if request.depth else None
    stats = {"splats": len(content.splats), "visible": drawn.visible, **more}
    rest = 1e3 * (time.perf_counter() - begun) - sum(drawn.timings.values())
    timings = drawn.timings | {view_stage(shown): rest}
    return Frame(frame.color, frame.alpha, depth, timings, stats)


def _draw(content: Content, request: FrameRequest, blending: Blending) -> Drawn:
    splats, camera, settings = content.splats, request.camera, request.settings
    return draw(
        *(columns_of(splats), view_of(camera), (camera.width, camera.height)),
        *(shared_workers(thread_count()), Scratch(), blending),
        degree=min(settings.max_sh_degree, splats.sh_degree),
        splat_scale=settings.splat_scale,
        antialias=settings.uses_antialiasing(splats.antialiased),
        cull=culling(settings, camera),
    )


def _params(value: float) -> Float32:
    return np.array([value], np.float32)


def _nothing(visible: Visible, workers: Workers) -> Float32:
    return np.zeros((len(visible.splats), 1), np.float32)


def _no_tiles(*arguments: object) -> None:
    """Leaves the images as they are."""


class _Dots:
    """The pixel of each centre in its splat's colour, the nearest in front."""

    def __init__(self, camera: Camera) -> None:
        self._shape = camera.height, camera.width
        self._color = np.zeros((camera.height * camera.width, 3), np.float32)
        self._alpha = np.zeros(camera.height * camera.width, np.float32)

    def __call__(self, visible: Visible, workers: Workers) -> Float32:
        each = visible.footprints
        # From the centre to the middle of the anchor, the nearest pixel of the image.
        dy = each[:, V] / each[:, C]
        dx = (each[:, U] - each[:, B] * dy) / each[:, A]
        rows = np.flatnonzero((np.abs(dx) <= 0.5) & (np.abs(dy) <= 0.5))[::-1]
        x, y = each[rows, ANCHOR_X].astype(np.int64), each[rows, ANCHOR_Y].astype(np.int64)
        pixels = y * self._shape[1] + x
        self._color[pixels] = np.maximum(each[rows, RED : BLUE + 1], 0.15)  # black is seen too
        self._alpha[pixels] = 1.0
        return _nothing(visible, workers)

    def frame(self) -> Frame:
        """The picture."""
        return Frame(self._color.reshape(*self._shape, 3), self._alpha.reshape(self._shape))
