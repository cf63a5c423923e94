"""`CPURenderer`: tiles, SIMD and threads, for machines with no GPU and no OpenGL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import ALPHA_MIN
from ...kernels.cpu.frame import Columns, draw
from ...kernels.cpu.project import Culling, make_view
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.workers import shared_workers, thread_count
from ...scenes.splats import Splats
from ..camera import MAX_SIDE, Camera
from ..frame import Frame, FrameRequest
from ..renderer import Capabilities, RenderError, check_mode, rows_for, scene_for
from ..scene_facts import facts_of
from ..settings import FRUSTUM_MARGIN, Settings
from . import modes


class CPURenderer:
    """Draws with the kernels of `voile.kernels.cpu`. May be used from any thread, one at a time.

    Args:
        threads: how many to use; None takes the environment's VOILE_THREADS, or else every core.
            The picture has the same bytes for any number.

    Raises:
        ThreadCountError: `threads` or VOILE_THREADS is not a positive integer.
    """

    name = "cpu"

    def __init__(self, threads: int | None = None) -> None:
        self._workers = shared_workers(thread_count(threads))
        self._scratch = Scratch()
        self._splats: Splats | None = None

    @property
    def capabilities(self) -> Capabilities:
        count = self._workers.count
        device = f"CPU, {count} thread{'s' if count > 1 else ''}"
        return Capabilities(modes.NAMES, device, MAX_SIDE)

    def upload(self, splats: Splats) -> None:
        """Keeps the scene by reference."""
        self._splats = splats

    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame.

        Raises:
            RenderError: no scene uploaded, a mode this backend lacks, or a scene that lacks what
                the mode needs.
        """
        check_mode(self, request)
        if self._splats is None:
            raise RenderError("the CPU renderer has no scene; call upload() before render()")
        camera, settings = request.camera, request.settings
        splats, facts = scene_for(request, self._splats), facts_of(self._splats)
        view = make_view(
            camera.world_to_camera,
            (camera.fx, camera.fy),
            (camera.cx, camera.cy),
            (camera.width, camera.height),
            camera.near,
        )
        drawn = draw(
            _columns(splats),
            view,
            (camera.width, camera.height),
            self._workers,
            self._scratch,
            modes.blending(request, facts),
            degree=min(settings.max_sh_degree, splats.sh_degree),
            splat_scale=settings.splat_scale,
            antialias=settings.uses_antialiasing(splats.antialiased),
            cull=culling(settings, camera),
            surfels=splats.kind != "3d",
            with_depth=request.depth,
            coats=_coats(request, rows_for(request, self._splats)),
        )
        stats = {
            "splats": len(splats),
            "visible": drawn.visible,
            "instances": drawn.instances,
            "keys": drawn.keys,
        }
        return Frame(drawn.color, drawn.alpha, drawn.depth, drawn.timings, stats, drawn.paint)

    def close(self) -> None:
        """Lets go of the scene; the threads are shared by the process and stay."""
        self._splats = None
        self._scratch = Scratch()


def culling(settings: Settings, camera: Camera) -> Culling:
    """What the settings leave out of a view."""
    margin = FRUSTUM_MARGIN[settings.frustum]
    return Culling(
        max(ALPHA_MIN, settings.min_alpha),
        float(settings.min_pixels) ** 2,
        (margin * camera.width, margin * camera.height),
    )


def _coats(request: FrameRequest, rows: NDArray[np.integer] | None) -> list[NDArray[np.float32]]:
    """The request's paint, in the order in which the splats are drawn."""
    if request.paint is None:
        return []
    return [request.paint.coat(k, rows) for k in range(request.paint.coats)]


def _columns(splats: Splats) -> Columns:
    """The arrays as the kernels take them; only read-only or strided ones are copied."""
    names = ("means", "quats", "scales", "opacities", "sh")
    return Columns(
        *(np.require(getattr(splats, name), np.float32, ["C", "A", "W"]) for name in names)
    )
