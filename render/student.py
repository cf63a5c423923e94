"""`Student`: draws a scene as a weighted sum and says how the picture depends on its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SH_C0
from ..kernels.cpu import distill
from ..kernels.cpu.frame import Columns
from ..kernels.cpu.grad import frame
from ..kernels.cpu.grad.shot import Lists, Picture, Shot
from ..kernels.cpu.workers import Workers, shared_workers, thread_count
from ..scenes.oit import OitWeights
from ..scenes.splats import Splats
from .camera import Camera
from .cpu.values import weights_of
from .kernel_view import view_of
from .modes.weighted import depth_offset
from .scene_facts import facts_of
from .settings import Settings

Float32 = NDArray[np.float32]

_CHUNK = 1 << 14


class Gradients(NamedTuple):
    """How a loss changes with `OitWeights`: with beta, (N, 4) or (N, 9), log opacity (N,), colours
    (N, 3), and shapes (N, 9), or (0, 9) where the weights have none."""

    beta: float
    log_weights: Float32
    log_opacities: Float32
    colors: Float32
    shapes: Float32


class _Drawn(NamedTuple):
    """A frame that was drawn, of which slopes may be asked."""

    camera: Camera
    weights: OitWeights
    columns: Columns
    shot: Shot
    picture: Picture
    lists: Lists


class Student:
    """Weighted sums of one scene, one at a time, and their gradients."""

    def __init__(self, splats: Splats, workers: Workers | None = None) -> None:
        self._splats, self._facts = splats, facts_of(splats)
        self._workers = workers or shared_workers(thread_count())
        self._columns = columns_of(splats)
        self._settings = Settings(mode="learned")
        self._own_dc = np.ascontiguousarray(splats.sh[:, 0])
        self._sh: Float32 | None = None
        self._shapes: tuple[Float32, Float32, Float32] | None = None
        self._last: _Drawn | None = None

    def draw(self, camera: Camera, weights: OitWeights) -> tuple[Float32, Float32]:
        """Colour (H, W, 3) and alpha (H, W) of mode `learned` with these weights."""
        splats, columns = self._splats, self._columns
        if weights.opacities is not None:
            columns = columns._replace(opacities=weights.opacities)
        if weights.colors is not None:
            if self._sh is None:
                self._sh = np.array(splats.sh)
            self._sh[:, 0] = self._own_dc + weights.colors / np.float32(SH_C0)
            columns = columns._replace(sh=self._sh)
        if weights.shapes is not None:
            means, quats, scales = self._reshaped(weights.shapes)
            columns = columns._replace(means=means, quats=quats, scales=scales)
        shot = shot_of(splats, camera, "weighted")._replace(surfels=splats.kind != "3d")
        weigh = weights_of(columns.means, self._facts, camera, self._settings, weights)
        picture, lists = frame.draw(
            columns, shot, lambda *visible: weigh(*visible)[:, 0], self._workers
        )
        self._last = _Drawn(camera, weights, columns, shot, picture, lists)
        return picture.color, picture.alpha

    def gradients(self, color_slope: Float32, alpha_slope: Float32) -> Gradients:
        """Of a loss, from its slopes by the colour and alpha of the frame drawn last."""
        assert self._last is not None, "gradients are of a frame that was drawn"
        camera, weights, columns, shot, picture, lists = self._last
        n, shapes = len(self._splats), weights.shapes
        slopes = color_slope, alpha_slope, picture.depth
        totals = frame.collect(shot, picture, lists, slopes, shapes is not None, self._workers)
        # Colours near the end of float32 overflow; one such splat must not end the learning.
        np.nan_to_num(totals, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        log_weights = np.zeros_like(weights.log_weights)
        opacities, colors = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
        means = np.zeros((0 if shapes is None else n, 3), np.float32)
        offset = depth_offset(self._facts, camera)

        def to_parameters(start: int, stop: int) -> float:
            return distill.to_parameters(
                lists.splats, lists.footprints, totals, columns.means, camera.position,
                weights.beta, offset, self._facts.radius, start, stop, weights.log_weights,
                log_weights, opacities, colors, means,
            )  # fmt: skip

        beta = float(sum(self._in_chunks(to_parameters, len(lists.splats))))
        if shapes is None:
            return Gradients(beta, log_weights, opacities, colors, np.empty((0, 9), np.float32))
        found = frame.differentiate(
            columns, np.empty(0, np.float32), shot, lists, totals, self._workers
        )
        means += found.means
        own, by_shapes = self._columns, np.zeros((n, 9), np.float32)

        def to_shapes(start: int, stop: int) -> None:
            distill.to_shapes(
                own.quats, own.scales, shapes, means, found.quats, found.scales, start, stop,
                by_shapes,
            )  # fmt: skip

        self._in_chunks(to_shapes, n)
        return Gradients(beta, log_weights, opacities, colors, by_shapes)

    def _reshaped(self, shapes: Float32) -> tuple[Float32, Float32, Float32]:
        """As `scenes.relearn.reshaped`, in memory that is used again."""
        own = self._columns
        if self._shapes is None:
            self._shapes = (
                np.empty_like(own.means),
                np.empty_like(own.quats),
                np.empty_like(own.scales),
            )
        new = self._shapes

        def reshape(start: int, stop: int) -> None:
            distill.reshape(own.means, own.quats, own.scales, shapes, start, stop, *new)

        self._in_chunks(reshape, len(own.means))
        return new

    def _in_chunks(self, call: Callable[[int, int], Any], count: int) -> list[Any]:
        """call(start, stop) for every chunk of so many rows, by all threads."""
        ends = range(0, count, _CHUNK)
        return self._workers.map(lambda k: call(ends[k], min(ends[k] + _CHUNK, count)), len(ends))


def columns_of(splats: Splats) -> Columns:
    """The columns of a scene as kernels take them."""
    names = ("means", "quats", "scales", "opacities", "sh")
    return Columns(
        *(np.require(getattr(splats, name), np.float32, ["C", "A", "W"]) for name in names)
    )


def shot_of(splats: Splats, camera: Camera, mode: str) -> Shot:
    """A frame of a scene for `kernels.cpu.grad`, without depth."""
    size = camera.width, camera.height
    return Shot(view_of(camera), size, splats.sh_degree, splats.antialiased, False, mode)
