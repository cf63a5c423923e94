"""`rasterize`: splats to a picture on torch's tensors, with gradients.

Two operators, `voile::rasterize` and `voile::rasterize_backward`, so that torch can trace, compile
and check them; what the first has drawn from goes to the second as tensors. The kernels on the CPU
are those of `cpu.grad`; those for other devices come by way of `devices`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ..scenes.errors import VoileError
from . import devices
from .cpu.bins import TILE
from .cpu.frame import Columns
from .cpu.grad import frame
from .cpu.grad.lists import weights_of
from .cpu.grad.shot import Lists, Shot
from .cpu.grad.shot import Picture as Drawn
from .cpu.modes.cells import MOST_SPLATS
from .cpu.project import FOOTPRINT, make_view
from .cpu.surfels import SURFEL
from .cpu.workers import shared_workers, thread_count

_OFFERED: set[str] = set()
"""Devices, next to the CPU, whose kernels torch knows."""

COEFFICIENTS = {1: 0, 4: 1, 9: 2, 16: 3, 25: 4}
"""Degree of the spherical harmonics by their number."""


BINS, REFINE = (4, 8, 16, 32), (0, 1, 2, 3)
"""Numbers of bins and of refinements of mode binned for which there are kernels."""


class RasterizeError(VoileError, ValueError):
    """The tensors do not go together; the text names the one and what it must be."""


class Pinhole(Protocol):
    """What is asked of a camera: OpenCV axes, pixels, world units. `voile.Camera` is one."""

    @property
    def world_to_camera(self) -> Any: ...
    @property
    def fx(self) -> float: ...
    @property
    def fy(self) -> float: ...
    @property
    def cx(self) -> float: ...
    @property
    def cy(self) -> float: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def near(self) -> float: ...


class Picture(NamedTuple):
    """What was drawn.

    Attributes:
        color: (H, W, 3) premultiplied, without a background.
        alpha: (H, W) coverage.
        depth: (H, W) expected depth, world units, 0 where nothing is; None where not asked for.
    """

    color: Tensor
    alpha: Tensor
    depth: Tensor | None


def rasterize(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    sh: Tensor,
    camera: Pinhole,
    *,
    mode: str = "sorted",
    log_weights: Tensor | None = None,
    cells: Tensor | None = None,
    centers: Tensor | None = None,
    bins: int = 8,
    refine: int = 2,
    depth_unit: float | None = None,
    antialias: bool = False,
    depth: bool = False,
) -> Picture:
    """Draws splats; differentiable by its tensors, but for the cells.

    The picture is that of the backends in the same mode (`docs/gradients.md` says what its
    gradients leave out). All tensors are float32 or all are float64, and on the CPU; or all are
    float32 on one CUDA device.

    Args:
        means: (N, 3) centres, world units.
        quats: (N, 4) rotations wxyz, of any length but 0.
        scales: (N, 3) standard deviations along the axes, world units, >= 0. A splat whose third is
            0 is a surfel, and stays one: that scale has no slope.
        opacities: (N,) in [0, 1].
        sh: (N, K, 3) spherical harmonics of the colour, K of 1, 4, 9, 16, 25.
        camera: from where; it has no gradient.
        mode: "sorted", "weighted", "binned" or "cells". Mode `learned` is "weighted" with other
            tensors. Mode `stochastic` has no gradient: its picture is of splats that are either
            drawn or not, so it is constant in their parameters but for jumps; what it averages to
            is "sorted", whose slopes are the ones wanted.
        log_weights: (N,) natural logarithms of the weights from this camera, of mode weighted.
        cells: (N,) int32 or int64, in mode cells the cell of each splat, of 256 splats at most.
        centers: (G, 3) centres of the cells, world units; their order is by depth, and has no
            slope. Both are what `voile.render.cells.build_cells` gives, or others.
        bins, refine: of mode binned, as in `voile.Settings`.
        depth_unit: of mode binned, how far the scene reaches from the camera, world units, > 0;
            see `voile.render.modes.binned.depth_unit`. It has no slope.
        antialias: the scene was trained with the factor of Yu et al. 2024 on its opacities.
        depth: also give expected depth.

    Raises:
        RasterizeError: a shape, type, device or number that does not fit, or an unknown mode.
        VoileError: there is no GPU, driver or package for kernels on CUDA; the text says which.
    """
    if log_weights is None and mode == "weighted":
        raise RasterizeError("log_weights are missing; mode weighted needs one per splat")
    if (cells is None or centers is None) and mode == "cells":
        raise RasterizeError("cells or centers are missing; mode cells needs both")
    if mode == "binned":
        _check_bins(bins, refine, depth_unit)
    weights = means.new_empty(0) if log_weights is None else log_weights
    numbers = means.new_empty(0, dtype=torch.int32) if cells is None else cells
    places = means.new_empty((0, 3)) if centers is None else centers.detach()
    _check(means, quats, scales, opacities, sh, weights, numbers, places, mode)
    pose = torch.as_tensor(np.array(camera.world_to_camera, np.float64)).flatten()
    inner = [camera.fx, camera.fy, camera.cx, camera.cy, camera.near]
    color, alpha, z, *_ = _rasterize(
        means, quats, scales, opacities, sh, weights, numbers, places,
        torch.cat([pose, torch.tensor(inner, dtype=torch.float64)]), int(camera.width),
        int(camera.height), mode, antialias, depth, bins, refine, float(depth_unit or 1.0),
    )  # fmt: skip
    return Picture(color, alpha, z if depth else None)


def _check_bins(bins: int, refine: int, depth_unit: float | None) -> None:
    if bins not in BINS or refine not in REFINE:
        raise RasterizeError(
            f"there are {bins} bins and {refine} refinements; there must be one of {BINS} and of "
            f"{REFINE}"
        )
    if depth_unit is None:
        raise RasterizeError("depth_unit is missing; mode binned needs how far the scene reaches")
    if not 0.0 < depth_unit < float("inf"):
        raise RasterizeError(f"depth_unit is {depth_unit}; it must be > 0 and finite")


def _check(means, quats, scales, opacities, sh, weights, cells, centers, mode) -> None:
    if mode == "stochastic":
        raise RasterizeError(
            "mode 'stochastic' has no gradients: splats are drawn or not, by chance, so pictures "
            "jump and are constant in between; what they average to is 'sorted', which has them"
        )
    if mode not in frame.MODES:
        raise RasterizeError(
            f"there is no mode {mode!r} with gradients; there are {', '.join(frame.MODES)}"
        )
    n = len(means) if means.ndim else 0
    if sh.ndim != 3 or sh.shape[1] not in COEFFICIENTS:
        raise RasterizeError(
            f"sh is {tuple(sh.shape)}; it must be (N, K, 3) with K one of 1, 4, 9, 16, 25"
        )
    device, known = means.device.type, ["cpu", *devices.OFFERS]
    if device not in known:
        raise RasterizeError(f"means are on {means.device}; there are kernels for {known}")
    if means.dtype not in (torch.float32, torch.float64):
        raise RasterizeError(f"means are {means.dtype}; they must be float32 or float64")
    if device != "cpu" and means.dtype != torch.float32:
        raise RasterizeError(f"means are {means.dtype} on {means.device}; they must be float32")
    wanted = {
        "means": (means, (n, 3)),
        "quats": (quats, (n, 4)),
        "scales": (scales, (n, 3)),
        "opacities": (opacities, (n,)),
        "sh": (sh, (n, sh.shape[1], 3)),
        "log_weights": (weights, (n,) if mode == "weighted" else (0,)),
        "cells": (cells, (n,) if mode == "cells" else (0,)),
        "centers": (centers, (len(centers) if mode == "cells" else 0, 3)),
    }
    for name, (tensor, shape) in wanted.items():
        if tuple(tensor.shape) != shape:
            raise RasterizeError(
                f"{name} has shape {tuple(tensor.shape)}; in mode {mode} it must be {shape}"
            )
        if name == "cells":
            if tensor.dtype not in (torch.int32, torch.int64) or tensor.device != means.device:
                raise RasterizeError(
                    f"cells are {tensor.dtype} on {tensor.device}; they must be int32 or int64 on "
                    f"{means.device}, as means"
                )
        elif tensor.device != means.device or (name != "centers" and tensor.dtype != means.dtype):
            raise RasterizeError(
                f"{name} is {tensor.dtype} on {tensor.device}; "
                f"it must be {means.dtype} on {means.device}, as means"
            )
    if device != "cpu" and device not in _OFFERED:
        devices.OFFERS[device](_rasterize, _backward)
        _OFFERED.add(device)


@torch.library.custom_op("voile::rasterize", mutates_args=(), device_types="cpu")
def _rasterize(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, sh: Tensor,
    log_weights: Tensor, cells: Tensor, centers: Tensor, camera: Tensor, width: int, height: int,
    mode: str, antialias: bool, depth: bool, bins: int, refine: int, depth_unit: float,
) -> tuple[
    Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor
]:  # fmt: skip
    """The four parts of `shot.Picture`, then the six of `shot.Lists`."""
    columns = Columns(*map(_array, (means, quats, scales, opacities, sh)))
    size, layout = (width, height), (bins, refine, depth_unit)
    shot = _shot(camera, scales, sh, size, mode, antialias, depth, layout)
    if mode == "cells":
        shot = shot._replace(groups=_array(groups_of(cells, centers, camera)))
    weigh = weights_of(_array(log_weights)) if mode == "weighted" else None
    picture, lists = frame.draw(columns, shot, weigh, _workers())
    return (*map(torch.from_numpy, picture), *map(torch.from_numpy, lists))  # type: ignore[return-value]


@torch.library.custom_op("voile::rasterize_backward", mutates_args=(), device_types="cpu")
def _backward(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, sh: Tensor,
    log_weights: Tensor, camera: Tensor, width: int, height: int, mode: str, antialias: bool,
    depth: bool, bins: int, refine: int, depth_unit: float, drawn: list[Tensor],
    slopes: list[Tensor], with_shape: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """`shot.Slopes`, from the outputs of `voile::rasterize` and the slopes of its first three."""
    columns = Columns(*map(_array, (means, quats, scales, opacities, sh)))
    arrays, workers = [*map(_array, drawn)], _workers()
    picture, lists = Drawn(*arrays[:4]), Lists(*arrays[4:])
    size, layout = (width, height), (bins, refine, depth_unit)
    shot = _shot(camera, scales, sh, size, mode, antialias, depth, layout)
    given = _array(slopes[0]), _array(slopes[1]), _array(slopes[2])
    totals = frame.collect(shot, picture, lists, given, with_shape, workers)
    found = frame.differentiate(columns, _array(log_weights), shot, lists, totals, workers)
    return tuple(map(torch.from_numpy, found))  # type: ignore[return-value]


@_rasterize.register_fake
def _(means, quats, scales, opacities, sh, log_weights, cells, centers, camera, width, height, mode,
      antialias, depth, bins, refine, depth_unit):  # fmt: skip
    new, context = means.new_empty, torch.library.get_ctx()
    visible, instances = context.new_dynamic_size(), context.new_dynamic_size()
    discs = context.new_dynamic_size()  # as many as are visible, or none: that is in the scales
    tiles = -(-width // TILE) * -(-height // TILE)
    values = {"weighted": (visible,), "cells": (visible,), "binned": (visible, 2)}.get(mode, (0,))
    return (
        new((height, width, 3)),
        new((height, width)),
        new((height, width) if depth else (0, 0)),
        new((height, width) if mode == "weighted" else (0, 0)),
        new((visible, FOOTPRINT)),
        new(visible, dtype=torch.uint32),
        new(values, dtype=torch.int32 if mode == "cells" else means.dtype),
        new(tiles + 1, dtype=torch.int64),
        new(instances, dtype=torch.uint32),
        new((discs, SURFEL)),
    )


@_backward.register_fake
def _(means, quats, scales, opacities, sh, log_weights, camera, width, height, mode, antialias,
      depth, bins, refine, depth_unit, drawn, slopes, with_shape):  # fmt: skip
    shapes = [t if with_shape else t[:0] for t in (means, quats, scales)]
    return tuple(map(torch.empty_like, (*shapes, opacities, sh, log_weights)))


def groups_of(cells: Tensor, centers: Tensor, camera: Tensor) -> Tensor:
    """(N,) int32 place of each splat's cell among all of them, front to back.

    Args:
        cells: (N,) the cell of each splat.
        centers: (G, 3) of the cells, world units.
        camera: (21,) float64 as the operators are given it.

    Raises:
        RasterizeError: a cell that is none of the G, or of more splats than kernels hold.
    """
    count = len(centers)
    if len(cells) and not 0 <= int(cells.min()) <= int(cells.max()) < count:
        raise RasterizeError(f"cells are {int(cells.min())} to {int(cells.max())} of {count}")
    most = int(torch.bincount(cells).max()) if len(cells) else 0
    if most > MOST_SPLATS:
        raise RasterizeError(f"a cell has {most} splats; there may be {MOST_SPLATS} in one")
    axis = camera[8:12].to(centers.device)
    order = torch.argsort(centers.double() @ axis[:3] + axis[3], stable=True)
    places = torch.empty(count, dtype=torch.int32, device=centers.device)
    places[order] = torch.arange(count, dtype=torch.int32, device=centers.device)
    return places[cells.long()]


def _keep(ctx: Any, inputs: Any, output: Any) -> None:
    *columns, _, _, camera = inputs[:9]
    ctx.rest = inputs[9:]
    ctx.save_for_backward(*columns, camera, *output)
    ctx.mark_non_differentiable(*output[3:])


def _go_back(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
    (*tensors,) = ctx.saved_tensors
    inputs, drawn = tensors[:7], tensors[7:]
    with_shape = any(ctx.needs_input_grad[:3])
    given = [torch.zeros_like(image) if s is None else s for s, image in zip(slopes[:3], drawn)]
    found = _backward(*inputs, *ctx.rest, drawn, given, with_shape)
    asked = zip(found, ctx.needs_input_grad)
    return (*(slope if wanted else None for slope, wanted in asked), *[None] * 11)


_rasterize.register_autograd(_go_back, setup_context=_keep)


def _array(tensor: Tensor) -> np.ndarray:
    return np.require(tensor.detach().numpy(), None, ["C", "A"])


def _shot(camera, scales, sh, size, mode, antialias, depth, layout) -> Shot:
    values = camera.numpy()
    fx, fy, cx, cy, near = map(float, values[16:])
    view = make_view(values[:16].reshape(4, 4), (fx, fy), (cx, cy), size, near)
    degree, surfels = COEFFICIENTS[sh.shape[1]], bool((scales[:, 2] == 0).any())
    return Shot(view, size, degree, antialias, depth, mode, surfels, None, *layout)


def _workers():
    return shared_workers(thread_count())
