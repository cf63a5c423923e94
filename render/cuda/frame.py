"""One frame by the CUDA kernels: project, order, weigh, bin, rasterize; all on torch's tensors.

The stages and their names are those of `kernels.cpu.frame`. How many splats are visible and how
many tiles they reach is known to the GPU alone: kernels read it there, and have blocks for as many
as there is room for. The host learns it when the frame is done, and has it drawn again with more
room where that was needed (`inflight`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ...kernels.cuda.sources import DISC, FOOTPRINT, SCAN_THREADS, TILE, TILE_WARPS
from ..renderer import RenderError
from .device import Address
from .groups import Groups, order_groups
from .plan import Buffers, Plan, Tensor, Zeros
from .sorting import scan_words, sort

MOST = 2**30 - 1
"""Splats of a scene, and pairs of splat and tile: what a scan can count, see warp.cuh."""

WARP = 32

COUNTS = 4
"""Words of a `Counts` of common.cuh, and one to spare."""

GROWTH = 1.25
"""Room that is made, over what was needed."""


class DeviceScene(NamedTuple):
    """A scene on the device, as `packing` makes it.

    Attributes:
        means: (N, 3) float32.
        shapes: (N, 8) uint16, or float32.
        colors: (N, bytes) uint8.
        storage: of the colours, its number in `sources.STORAGES`.
        scale_low, scale_step: of the codes of scales.
        surfels: whether it holds any: kernels for these are others.
    """

    means: Tensor
    shapes: Tensor
    colors: Tensor
    storage: int
    scale_low: float
    scale_step: float
    surfels: bool


class Room(NamedTuple):
    """How much a frame has memory for: visible splats, and instances."""

    visible: int
    instances: int

    @classmethod
    def for_scene(cls, splats: int) -> Room:
        """A start: most scenes need more, and have it after one frame."""
        return cls(min(splats, max(1 << 10, splats // 2)), max(1 << 12, 2 * splats))

    def holds(self, visible: int, instances: int) -> bool:
        """Whether a frame fitted in.

        Raises:
            RenderError: more instances than kernels can count.
        """
        if instances >= MOST:
            raise RenderError(
                f"the splats cover more than the CUDA backend's {MOST} tiles in all; make the "
                "image or the splats smaller"
            )
        return visible <= self.visible and instances <= self.instances

    def grown(self, visible: int, instances: int, splats: int) -> Room:
        """With room for that many, and some more where this had too little."""
        return Room(
            self.visible if visible <= self.visible else min(splats, int(GROWTH * visible)),
            self.instances if instances <= self.instances else min(MOST, int(GROWTH * instances)),
        )


class Visible(NamedTuple):
    """The visible splats of a frame, in the order of the scene, for kernels.

    Attributes:
        footprints: (room, 12), see footprint.cuh.
        splats: (room,) int32, which splats of the scene.
        counts: how many there are, see common.cuh.
        room: how many there may be.
        scene: on the device.
        view: the camera, on the device.
        discs: (room, 12) of a scene with surfels, see surfel.cuh; else None.
    """

    footprints: Tensor
    splats: Tensor
    counts: Zeros
    room: int
    scene: DeviceScene
    view: Tensor
    discs: Tensor | None


@dataclass(frozen=True)
class Blending:
    """How splats blend.

    Attributes:
        order: "depth" is front to back, "scene" is as they come; or groups of them in order.
        rasterize: name of the kernel, for scenes without surfels.
        arguments: what it is given after those that all are given; may launch kernels to make it.
        flat: whether surfels are ellipsoids of no thickness.
    """

    order: Literal["depth", "scene"] | Groups
    rasterize: str
    arguments: Callable[[Plan, Visible], tuple[Any, ...]] = lambda plan, visible: ()
    flat: bool = False


class Planned(NamedTuple):
    """A frame's plan, finished, and where its outcome will be.

    Attributes:
        plan: what is done.
        counts: (8,) int32, visible, ordered, instances; from the fifth on the same of groups.
        colors: (H, W, 4) premultiplied, with coverage; one for each coat of paint, or one. The
            address where it was drawn to one.
        depth: (H, W), or None.
    """

    plan: Plan
    counts: Tensor
    colors: list[Tensor]
    depth: Tensor | None


class Then(NamedTuple):
    """What is made of a frame while it is the device's, as a stage of its times.

    Attributes:
        stage: its name.
        launch: does it, without waiting; again where the frame is drawn again.
    """

    stage: str
    launch: Callable[[Planned], None]


Coat = Callable[[Plan, Visible], None]
"""Lists the launch that gives footprints the colours of a coat; the first goes on first."""

Begin = Callable[[Plan], None]
"""Lists what is done before the splats: what makes their `limits`."""

Finish = Callable[[Plan, list[Any], "Tensor | None", "Address | None"], None]
"""Lists what is done with the coats of a frame and its depth, of which at last the picture is in
the first, or in other memory where there is a target."""


def plain_coat(coat: Tensor) -> Coat:
    """Of (N, 4) float32, see `Paint.coat`."""

    def put_on(plan: Plan, visible: Visible) -> None:
        plan.each(
            "paint", visible.room, visible.splats, visible.counts, visible.room, coat,
            visible.footprints,
        )  # fmt: skip

    return put_on


def plan_frame(
    buffers: Buffers, scene: DeviceScene, view: Tensor, size: tuple[int, int], room: Room,
    blending: Blending, *, degree: int, antialias: bool, with_depth: bool,
    coats: Sequence[Coat] = (), limits: Tensor | None = None, begin: Begin | None = None,
    finish: Finish | None = None, target: Address | None = None,
) -> Planned:  # fmt: skip
    """Lists what draws a frame, of which nothing has run yet.

    `coats` are drawn one after the other in place of the colours; `limits` are depths (H, W) beyond
    which no splat is seen. `target` is memory for the picture, or for what the first coat becomes,
    that is no tensor's and may be elsewhere for the next frame.
    """
    plan, (width, height) = Plan(buffers), size
    if blending.flat:
        scene = scene._replace(surfels=False)
    # Side by side, so that the host reads them at once.
    every = plan.zeros(2 * COUNTS)
    counts, cells = Zeros(every.first, COUNTS), Zeros(every.first + COUNTS, COUNTS)
    by_depth = blending.order == "depth"
    keys = buffers.get("keys", room.visible, dtype="int32") if by_depth else None
    if begin is not None:
        begin(plan)
        plan.stage("meshes")
    visible = project_splats(plan, scene, view, room, counts, keys, degree, antialias)
    plan.stage("project")
    order = None
    if isinstance(blending.order, Groups):
        order = order_groups(plan, visible, blending.order, cells)
    elif by_depth:
        _, order = sort(plan, "depth", keys, None, counts, room.visible, 32)
    plan.stage("gather" if blending.order == "scene" else "sort")
    arguments = blending.arguments(plan, visible)
    plan.stage("weigh")
    starts, members = make_tile_lists(plan, visible, order, size, room)
    tiles = buffers.get("tiles in order", len(starts) - 1, dtype="int32")
    plan.launch("order_tiles", 1, (SCAN_THREADS, 1), starts, len(tiles), tiles)
    plan.stage("bin")
    depth = buffers.get("depth", height, width) if with_depth else None
    surfels = () if visible.discs is None else (visible.discs, view)
    colors: list[Any] = [target]
    if target is None or finish is not None:
        colors = [buffers.get("color", height, width, 4)]
    else:
        plan.end_head()
    if len(coats) > 1:  # one after the other, so that kernels find them by their number
        colors += buffers.get("coats", len(coats) - 1, height, width, 4)
    for k, color in enumerate(colors):
        if coats:
            coats[k](plan, visible)
        plan.launch(
            _for_kind(blending.rasterize, scene), len(tiles), (WARP, TILE_WARPS), starts, tiles,
            members, visible.footprints, width, height, color, None if k else depth, limits,
            *surfels, *arguments,
        )  # fmt: skip
    plan.stage("rasterize")
    if finish is not None:
        finish(plan, colors, depth, target)
        plan.stage("shade")
    plan.finish()
    return Planned(plan, plan.piece(every), colors, depth)


def project_splats(
    plan: Plan, scene: DeviceScene, view: Tensor, room: Room, counts: Zeros, keys: Tensor | None,
    degree: int, antialias: bool,
) -> Visible:  # fmt: skip
    """Lists the launch that finds the visible splats; their depths go to `keys`."""
    count, buffers = len(scene.means), plan.buffers
    footprints = buffers.get("footprints", room.visible, FOOTPRINT)
    splats = buffers.get("splats", room.visible, dtype="int32")
    discs = buffers.get("discs", room.visible, DISC) if scene.surfels else None
    plan.scan(
        _for_kind("project", scene), count, scene.means, scene.shapes, scene.colors,
        scene.colors.shape[1] // 8, scene.storage, scene.scale_low, scene.scale_step, count,
        degree, antialias, view, room.visible, *scan_words(plan, count), counts, footprints,
        splats, keys, *(() if discs is None else (discs,)),
    )  # fmt: skip
    return Visible(footprints, splats, counts, room.visible, scene, view, discs)


def _for_kind(kernel: str, scene: DeviceScene) -> str:
    """The kernel that draws what the scene holds."""
    return f"{kernel}_surfels" if scene.surfels else kernel


def make_tile_lists(
    plan: Plan, visible: Visible, order: Tensor | None, size: tuple[int, int], room: Room
) -> tuple[Tensor, Tensor]:
    """Starts of the tiles' lists, row by row, and the rows of footprints in them."""
    (width, height), buffers = size, plan.buffers
    count = -(-width // TILE) * -(-height // TILE)
    wide = count > 1 << 16
    kind = "int32" if wide else "int16"
    tiles = buffers.get(f"tiles {kind}", room.instances, dtype=kind)
    members = buffers.get("members", room.instances, dtype="int32")
    plan.scan(
        "emit_tiles", room.visible, visible.footprints, order, width, height, room.visible,
        room.instances, wide, *scan_words(plan, room.visible), visible.counts, tiles, members,
    )  # fmt: skip
    bits = max(1, (count - 1).bit_length())
    tiles, members = sort(
        plan, "tile", tiles, members, visible.counts, room.instances, bits, wide=wide
    )
    starts = buffers.get("starts", count + 1, dtype="int32")
    plan.each(
        "find_starts", room.instances + 1, tiles, wide, visible.counts, room.instances, count,
        starts,
    )  # fmt: skip
    return starts, members
