"""`Student`: draws a scene as a weighted sum and says how the picture depends on its weights."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import SH_C0
from ..kernels.cpu import distill, visibility
from ..kernels.cpu.frame import Blending, Columns, Visible, draw
from ..kernels.cpu.project import make_view
from ..kernels.cpu.scratch import Scratch
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
    """How a loss changes with `OitWeights`: with beta, (N, 4), log opacity (N,), colours (N, 3)."""

    beta: float
    log_weights: Float32
    log_opacities: Float32
    colors: Float32


class Lists(NamedTuple):
    """What a frame was drawn from: tile lists, and the batches of tiles that were drawn."""

    tiles: NDArray[np.int64]
    batches: list[tuple[int, int]]
    starts: NDArray[np.int64]
    members: NDArray[np.uint32]
    footprints: Float32
    splats: NDArray[np.uint32]
    values: Float32


class Recorder:
    """Draws frames by a kernel of its caller and keeps what they were drawn from, for one frame."""

    def __init__(self, splats: Splats, workers: Workers | None = None) -> None:
        self.splats, self.facts = splats, facts_of(splats)
        self.workers = workers or shared_workers(thread_count())
        names = ("means", "quats", "scales", "opacities", "sh")
        self.columns = Columns(
            *(np.require(getattr(splats, name), np.float32, ["C", "A", "W"]) for name in names)
        )
        self._scratch, self.lock = Scratch(), threading.Lock()

    def record(
        self,
        camera: Camera,
        ordered: bool,
        rasterize: Any,
        values: Any,
        opacities: Float32 | None = None,
        sh: Float32 | None = None,
    ) -> tuple[Float32, Float32, Lists]:
        """Colour, alpha and the lists; `rasterize(lists, first, last, color, alpha)`."""
        kept: list[Any] = [None, None, None]

        def weigh(visible: Visible, workers: Workers) -> NDArray[Any]:
            kept[:2] = visible.splats, values(visible, workers)
            return kept[1]

        def rasterize_batch(
            tiles, first, last, starts, members, footprints, values, params, limits,
            with_depth, color, alpha, depth,
        ) -> None:  # fmt: skip
            with self.lock:
                if kept[2] is None:
                    kept[2] = Lists(tiles, [], starts, members, footprints, kept[0], values)
                kept[2].batches.append((first, last))
            rasterize(kept[2], first, last, color, alpha)

        columns = self.columns
        if opacities is not None:
            columns = columns._replace(opacities=opacities)
        if sh is not None:
            columns = columns._replace(sh=sh)
        drawn = draw(
            columns,
            make_view(
                camera.world_to_camera,
                (camera.fx, camera.fy),
                (camera.cx, camera.cy),
                (camera.width, camera.height),
                camera.near,
            ),
            (camera.width, camera.height),
            *(self.workers, self._scratch),
            Blending(
                "depth" if ordered else "scene", rasterize_batch, np.zeros(1, np.float32), weigh
            ),
            degree=self.splats.sh_degree,
            antialias=self.splats.antialiased,
        )
        if kept[2] is None:  # nothing in view
            none = np.zeros(0, np.int64)
            empty = np.zeros((0, 12), np.float32)
            members = np.zeros(0, np.uint32)
            kept[2] = Lists(none, [], np.zeros(1, np.int64), members, empty, kept[0], kept[1])
        return drawn.color, drawn.alpha, kept[2]


class Student:
    """Weighted sums of one scene, one at a time, and their gradients."""

    def __init__(self, splats: Splats, workers: Workers | None = None) -> None:
        self._recorder = Recorder(splats, workers)
        self._settings = Settings(mode="learned")
        self._own_dc = np.ascontiguousarray(splats.sh[:, 0])
        self._sh: Float32 | None = None
        self._last: Any = None

    def draw(self, camera: Camera, weights: OitWeights) -> tuple[Float32, Float32]:
        """Colour (H, W, 3) and alpha (H, W) of mode `learned` with these weights."""
        recorder = self._recorder
        if weights.colors is not None:
            if self._sh is None:
                self._sh = np.array(recorder.splats.sh)
            self._sh[:, 0] = self._own_dc + weights.colors / np.float32(SH_C0)
        total = np.zeros((camera.height, camera.width), np.float32)

        def rasterize(lists: Lists, first: int, last: int, color: Float32, alpha: Float32) -> None:
            distill.composite(
                *(lists.tiles, first, last, lists.starts, lists.members, lists.footprints),
                *(lists.values, color, alpha, total),
            )

        color, alpha, lists = recorder.record(
            camera,
            False,
            rasterize,
            weights_of(recorder.facts, camera, self._settings, weights),
            weights.opacities,
            None if weights.colors is None else self._sh,
        )
        self._last = camera, color, alpha, total, lists
        return color, alpha

    def gradients(self, color_slope: Float32, alpha_slope: Float32) -> Gradients:
        """Of a loss, from its slopes by the colour and alpha of the frame drawn last."""
        camera, color, alpha, total, lists = self._last
        recorder, n = self._recorder, len(self._recorder.splats)
        workers = recorder.workers
        some = total > 0
        cover = np.where(some, alpha, np.float32(1))
        mean = color / cover[..., None]
        scale = np.divide(alpha, total, out=np.zeros_like(alpha), where=some)
        pixels = np.empty((*alpha.shape, distill.PIXEL), np.float32)
        along = np.einsum("ijk,ijk->ij", color_slope, mean)
        pixels[..., :3] = color_slope * scale[..., None]
        pixels[..., 3] = along * scale
        pixels[..., 4] = (1 - alpha) * (along + alpha_slope)
        entries = np.zeros((len(lists.members), distill.GRADIENTS), np.float32)

        def differentiate(k: int) -> None:
            first, last = lists.batches[k]
            distill.differentiate(
                lists.tiles, first, last, lists.starts, lists.members, lists.footprints,
                lists.values, pixels, entries,
            )  # fmt: skip

        workers.map(differentiate, len(lists.batches))
        totals = np.zeros((len(lists.splats), distill.GRADIENTS), np.float32)
        visibility.add_entries(lists.members, entries, totals)
        # Colours near the end of float32 overflow; one such splat must not end the learning.
        np.nan_to_num(totals, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        log_weights = np.zeros((n, 4), np.float32)
        opacities, colors = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
        offset = depth_offset(recorder.facts, camera)

        def to_parameters(k: int) -> float:
            start, stop = k * _CHUNK, min((k + 1) * _CHUNK, len(lists.splats))
            return distill.to_parameters(
                lists.splats, lists.footprints, totals, recorder.columns.means, camera.position,
                offset, recorder.facts.radius, start, stop, log_weights, opacities, colors,
            )  # fmt: skip

        beta = sum(workers.map(to_parameters, -(-len(lists.splats) // _CHUNK)))
        return Gradients(float(beta), log_weights, opacities, colors)
