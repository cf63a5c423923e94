"""`CUDARenderer`: the kernels of `voile.kernels.cuda` on torch's tensors and stream.

It has not been run on a GPU yet (docs/gpu-status.md); tests run its kernels on the host.
"""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.cpu.project import make_view
from ...scenes.splats import Splats
from ..camera import MAX_SIDE, Camera
from ..frame import Frame, FrameRequest
from ..renderer import Capabilities, RenderError, check_mode, scene_for
from ..scene_facts import facts_of
from . import modes
from .device import GPULauncher, Launcher, import_torch
from .frame import MOST, Columns, Tensor, Work, draw


class CUDARenderer:
    """Draws on an NVIDIA GPU. Use it from one thread at a time.

    Args:
        work: torch and what launches kernels; None takes torch's current CUDA device.

    Raises:
        BackendUnavailable: no GPU, driver or package for it; the text says which.
    """

    name = "cuda"

    def __init__(self, work: Work | None = None) -> None:
        self._work = work or _on_gpu()
        self._splats: Splats | None = None
        self._columns: WeakKeyDictionary[Splats, Columns] = WeakKeyDictionary()
        self._arrays: dict[int, tuple[NDArray[Any], Tensor]] = {}

    @property
    def capabilities(self) -> Capabilities:
        lacks = frozenset({"frustum", "min_pixels", "min_alpha"})
        return Capabilities(modes.NAMES, self._work.launcher.name, MAX_SIDE, lacks, paints=False)

    def upload(self, splats: Splats) -> None:
        """Keeps the scene; its arrays are copied to the GPU when first drawn."""
        if len(splats) > MOST:
            raise RenderError(f"the scene has {len(splats)} splats; the CUDA backend takes {MOST}")
        if splats is not self._splats:
            self._columns.clear()
            self._arrays.clear()
        self._splats = splats

    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame.

        Raises:
            RenderError: no scene uploaded, a mode this backend lacks, or a scene that lacks what
                the mode needs.
            CUDAError: a kernel does not compile.
        """
        check_mode(self, request)
        if self._splats is None:
            raise RenderError("the CUDA renderer has no scene; call upload() before render()")
        camera, settings = request.camera, request.settings
        splats = scene_for(request, self._splats)
        columns = self._columns_of(splats)
        timings: dict[str, float] = {}
        begun = time.perf_counter()

        def on_stage(name: str) -> None:
            # Kernels run behind the program's back: without waiting, times would mean nothing.
            nonlocal begun
            self._work.launcher.synchronize()
            now = time.perf_counter()
            timings[name], begun = 1e3 * (now - begun), now

        asked = modes.Asked(
            self._work, request, facts_of(self._splats), columns, self._to_device, self._kept_array
        )
        drawn = draw(
            self._work,
            columns,
            self._to_device(_view_of(camera)),
            (camera.width, camera.height),
            modes.blending(asked),
            degree=min(settings.max_sh_degree, splats.sh_degree),
            splat_scale=float(settings.splat_scale),
            antialias=settings.uses_antialiasing(splats.antialiased),
            with_depth=request.depth,
            on_stage=on_stage,
        )
        color, alpha = drawn.color.cpu().numpy(), drawn.alpha.cpu().numpy()
        depth = None if drawn.depth is None else drawn.depth.cpu().numpy()
        on_stage("download")
        stats = {
            "splats": len(splats),
            "visible": drawn.visible,
            "instances": drawn.instances,
            "keys": drawn.keys,
        }
        return Frame(color, alpha, depth, timings, stats)

    def close(self) -> None:
        """Lets go of the scene and its copies on the GPU."""
        self._splats = None
        self._columns.clear()
        self._arrays.clear()

    def _columns_of(self, splats: Splats) -> Columns:
        columns = self._columns.get(splats)
        if columns is None:
            names = ("means", "quats", "scales", "opacities", "sh")
            columns = Columns(*(self._to_device(getattr(splats, name)) for name in names))
            self._columns[splats] = columns
        return columns

    def _kept_array(self, array: NDArray[Any]) -> Tensor:
        """A copy on the GPU, made once per scene. Kept with the array, whose id is then its own."""
        if id(array) not in self._arrays:
            self._arrays[id(array)] = array, self._to_device(array)
        return self._arrays[id(array)][1]

    def _to_device(self, array: NDArray[Any]) -> Tensor:
        # torch warns of arrays that are read-only, as those of scenes are.
        whole = np.require(array, requirements=["C", "A", "W"])
        return self._work.torch.from_numpy(whole).to(self._work.launcher.device)


def _on_gpu() -> Work:
    launcher: Launcher = GPULauncher()
    return Work(import_torch(), launcher)


def _view_of(camera: Camera) -> NDArray[np.float64]:
    """The camera as `View` of common.cuh."""
    view = make_view(
        camera.world_to_camera,
        (camera.fx, camera.fy),
        (camera.cx, camera.cy),
        (camera.width, camera.height),
        camera.near,
    )
    return np.concatenate([np.ravel(part) for part in view])
