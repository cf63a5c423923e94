"""`voile.kernels.rasterize` on CUDA tensors: the operator and its backward by kernels.

The picture is drawn as `frame` draws one, and what it was drawn from is kept. The way back goes
over the tiles once more (`grad/sorted.cu` and those of other modes), adds up what each splat got
from its tiles, and follows that through the projection (`grad/splats.cu`). No sum depends on the
scheduler: the same tensors give the same bytes.

It has not been run on a GPU yet (docs/gpu-status.md); tests run it on the host.
"""

from __future__ import annotations

from typing import Any

from ...kernels.constants import LOG2_HIGHEST, LOG2_LOWEST
from ...kernels.cpu.footprint import HALF_LOG2_E
from ...kernels.cpu.surfels import SURFEL
from ...kernels.cuda.sources import (
    DISC,
    ENTRY,
    SCAN_THREADS,
    STORAGES,
    SURFEL_ENTRY,
    TILE_WARPS,
)
from ...kernels.torch_ops import COEFFICIENTS, groups_of
from ..camera import Camera
from ..settings import Settings
from .device import GPULauncher, import_torch
from .frame import GROWTH, WARP, DeviceScene, Room, make_tile_lists, project_splats
from .packing import color_bytes
from .plan import Buffers, Plan, Tensor
from .sorting import sort
from .view import pack_view
from .work import Work

FLOAT32 = STORAGES.index("float32")


def register(rasterize: Any, backward: Any) -> None:
    """Offers the kernels to torch, as those of the two operators on CUDA.

    Raises:
        BackendUnavailable: no GPU, driver or package for it; the text says which.
    """
    torch, devices = import_torch(), {}

    def on(means: Tensor) -> Gradients:
        index = means.device.index
        if index not in devices:
            devices[index] = Gradients(Work(torch, GPULauncher()))
        return devices[index]

    def draw(means: Tensor, *rest: Any) -> tuple[Tensor, ...]:
        with torch.cuda.device(means.device):
            return on(means).draw(means, *rest)

    def go_back(means: Tensor, *rest: Any) -> tuple[Tensor, ...]:
        with torch.cuda.device(means.device):
            return on(means).go_back(means, *rest)

    rasterize.register_kernel("cuda", draw)
    backward.register_kernel("cuda", go_back)


