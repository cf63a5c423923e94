"""`CPURenderer`: tiles, SIMD and threads, for machines with no GPU and no OpenGL."""

from __future__ import annotations

import numpy as np

from ...kernels.cpu.frame import Columns, draw
from ...kernels.cpu.project import make_view
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.workers import shared_workers, thread_count
from ...scenes.splats import Splats
from ..camera import MAX_SIDE
from ..frame import Frame, FrameRequest
from ..renderer import Capabilities, RenderError, check_mode


class CPURenderer:
    """Draws with the kernels of `voile.kernels.cpu`. May be used from any thread, one at a time.

    Surfels (`kind` "2d") are drawn as Gaussians that are flat along their third axis, by the same
    projection as solid splats.

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
        self._columns: Columns | None = None
        self._antialiased = False

    @property
    def capabilities(self) -> Capabilities:
        count = self._workers.count
        device = f"CPU, {count} thread{'s' if count > 1 else ''}"
        return Capabilities(frozenset({"sorted"}), device, MAX_SIDE)

    def upload(self, splats: Splats) -> None:
        """Keeps the arrays by reference; only read-only or strided ones are copied."""
        self._columns = Columns(
            *(
                np.require(column, np.float32, ["C", "A", "W"])
                for column in (
                    splats.means, splats.quats, splats.scales, splats.opacities, splats.sh
                )
            )
        )  # fmt: skip
        self._antialiased = splats.antialiased

    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame. Raises RenderError: no scene uploaded, or a mode this backend lacks."""
        check_mode(self, request)
        if self._columns is None:
            raise RenderError("the CPU renderer has no scene; call upload() before render()")
        camera, settings = request.camera, request.settings
        view = make_view(
            camera.world_to_camera,
            (camera.fx, camera.fy),
            (camera.cx, camera.cy),
            (camera.width, camera.height),
            camera.near,
        )
        degree = {1: 0, 4: 1, 9: 2, 16: 3, 25: 4}[self._columns.sh.shape[1]]
        drawn = draw(
            self._columns,
            view,
            (camera.width, camera.height),
            self._workers,
            self._scratch,
            degree=min(settings.max_sh_degree, degree),
            splat_scale=settings.splat_scale,
            antialias=settings.uses_antialiasing(self._antialiased),
            with_depth=request.depth,
        )
        stats = {
            "splats": len(self._columns.means),
            "visible": drawn.visible,
            "instances": drawn.instances,
        }
        return Frame(drawn.color, drawn.alpha, drawn.depth, drawn.timings, stats)

    def close(self) -> None:
        """Lets go of the scene; the threads are shared by the process and stay."""
        self._columns = None
        self._scratch = Scratch()
