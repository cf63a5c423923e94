"""`Student`: draws a scene as a weighted sum and says how the picture depends on its weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SH_C0
from ..kernels.cpu import distill
from ..kernels.cpu.frame import Columns
from ..kernels.cpu.grad import frame
from ..kernels.cpu.grad.frame import Picture, Shot
from ..kernels.cpu.project import make_view
from ..kernels.cpu.workers import Workers, shared_workers, thread_count
from ..scenes.oit import OitWeights
from ..scenes.splats import Splats
from .camera import Camera
from .cpu.values import weights_of
from .modes.weighted import depth_offset
from .scene_facts import facts_of
from .settings import Settings

Float32 = NDArray[np.float32]

_CHUNK = 1 << 14


class Gradients(NamedTuple):
    """How a loss changes with `OitWeights`: with beta, (N, 4) or (N, 9), log opacity (N,), colours
    (N, 3)."""

    beta: float
    log_weights: Float32
    log_opacities: Float32
    colors: Float32


class Student:
    """Weighted sums of one scene, one at a time, and their gradients."""

    def __init__(self, splats: Splats, workers: Workers | None = None) -> None:
        self._splats, self._facts = splats, facts_of(splats)
        self._workers = workers or shared_workers(thread_count())
        self._columns = columns_of(splats)
        self._settings = Settings(mode="learned")
        self._own_dc = np.ascontiguousarray(splats.sh[:, 0])
        self._sh: Float32 | None = None
        self._last: tuple[Camera, Shot, Picture, frame.Lists, int] | None = None

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
        weigh = weights_of(self._facts, camera, self._settings, weights)
        shot = shot_of(splats, camera, "weighted")._replace(surfels=splats.kind != "3d")
        picture, lists = frame.draw(
            columns, shot, lambda *visible: weigh(*visible)[:, 0], self._workers
        )
        self._last = camera, shot, picture, lists, weights.log_weights.shape[1]
        return picture.color, picture.alpha

    def gradients(self, color_slope: Float32, alpha_slope: Float32) -> Gradients:
        """Of a loss, from its slopes by the colour and alpha of the frame drawn last."""
        assert self._last is not None, "gradients are of a frame that was drawn"
        camera, shot, picture, lists, columns = self._last
        n, workers = len(self._splats), self._workers
        slopes = color_slope, alpha_slope, picture.depth
        totals = frame.collect(shot, picture, lists, slopes, False, workers)
        # Colours near the end of float32 overflow; one such splat must not end the learning.
        np.nan_to_num(totals, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        log_weights = np.zeros((n, columns), np.float32)
        opacities, colors = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
        offset = depth_offset(self._facts, camera)

        def to_parameters(k: int) -> float:
            start, stop = k * _CHUNK, min((k + 1) * _CHUNK, len(lists.splats))
            return distill.to_parameters(
                lists.splats, lists.footprints, totals, self._columns.means, camera.position,
                offset, self._facts.radius, start, stop, log_weights, opacities, colors,
            )  # fmt: skip

        beta = sum(workers.map(to_parameters, -(-len(lists.splats) // _CHUNK)))
        return Gradients(float(beta), log_weights, opacities, colors)


def columns_of(splats: Splats) -> Columns:
    """The columns of a scene as kernels take them."""
    names = ("means", "quats", "scales", "opacities", "sh")
    return Columns(
        *(np.require(getattr(splats, name), np.float32, ["C", "A", "W"]) for name in names)
    )


def shot_of(splats: Splats, camera: Camera, mode: str) -> Shot:
    """A frame of a scene for `kernels.cpu.grad`, without depth."""
    size = camera.width, camera.height
    focal, centre = (camera.fx, camera.fy), (camera.cx, camera.cy)
    view = make_view(camera.world_to_camera, focal, centre, size, camera.near)
    return Shot(view, size, splats.sh_degree, splats.antialiased, False, mode)
