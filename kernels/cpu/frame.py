"""One frame by the kernels: project, sort or gather, weigh, bin, rasterize."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bins import TILE, make_tile_lists
from .meet import gather_surfels
from .project import FOOTPRINT, KEEP_ALL, Culling, View, gather, list_places, paint, project
from .scratch import Scratch
from .sort import CHUNK, sort_slices
from .surfels import SURFEL
from .workers import Workers

Float32 = NDArray[np.float32]

BATCHES_PER_THREAD = 24
"""Batches of tiles per thread: enough for the last ones to be short, few enough to cost nothing."""


class Columns(NamedTuple):
    """The columns of `Splats` that are drawn: float32, C-contiguous, writable flag set."""

    means: Float32
    quats: Float32
    scales: Float32
    opacities: Float32
    sh: Float32


class Visible(NamedTuple):
    """The visible splats of a frame, in the order in which they are drawn.

    Attributes:
        footprints: (M, 12), see `project`.
        splats: (M,) uint32, which splats of the scene.
    """

    footprints: Float32
    splats: NDArray[np.uint32]


class Groups(NamedTuple):
    """Groups of splats that are drawn together, in an order of their own.

    Attributes:
        starts: (G + 1,) int64, group g is splats starts[g] to starts[g + 1] of the scene.
        sequence: (V,) int64, the groups that are drawn, the first first.
    """

    starts: NDArray[np.int64]
    sequence: NDArray[np.int64]


class Blending(NamedTuple):
    """How splats blend.

    Attributes:
        order: "depth" is front to back, "scene" is as they come; or groups of them in order.
        rasterize: a kernel of `modes`.
        params: (P,) float32 of the frame.
        values: gives the (M, V) values of the visible splats.
    """

    order: Literal["depth", "scene"] | Groups
    rasterize: Callable[..., None]
    params: Float32
    values: Callable[[Visible, Workers], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What `draw` returns: images as in `render.Frame`, milliseconds by stage, and counts."""

    color: Float32
    alpha: Float32
    depth: Float32 | None
    paint: Float32 | None
    timings: dict[str, float]
    visible: int
    instances: int
    keys: int


