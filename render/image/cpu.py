"""Images made of splats by the Numba kernels: whole views, regions and single pixels."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...kernels.cpu.bins import TILE, make_tile_lists
from ...kernels.cpu.frame import BATCHES_PER_THREAD, schedule
from ...kernels.cpu.image.decode import decode, decode_points
from ...kernels.cpu.image.place import DECODED, place
from ...kernels.cpu.project import FOOTPRINT
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.sort import CHUNK
from ...kernels.cpu.workers import Workers, shared_workers, thread_count
from ...scenes.image_splats import ImageSplats
from .renderer import ImageFrame, assemble, empty_frame
from .view import STRONGEST, ImageView, whole

Float32 = NDArray[np.float32]

BAND_SAMPLES = 1 << 22
"""Samples that are in memory at once: a picture is drawn in bands of rows."""


class Placed:
    """Gaussians placed on the pixels of a view, with tile lists.

    Attributes:
        footprints: (N, 12), see `place`. starts, members: see `bins`.
    """

    def __init__(
        self, splats: ImageSplats, view: ImageView, widening: float, workers: Workers,
        scratch: Scratch,
    ) -> None:  # fmt: skip
        n = len(splats)
        self.footprints = scratch.array("footprints", (n, FOOTPRINT), np.float32)

        def part(k: int) -> None:
            place(
                *(splats.means, splats.inverse_scales, splats.rotations),
                *(float(view.scale), float(view.left), float(view.top), float(widening)),
                *(view.width, view.height, k * CHUNK, min((k + 1) * CHUNK, n), self.footprints),
            )

        workers.map(part, -(-n // CHUNK))
        self.starts, self.members = make_tile_lists(
            self.footprints, view.width, view.height, workers, scratch
        )

    @property
    def decoded(self) -> Float32:
        """(N, 8): the columns `DECODED` of the footprints, for a GPU."""
        return self.footprints[:, DECODED]


def four_channels(colors: Float32) -> Float32:
    """(N, 4): the channels that there are, and zeros."""
    padded = np.zeros((len(colors), 4), np.float32)
    padded[:, : colors.shape[1]] = colors
    return padded


class CPUImageRenderer:
    """Draws images made of splats.

    Args:
        threads: how many to use; the picture is the same for any number.
    """

    name = "cpu"

    def __init__(self, threads: int | None = None) -> None:
        self._workers = shared_workers(thread_count(threads))
        self._scratch = Scratch()
        self._splats: ImageSplats | None = None
        self._colors = np.zeros((0, 4), np.float32)
        self._placed: Placed | None = None

    @property
    def device(self) -> str:
        """What it draws on."""
        return f"{self._workers.count} threads"

    def upload(self, splats: ImageSplats) -> None:
        """Takes the image; its arrays are kept by reference."""
        self._splats, self._colors = splats, four_channels(splats.colors)
        self._placed = None

    def render(self, view: ImageView) -> ImageFrame:
        """Draws a view."""
        splats = self._held()
        if len(splats) == 0:
            return empty_frame(view)
        begun = time.perf_counter()
        n, timings = view.samples, {"place": 0.0, "decode": 0.0}
        color = np.empty((view.height, view.width, 4), np.float32)
        reached = np.empty((view.height, view.width), np.float32)
        rows = max(1, BAND_SAMPLES // (view.width * n * n))
        for top in range(0, view.height, rows):
            bottom = min(top + rows, view.height)
            fine = view.finer((top, bottom))
            placed = Placed(splats, fine, view.widening, self._workers, self._scratch)
            now = time.perf_counter()
            timings["place"] += 1e3 * (now - begun)
            image, weights = self._decode(placed, fine)
            shape = (bottom - top, n, view.width, n)
            if n == 1:
                color[top:bottom], reached[top:bottom] = image, weights > 0
            else:
                color[top:bottom] = image.reshape(*shape, 4).mean(axis=(1, 3))
                reached[top:bottom] = (weights > 0).reshape(shape).mean(axis=(1, 3))
            begun = time.perf_counter()
            timings["decode"] += 1e3 * (begun - now)
        return assemble(color, reached, splats.channels, timings, len(splats))

    def pixels(self, where: ArrayLike, k: int = STRONGEST) -> Float32:
        """(P, C) what points (P, 2) of the image show, each on its own: random access.

        A point reads the list of its tile and nothing else. The lists of the whole image are made
        at the first call. Points outside of the image are clear.
        """
        splats = self._held()
        points = np.ascontiguousarray(np.asarray(where, np.float64).reshape(-1, 2))
        out = np.zeros((len(points), 4), np.float32)
        if len(splats):
            placed = self._whole()
            decode_points(
                points, *splats.size, placed.starts, placed.members, placed.footprints,
                self._colors, k, out,
            )  # fmt: skip
        return out[:, : splats.channels]

    def coverage(self) -> Float32:
        """(H, W) sums of the weights at the image's own pixels."""
        splats = self._held()
        if len(splats) == 0:
            return np.zeros(splats.size[::-1], np.float32)
        return self._decode(self._whole(), whole(splats))[1]

    def close(self) -> None:
        """Forgets the image."""
        self._splats, self._placed = None, None
        self._scratch = Scratch()

    def _held(self) -> ImageSplats:
        assert self._splats is not None, "upload an image first"
        return self._splats

    def _whole(self) -> Placed:
        if self._placed is None:
            splats = self._held()
            self._placed = Placed(splats, whole(splats), 0.0, self._workers, Scratch())
        return self._placed

    def _decode(self, placed: Placed, view: ImageView) -> tuple[Float32, Float32]:
        image = np.zeros((view.height, view.width, 4), np.float32)
        weights = np.zeros((view.height, view.width), np.float32)
        none = np.zeros((0, 0), np.float32)
        tiles, edges = schedule(placed.starts, BATCHES_PER_THREAD * self._workers.count)

        def batch(k: int) -> None:
            decode(
                tiles, edges[k], edges[k + 1], placed.starts, placed.members, placed.footprints,
                self._colors, view.k, 0, image, weights, none,
            )  # fmt: skip

        self._workers.map(batch, len(edges) - 1)
        return image, weights


__all__ = ["TILE", "CPUImageRenderer", "Placed", "four_channels"]
