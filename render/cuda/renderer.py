"""`CUDARenderer`: the kernels of `voile.kernels.cuda` on torch's tensors and stream.

It has not been run on a GPU yet (docs/gpu-status.md); tests run its kernels on the host.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.cuda.compile import CUDAError
from ...kernels.cuda.sources import STORAGES
from ...scenes.content import Content
from ...scenes.splats import Splats
from ..camera import MAX_SIDE
from ..device_frame import DeviceFrame
from ..frame import Frame, FrameRequest
from ..inspect import with_views
from ..meshes.cpu import draw_meshes
from ..modes.binned import depth_unit
from ..modes.weighted import depth_offset
from ..paint import Paint
from ..posters import clear_posters, with_posters
from ..renderer import BackendFailed, Capabilities, RenderError, check_mode, rows_for, scene_for
from ..scene_facts import facts_of
from . import modes
from .device import GPULauncher, Launcher, import_torch
from .frame import MOST, DeviceScene, Planned, Room, plan_frame
from .packing import pack_colors, pack_shapes, scale_range
from .plan import Buffers, Tensor
from .replay import Replayer
from .scenery import Scenery, limits_of
from .timing import StageTimes
from .view import pack_view

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """Where frames are drawn: torch, and what runs the kernels."""

    torch: Any
    launcher: Launcher


class Drawn(NamedTuple):
    """A frame on the device, where the next one will be drawn over it; what it cost and drew."""

    planned: Planned
    timings: dict[str, float]
    stats: dict[str, int]


class CUDARenderer:
    """Draws on an NVIDIA GPU. Use it from one thread at a time.

    Args:
        work: torch and what launches kernels; None takes torch's current CUDA device.

    Raises:
        BackendUnavailable: no GPU, driver or package for it; the text says which.
    """

    name = "cuda"

    def __init__(self, work: Work | None = None) -> None:
        self._work = work or work_on_gpu()
        self._content: Content | None = None
        self._scenes: WeakKeyDictionary[Splats, DeviceScene] = WeakKeyDictionary()
        self._arrays: dict[int, tuple[NDArray[Any], Tensor]] = {}
        self._buffers = Buffers(self._work.torch, self._work.launcher.device)
        self._replayer = Replayer(self._work.launcher)
        self._times = StageTimes(self._work.launcher)
        self._room: Room | None = None

    @property
    def capabilities(self) -> Capabilities:
        device = self._work.launcher.name
        return Capabilities(modes.NAMES, device, MAX_SIDE, medians=modes.MEDIANS)

    def upload(self, scene: Splats | Content) -> None:
        """Keeps the scene; its arrays are copied to the GPU when first drawn."""
        content = Content.of(scene)
        splats = content.splats
        if len(splats) > MOST:
            raise RenderError(f"the scene has {len(splats)} splats; the CUDA backend takes {MOST}")
        if self._content is None or splats is not self._content.splats:
            self._forget()
        self._content = content

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    @with_views
    @with_posters(draw_meshes)
    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame.

        Raises:
            RenderError: no scene uploaded, a mode this backend lacks, or a scene that lacks what
                the mode needs.
            BackendFailed: too little memory on the GPU, a kernel that does not compile or cannot
                be loaded, or a GPU that has stopped working.
        """
        return self._finish(request, self._download)

    def draw(self, request: FrameRequest) -> DeviceFrame:
        """As `render`, but the frame stays on the GPU. It has no depth, and shows no debug view.

        Raises:
            RenderError: as `render`, and where posters have alpha, which takes several frames.
        """
        if clear_posters(self._content):
            raise RenderError("posters with alpha take several frames; call render()")
        return self._finish(request, self._keep)

    def close(self) -> None:
        """Lets go of the scene and all memory on the GPU."""
        self._content = None
        self._forget()

    def _finish(self, request: FrameRequest, take: Callable[[Drawn, FrameRequest], T]) -> T:
        """Draws, and takes the frame from where the next one will be drawn."""
        check_mode(self, request)
        if self._content is None:
            raise RenderError("the CUDA renderer has no scene; call upload() before render()")
        splats = scene_for(request, self._content.splats)
        try:
            return take(self._draw(request, self._content, splats), request)
        except Exception as error:
            self._forget()
            if (problem := self._problem(error, request, len(splats))) is None:
                raise
            raise BackendFailed(self.name, problem) from error

    def _draw(self, request: FrameRequest, content: Content, splats: Splats) -> Drawn:
        """Draws on the device, again with more room where a frame has found too little."""
        camera, settings, facts = request.camera, request.settings, facts_of(content.splats)
        scenery = Scenery.of(content, request)
        limits = limits_of(scenery)
        scene = self._scene(splats, settings.storage)
        view = pack_view(
            camera,
            settings,
            depth_offset=depth_offset(facts, camera),
            depth_unit=depth_unit(facts, camera),
        )
        self._room = self._room or Room.for_scene(len(splats))
        asked = modes.Asked(request, facts, self._buffers, self._kept_array)
        blending = modes.blending(asked)
        sent = self._buffers.send("view", view)
        cut = None if limits is None else self._buffers.send("limits", limits)
        coats = self._coats(scenery.paint, rows_for(request, content.splats))
        while True:
            planned = plan_frame(
                self._buffers,
                scene,
                sent,
                (camera.width, camera.height),
                self._room,
                blending,
                degree=min(settings.max_sh_degree, splats.sh_degree),
                antialias=settings.uses_antialiasing(splats.antialiased),
                with_depth=request.depth,
                coats=coats,
                limits=cut,
            )
            self._times.begin()
            self._replayer.run(planned.plan, self._times.end)
            # The one place where the host waits for the GPU.
            visible, ordered, instances, _, groups = map(int, planned.counts.tolist()[:5])
            if self._room.holds(visible, instances, len(splats)):
                break
        stats = {
            "splats": len(splats),
            "visible": ordered,
            "instances": instances,
            "keys": modes.keys(blending, ordered, groups),
            **scenery.stats(request),
        }
        times = self._times.read(planned.plan.stages)
        scenery.complete(planned, request, self._to_device, self._work.launcher.to_host)
        return Drawn(planned, times | scenery.timings, stats)

    def _problem(self, error: Exception, request: FrameRequest, splats: int) -> str | None:
        """What went wrong with the GPU and what to do, where it was the GPU."""
        torch, camera = self._work.torch, request.camera
        if isinstance(error, torch.OutOfMemoryError):
            return (
                f"the GPU has too little memory for {splats} splats at "
                f"{camera.width}x{camera.height} ({_first_line(error)}). Make the picture smaller, "
                "set storage to uint8, or close what else uses the GPU."
            )
        if isinstance(error, torch.AcceleratorError):
            return (
                f"the GPU stopped working ({_first_line(error)}). Start the program again; if it "
                "comes again, update the driver."
            )
        return str(error) if isinstance(error, CUDAError) else None

    def _download(self, drawn: Drawn, request: FrameRequest) -> Frame:
        """The frame as arrays of their own."""
        begun, planned = time.perf_counter(), drawn.planned
        first = planned.colors[0]
        to_host = self._work.launcher.to_host
        # Split on the device: a copy takes at once what lies side by side.
        coats = 0 if request.paint is None else request.paint.coats
        painted = len(planned.colors) == coats  # more are what light was made from
        wanted = planned.colors if painted else planned.colors[:1]
        colors = [to_host(color[..., :3].contiguous()) for color in wanted]
        alpha = to_host(first[..., 3].contiguous())
        depth = None if planned.depth is None else to_host(planned.depth)
        paint = np.concatenate(colors, axis=2) if painted else None
        timings = drawn.timings | {"download": 1e3 * (time.perf_counter() - begun)}
        return Frame(colors[0], alpha, depth, timings, drawn.stats, paint)

    def _keep(self, drawn: Drawn, request: FrameRequest) -> DeviceFrame:
        """The frame as a tensor of its own."""
        color, launcher = drawn.planned.colors[0].clone(), self._work.launcher
        ready, splats = launcher.fence(), drawn.stats["splats"]

        def download() -> Frame:
            begun = time.perf_counter()
            try:
                ready()
                rgba = launcher.to_host(color)
            except Exception as error:
                if (problem := self._problem(error, request, splats)) is None:
                    raise
                raise BackendFailed(self.name, problem) from error
            timings = drawn.timings | {"download": 1e3 * (time.perf_counter() - begun)}
            return Frame(rgba[..., :3], rgba[..., 3], None, timings, drawn.stats)

        return DeviceFrame(color, ready, launcher.share, download, drawn.timings, drawn.stats)

    def _scene(self, splats: Splats, storage: str) -> DeviceScene:
        known = self._scenes.get(splats)
        if known is not None and known.storage == STORAGES.index(storage):
            return known
        span = scale_range(splats.scales)
        self._replayer.forget()
        self._scenes.pop(splats, None)
        scene = DeviceScene(
            known.means if known is not None else self._to_device(splats.means),
            self._to_device(pack_shapes(splats, span, storage)),
            self._to_device(pack_colors(splats.sh, storage)),
            STORAGES.index(storage),
            *span,
            splats.kind != "3d",
        )
        self._scenes[splats] = scene
        return scene

    def _coats(self, paint: Paint | None, rows: NDArray[np.integer] | None) -> list[Tensor]:
        """Paint in the order in which the splats are drawn."""
        if paint is None:
            return []
        return [self._buffers.send(f"coat {k}", paint.coat(k, rows)) for k in range(paint.coats)]

    def _kept_array(self, array: NDArray[Any], dtype: Any = None) -> Tensor:
        """A copy on the GPU, made once per scene. Kept with the array, whose id is then its own."""
        if id(array) not in self._arrays:
            sent = self._to_device(np.asarray(array, dtype))
            self._arrays[id(array)] = array, sent
        return self._arrays[id(array)][1]

    def _to_device(self, array: NDArray[Any]) -> Tensor:
        # torch warns of arrays that are read-only, as those of scenes are.
        whole = np.require(array, requirements=["C", "A", "W"])
        return self._work.torch.from_numpy(whole).to(self._work.launcher.device)

    def _forget(self) -> None:
        self._replayer.forget()
        self._scenes.clear()
        self._arrays.clear()
        self._buffers.clear()
        self._room = None


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def work_on_gpu() -> Work:
    launcher: Launcher = GPULauncher()
    return Work(import_torch(), launcher)