def draw(
    columns: Columns,
    view: View,
    size: tuple[int, int],
    workers: Workers,
    scratch: Scratch,
    blending: Blending,
    *,
    degree: int,
    splat_scale: float = 1.0,
    antialias: bool = False,
    cull: Culling = KEEP_ALL,
    surfels: bool = False,
    limits: Float32 | None = None,
    with_depth: bool = False,
    coats: Sequence[Float32] = (),
    on_stage: Callable[[str], None] | None = None,
) -> Drawn:
    """Draws splats.

    Args:
        columns: N splats.
        view: the camera.
        size: width and height of the image, pixels.
        workers: threads to use.
        scratch: memory kept from frame to frame; the images are never part of it.
        blending: how splats blend.
        degree: of the spherical harmonics, at most that of the columns.
        splat_scale: factor of all scales.
        antialias, cull: see `project`.
        surfels: whether splats of no thickness are surfels; otherwise they are flat ellipsoids.
        limits: (H, W) depths beyond which splats are not seen at a pixel.
        with_depth: also draw expected depth.
        coats: each (N, 4), drawn one after the other in place of the colours; see `paint`.
        on_stage: called with the name of each stage after it.
    """
    n = len(columns.means)
    width, height = size
    timings: dict[str, float] = {}
    begun = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        timings[stage] = 1e3 * (now - begun)
        begun = now
        if on_stage:
            on_stage(stage)

    z = scratch.array("z", n, np.float64)
    which = scratch.array("which", n, np.uint32)
    footprints = scratch.array("footprints", (n, FOOTPRINT), np.float32)
    discs = scratch.array("surfels", (n, SURFEL), np.float32) if surfels else None

    def project_chunk(k: int) -> int:
        start, stop = k * CHUNK, min((k + 1) * CHUNK, n)
        return project(
            *columns, view, degree, float(splat_scale), antialias, cull, start, stop, z, which,
            footprints, discs,
        )  # fmt: skip

    counts = np.array(workers.map(project_chunk, -(-n // CHUNK)), np.int64)
    done("project")

    if blending.order == "depth":
        places = sort_slices(z, counts, CHUNK, workers, scratch)
    else:
        places = scratch.array("places", int(counts.sum()), np.uint64)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        workers.map(lambda k: list_places(k * CHUNK, counts[k], offsets[k], places), len(counts))
        if isinstance(blending.order, Groups):
            places = in_groups(places, which, blending.order)
    visible = len(places)
    keys = (
        {"depth": visible, "scene": 0}[blending.order]
        if isinstance(blending.order, str)
        else (len(blending.order.sequence))
    )
    ordered = scratch.array("ordered", (visible, FOOTPRINT), np.float32)
    splats = scratch.array("splats", visible, np.uint32)
    met = () if discs is None else (scratch.array("met", (visible, SURFEL), np.float32),)

    def gather_chunk(k: int) -> None:
        start, stop = k * CHUNK, min((k + 1) * CHUNK, visible)
        gather(places, start, stop, footprints, which, ordered, splats)
        if discs is not None:
            gather_surfels(places, start, stop, discs, *met)

    workers.map(gather_chunk, -(-visible // CHUNK))
    done("gather" if blending.order == "scene" else "sort")

    values = blending.values(Visible(ordered, splats), workers)
    done("weigh")

    starts, members = make_tile_lists(ordered, width, height, workers, scratch)
    done("bin")

    cut = np.empty((0, 0), np.float32) if limits is None else limits
    tiles, edges = schedule(starts, BATCHES_PER_THREAD * workers.count)

    def rasterize(with_depth: bool) -> tuple[Float32, Float32, Float32]:
        # Zeroed by the operating system page by page, so tiles without splats are never touched.
        color = np.zeros((height, width, 3), np.float32)
        alpha = np.zeros((height, width), np.float32)
        depth = np.zeros((height, width) if with_depth else (0, 0), np.float32)

        def rasterize_batch(k: int) -> None:
            blending.rasterize(
                tiles, edges[k], edges[k + 1], starts, members, ordered, values, blending.params,
                cut, with_depth, color, alpha, depth, *met,
            )  # fmt: skip

        workers.map(rasterize_batch, len(edges) - 1)
        return color, alpha, depth

    def put_on(coat: Float32) -> None:
        def paint_chunk(k: int) -> None:
            paint(coat, splats, k * CHUNK, min((k + 1) * CHUNK, visible), ordered)

        workers.map(paint_chunk, -(-visible // CHUNK))

    for coat in coats[:1]:
        put_on(coat)
    color, alpha, depth = rasterize(with_depth)
    channels = [color]
    for coat in coats[1:]:
        put_on(coat)
        channels.append(rasterize(False)[0])
    done("rasterize")

    return Drawn(
        color,
        alpha,
        depth if with_depth else None,
        np.concatenate(channels, axis=2) if coats else None,
        timings,
        *(visible, len(members), keys),
    )


def in_groups(
    places: NDArray[np.uint64], which: NDArray[np.uint32], groups: Groups
) -> NDArray[np.uint64]:
    """(M,) places of the visible splats, in the order of the scene, brought to that of groups."""
    edges = np.searchsorted(which[places], groups.starts)
    first, length = edges[:-1][groups.sequence], np.diff(edges)[groups.sequence]
    before = np.cumsum(length) - length
    rows = np.repeat(first - before, length) + np.arange(int(length.sum()))
    return places[rows]


def schedule(
    starts: NDArray[np.int64], batches: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tiles that have splats, longest list first, cut into batches of about equal length.

    Returns:
        tiles: (T,) tile numbers.
        edges: (batches + 1,) or fewer; batch k is tiles[edges[k] : edges[k + 1]].
    """
    lengths = np.diff(starts)
    tiles = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    if len(tiles) == 0:
        return tiles, np.zeros(1, np.int64)
    # A tile costs something however short its list is.
    work = np.cumsum(lengths[tiles] + 4 * TILE)
    edges = np.searchsorted(work, np.linspace(0, work[-1], batches + 1)[1:-1], side="right")
    return tiles, np.unique(np.concatenate([[0], edges, [len(tiles)]]))