class Gradients:
    """Both operators on one device; arguments and results are those of `kernels.torch_ops`.

    Args:
        work: torch and what launches kernels, on the device of the tensors.
    """

    def __init__(self, work: Work) -> None:
        self._torch, self._launcher = work.torch, work.launcher
        self._room = Room(0, 0)  # what the last picture needed, and some more

    def draw(
        self, means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, sh: Tensor,
        log_weights: Tensor, cells: Tensor, centers: Tensor, camera: Tensor, width: int,
        height: int, mode: str, antialias: bool, depth: bool, bins: int, refine: int,
        depth_unit: float,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """`voile::rasterize`. The footprints are in the order of the scene, whatever the mode.

        Raises:
            CameraError: the camera makes no picture.
            RenderError: more pairs of splat and tile than kernels can count.
            CUDAError: a kernel does not compile or cannot be launched.
            RasterizeError: cells that are none, or hold too much.
        """
        n, size = len(means), (width, height)
        scene = self._scene(means, quats, scales, opacities, sh)
        start, ordered = Room.for_scene(n), mode in ("sorted", "cells")
        groups = groups_of(cells, centers, camera) if mode == "cells" else None
        room = Room(
            min(n, max(start.visible, self._room.visible)),
            max(start.instances, self._room.instances),
        )
        while True:
            buffers = self._buffers()  # what is drawn from is kept: no two frames share memory
            plan, view = Plan(buffers), _send_view(buffers, camera, *size, depth_unit)
            counts = plan.zeros(3)
            keys = buffers.get("keys", room.visible, dtype="int32") if ordered else None
            visible = project_splats(
                plan, scene, view, room, counts, keys, COEFFICIENTS[sh.shape[1]], antialias
            )
            if groups is not None:  # in place of the depths
                plan.each(
                    "find_group_keys", room.visible, groups, visible.splats, counts, room.visible,
                    keys,
                )  # fmt: skip
            depths = buffers.get("depths", room.visible if mode == "binned" else 0, 2)
            if mode == "binned":
                plan.each(
                    "find_depths", room.visible, visible.footprints, visible.splats, counts,
                    room.visible, scene.shapes, FLOAT32, 0.0, 1.0, view, depths,
                )  # fmt: skip
            order = None
            if ordered:
                _, order = sort(plan, "depth", keys, None, counts, room.visible, 32)
            starts, members = make_tile_lists(plan, visible, order, size, room)
            plan.finish()
            self._run(plan)
            found, _, instances = map(int, plan.piece(counts).tolist())
            if room.holds(found, instances):
                break
            room = room.grown(found, instances, n)
        self._room = Room(int(GROWTH * found), int(GROWTH * instances))
        footprints, splats = visible.footprints[:found], visible.splats[:found]
        values, more = means.new_empty(0), (0,)
        if mode == "weighted":
            powers = log_weights[splats.long()] * (2 * HALF_LOG2_E)
            values = powers.clamp(LOG2_LOWEST, LOG2_HIGHEST).exp2()
        elif mode == "binned":
            values = depths[:found].clone()
            more = values, refine
        elif groups is not None:
            values = groups[splats.long()]
            more = splats, groups
        discs = () if visible.discs is None else (visible.discs[:found], view)
        kernel = f"rasterize_binned_{bins}" if mode == "binned" else f"rasterize_{mode}"
        lists = starts, members, footprints
        if mode == "weighted":
            kernel, more = "draw_weighted", (values,)
        picture = self._rasterize(kernel, *lists, size, depth, discs, more)
        kept = means.new_zeros((found if discs else 0, SURFEL))
        if discs:
            kept[:, :DISC] = discs[0]
        uint32 = self._torch.uint32
        return (
            *picture, footprints.clone(), splats.clone().view(uint32), values, starts.long(),
            members[:instances].clone().view(uint32), kept,
        )  # fmt: skip

    def go_back(
        self, means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, sh: Tensor,
        log_weights: Tensor, camera: Tensor, width: int, height: int, mode: str, antialias: bool,
        depth: bool, bins: int, refine: int, depth_unit: float, drawn: list[Tensor],
        slopes: list[Tensor], with_shape: bool,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """`voile::rasterize_backward`."""
        torch, weighted = self._torch, mode == "weighted"
        found = tuple(
            torch.zeros_like(column, memory_format=torch.contiguous_format)
            for column in (
                *(column if with_shape else column[:0] for column in (means, quats, scales)),
                *(opacities, sh, log_weights),
            )
        )
        *picture, footprints, splats, values, starts, members, kept = (
            t.contiguous() for t in drawn
        )
        color, alpha, z, total = picture
        by_color, by_alpha, by_depth = (slope.contiguous() for slope in slopes)
        count, instances = len(splats), len(members)
        members = members.view(torch.int32)
        buffers = self._buffers()
        plan, view = Plan(buffers), _send_view(buffers, camera, width, height, depth_unit)
        surfels = len(kept) > 0
        kind, size = ("_surfels", SURFEL_ENTRY) if surfels else ("", ENTRY)
        discs = (kept[:, :DISC].contiguous(), view) if surfels else ()
        entries = means.new_zeros((instances, size))
        more = {
            "sorted": (),
            "weighted": (values, total),
            "binned": (values, refine),
            "cells": (values,),
        }[mode]
        kernel = f"collect_binned_{bins}" if mode == "binned" else f"collect_{mode}"
        plan.launch(
            f"{kernel}{kind}", len(starts) - 1, (WARP, TILE_WARPS), starts.int(), members,
            footprints, width, height, color, alpha, z if depth else None, by_color, by_alpha,
            by_depth if depth else None, *discs, *more, entries,
        )  # fmt: skip

        # The entries of each splat, side by side: members sorted, and where each begins.
        counts = torch.tensor([count, count, instances], dtype=torch.int32, device=means.device)
        bits = max(1, (count - 1).bit_length())
        owners, places = sort(plan, "tile", members.clone(), None, counts, instances, bits)
        firsts = buffers.get("firsts", count + 1, dtype="int32")
        plan.each("find_starts", instances + 1, owners, True, counts, instances, count, firsts)
        totals = buffers.get("totals", count, size)
        plan.launch(
            f"add_entries{kind}", -(-count * WARP // SCAN_THREADS), (SCAN_THREADS, 1), firsts,
            places, count, entries, totals,
        )  # fmt: skip
        columns = (t.contiguous() for t in (means, quats, scales, opacities, sh))
        d_means, d_quats, d_scales, d_opacities, d_sh, d_log_weights = found
        plan.each(
            f"follow_splats{kind}", count, *columns, log_weights.contiguous() if weighted else None,
            mode == "binned", COEFFICIENTS[sh.shape[1]], antialias, view, footprints,
            splats.view(torch.int32), count, totals, LOG2_LOWEST, LOG2_HIGHEST,
            *((d_means, d_quats, d_scales) if with_shape else (None, None, None)), d_opacities,
            d_sh, d_log_weights if weighted else None,
        )  # fmt: skip
        plan.finish()
        self._run(plan)
        return found

    def _scene(
        self, means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, sh: Tensor
    ) -> DeviceScene:
        """The columns as `project` reads them: rows of shapes, and of colours of whole words."""
        torch, n, values = self._torch, len(means), 3 * sh.shape[1]
        shapes = torch.cat([quats, scales, opacities[:, None]], 1)
        colors = means.new_zeros((n, color_bytes(sh.shape[1], "float32") // 4))
        colors[:, :values] = sh.reshape(n, values)
        colors = colors.view(torch.uint8)
        surfels = bool((scales[:, 2] == 0).any())
        return DeviceScene(means.contiguous(), shapes, colors, FLOAT32, 0.0, 1.0, surfels)

    def _rasterize(
        self, kernel: str, starts: Tensor, members: Tensor, footprints: Tensor,
        size: tuple[int, int], with_depth: bool, discs: tuple[Tensor, ...], more: tuple[Any, ...],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
        """Colour, coverage, depth and sum of the weights; `discs` of surfels, and the camera."""
        weighted = kernel == "draw_weighted"
        (width, height), new = size, footprints.new_empty
        image = new((height, width, 4))
        depth = new((height, width) if with_depth else (0, 0))
        total = new((height, width) if weighted else (0, 0))
        self._launcher.launch(
            f"{kernel}_surfels" if discs else kernel, len(starts) - 1, (WARP, TILE_WARPS), starts,
            None, members, footprints, width, height, image, depth if with_depth else None, None,
            *discs, *more, *((total,) if weighted else ()),
        )  # fmt: skip
        color, alpha = (
            part.clone(memory_format=self._torch.contiguous_format)
            for part in (image[..., :3], image[..., 3])
        )
        return color, alpha, depth, total

    def _buffers(self) -> Buffers:
        return Buffers(self._torch, self._launcher.device)

    def _run(self, plan: Plan) -> None:
        plan.run(self._launcher, lambda stage: None)


def _send_view(
    buffers: Buffers, camera: Tensor, width: int, height: int, depth_unit: float
) -> Tensor:
    """The camera of the operator, (21,) float64, as kernels read it."""
    values = camera.cpu().numpy()
    fx, fy, cx, cy, near = map(float, values[16:])
    seen = Camera(width, height, fx, fy, cx, cy, values[:16].reshape(4, 4), near, far=2 * near)
    return buffers.send("view", pack_view(seen, Settings(), depth_unit=depth_unit))
