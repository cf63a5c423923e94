"""One frame by the CUDA kernels: project, order, weigh, bin, rasterize; all on torch's tensors.

torch is handed in (`Work.torch`): only `device` imports it. The stages and their names are those
of `kernels.cpu.frame`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ...kernels.cuda.sources import BLOCK_ROWS, FOOTPRINT, TILE
from ..renderer import RenderError
from .device import Launcher

Tensor = Any  # torch's, whose module is not imported here

THREADS = 128
"""Of a block, where a kernel has one thread a splat or instance."""

MOST = 2**31 - 1
"""Splats of a scene, and pairs of splat and tile of a frame: kernels count in int32."""


@dataclass(frozen=True)
class Work:
    """Where a frame is drawn: torch, and what runs the kernels."""

    torch: Any
    launcher: Launcher

    def each(self, kernel: str, count: int, *arguments: Any) -> None:
        """Runs a kernel of one thread per thing."""
        if count:
            self.launcher.launch(kernel, -(-count // THREADS), (THREADS, 1), *arguments)

    def empty(self, *shape: int, dtype: str = "float32") -> Tensor:
        """A tensor of any values."""
        kind = getattr(self.torch, dtype)
        return self.torch.empty(shape, dtype=kind, device=self.launcher.device)


class Columns(NamedTuple):
    """The columns of `Splats` that are drawn, as float32 tensors."""

    means: Tensor
    quats: Tensor
    scales: Tensor
    opacities: Tensor
    sh: Tensor


class Visible(NamedTuple):
    """The visible splats of a frame, in the order in which they are drawn.

    Attributes:
        footprints: (M, 12), see footprint.cuh.
        splats: (M,) int32, which splats of the scene.
        view: the camera, for kernels.
    """

    footprints: Tensor
    splats: Tensor
    view: Tensor


class Groups(NamedTuple):
    """As in `kernels.cpu.frame`, on the device."""

    starts: Tensor
    sequence: Tensor


@dataclass(frozen=True)
class Blending:
    """How splats blend.

    Attributes:
        order: "depth" is front to back, "scene" is as they come; or groups of them in order.
        rasterize: name of the kernel.
        arguments: what it is given after those that all are given.
    """

    order: Literal["depth", "scene"] | Groups
    rasterize: str
    arguments: Callable[[Visible], tuple[Any, ...]] = lambda visible: ()


class Drawn(NamedTuple):
    """Images on the device, and counts."""

    color: Tensor
    alpha: Tensor
    depth: Tensor | None
    visible: int
    instances: int
    keys: int


def draw(
    work: Work, columns: Columns, view: Tensor, size: tuple[int, int], blending: Blending, *,
    degree: int, splat_scale: float, antialias: bool, with_depth: bool,
    on_stage: Callable[[str], None],
) -> Drawn:  # fmt: skip
    """Draws splats; see `kernels.cpu.frame.draw`. `view` is 26 float64, the fields of `View`."""
    count, (width, height) = len(columns.means), size
    depths = work.empty(count, dtype="float64")
    shown = work.empty(count, dtype="uint8")
    footprints = work.empty(count, FOOTPRINT)
    work.each(
        "project", count, *columns, columns.sh.shape[1], count, view, degree, splat_scale,
        antialias, depths, shown, footprints,
    )  # fmt: skip
    on_stage("project")
    splats, keys = in_order(work.torch, shown, depths, blending.order)
    ordered = work.empty(len(splats), FOOTPRINT)
    work.each("gather", len(splats), splats, len(splats), footprints, ordered)
    on_stage("gather" if blending.order == "scene" else "sort")
    arguments = blending.arguments(Visible(ordered, splats, view))
    on_stage("weigh")
    starts, members = make_tile_lists(work, ordered, width, height)
    on_stage("bin")
    color = work.empty(height, width, 3).zero_()
    alpha = work.empty(height, width).zero_()
    depth = work.empty(height, width).zero_() if with_depth else None
    work.launcher.launch(
        blending.rasterize, len(starts) - 1, (TILE, BLOCK_ROWS),
        starts, members, ordered, width, height, color, alpha, depth, *arguments,
    )  # fmt: skip
    on_stage("rasterize")
    return Drawn(color, alpha, depth, len(splats), len(members), keys)


def in_order(torch: Any, shown: Tensor, depths: Tensor, order: Any) -> tuple[Tensor, int]:
    """(M,) int32, the visible splats in the order to draw them; and how many keys were sorted."""
    splats = torch.nonzero(shown).flatten()  # a scan: in the order of the scene
    if isinstance(order, Groups):
        edges = torch.searchsorted(splats, order.starts)
        first = edges[:-1][order.sequence]
        length = (edges[1:] - edges[:-1])[order.sequence]
        before = torch.cumsum(length, 0) - length
        rows = torch.repeat_interleave(first - before, length)
        rows += torch.arange(len(rows), device=rows.device)
        return splats[rows].int(), len(order.sequence)
    if order == "scene":
        return splats.int(), 0
    return splats[stable_order(torch, depths[splats])].int(), len(splats)


def stable_order(torch: Any, keys: Tensor) -> Tensor:
    """Places of keys in rising order, equal ones as they come. The one sort of this backend."""
    return torch.sort(keys, stable=True).indices


def make_tile_lists(
    work: Work, footprints: Tensor, width: int, height: int
) -> tuple[Tensor, Tensor]:
    """Lists of footprints by tile; see `kernels.cpu.bins.make_tile_lists`.

    Raises:
        RenderError: more instances than kernels can count.
    """
    torch, count = work.torch, len(footprints)
    tiles = -(-width // TILE) * -(-height // TILE)
    counts = work.empty(count, dtype="int32")
    work.each("count_tiles", count, footprints, count, width, height, counts)
    ends = torch.cumsum(counts, 0, dtype=torch.int64)
    instances = int(ends[-1]) if count else 0
    if instances > MOST:
        raise RenderError(
            f"the splats cover {instances} tiles in all, more than the CUDA backend's {MOST}; "
            "make the image or the splats smaller"
        )
    tile = work.empty(instances, dtype="int32")
    members = work.empty(instances, dtype="int32")
    work.each("emit_tiles", count, footprints, count, width, height, counts, ends, tile, members)
    order = stable_order(torch, tile)
    starts = work.empty(tiles + 1, dtype="int32")
    work.each("find_ranges", instances + 1, tile[order], instances, tiles, starts)
    return starts, members[order]
