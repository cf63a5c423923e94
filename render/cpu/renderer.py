"""`CPURenderer`: tiles, SIMD and threads, for machines with no GPU and no OpenGL."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ...kernels.constants import ALPHA_MIN
from ...kernels.cpu.frame import Columns, Drawn, draw
from ...kernels.cpu.project import Culling
from ...kernels.cpu.scratch import Scratch
from ...kernels.cpu.workers import shared_workers, thread_count
from ...scenes.content import Content
from ...scenes.splats import Splats
from ..camera import MAX_SIDE, Camera
from ..frame import Frame, FrameRequest
from ..inspect import by_cpu, with_views
from ..kernel_view import view_of
from ..meshes import Surface
from ..meshes.cpu import draw_meshes
from ..paint import Paint
from ..posters import posed, with_posters
from ..renderer import Capabilities, RenderError, check_mode, rows_for, scene_for
from ..scene_facts import facts_of
from ..settings import FRUSTUM_MARGIN, Settings
from ..shading import (
    gbuffer_paint,
    lit_by_samples,
    lit_meshes,
    lit_splats,
    relights,
    shade_matte,
)
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
        self._content: Content | None = None

    @property
    def capabilities(self) -> Capabilities:
        count = self._workers.count
        device = f"CPU, {count} thread{'s' if count > 1 else ''}"
        return Capabilities(modes.NAMES, device, MAX_SIDE, medians=modes.MEDIANS)

    def upload(self, scene: Splats | Content) -> None:
        """Keeps the scene by reference."""
        self._content = Content.of(scene)

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    @with_views(by_cpu)
    @with_posters(draw_meshes)
    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame.

        Raises:
            RenderError: no scene uploaded, a mode this backend lacks, or a scene that lacks what
                the mode needs.
        """
        check_mode(self, request)
        if self._content is None:
            raise RenderError("the CPU renderer has no scene; call upload() before render()")
        camera, settings = request.camera, request.settings
        content = posed(self._content, camera)
        splats, facts = scene_for(request, content.splats), facts_of(content.splats)
        start = time.perf_counter()
        meshes = draw_meshes(content.meshes, camera, self._workers) if content.meshes else None
        begun = time.perf_counter()
        paint = request.paint
        if relit := relights(content, settings, paint):
            paint = gbuffer_paint(content, camera, settings, paint)
        drawn = draw(
            columns_of(splats),
            view_of(camera),
            (camera.width, camera.height),
            self._workers,
            self._scratch,
            modes.blending(request, facts),
            degree=min(settings.max_sh_degree, splats.sh_degree),
            splat_scale=settings.splat_scale,
            antialias=settings.uses_antialiasing(splats.antialiased),
            cull=culling(settings, camera),
            surfels=splats.kind != "3d",
            limits=None if meshes is None else meshes.depth,
            with_depth=request.depth,
            coats=_coats(paint, rows_for(request, content.splats)),
        )
        stats = {
            "splats": len(splats),
            "visible": drawn.visible,
            "instances": drawn.instances,
            "keys": drawn.keys,
        }
        if meshes is not None:
            drawn.timings["meshes"] = 1e3 * (begun - start)
        begun = time.perf_counter()
        if relit:
            assert drawn.paint is not None
            drawn.color[...] += lit_splats(
                content, drawn.paint, camera, settings, request.seed, np.float32
            )
        if meshes is not None:
            shown = shade_matte(content, meshes, camera, settings)
            lit_meshes(content, meshes, camera, settings, request.seed, shown, np.float32)
            put_under(drawn, meshes, shown.astype(np.float32), request.median)
        if relit or meshes is not None:
            drawn.timings["shade"] = 1e3 * (time.perf_counter() - begun)
        if lit_by_samples(content, settings):
            stats["light_samples"] = settings.light_samples
        painted = None if relit or request.paint is None else drawn.paint
        return Frame(drawn.color, drawn.alpha, drawn.depth, drawn.timings, stats, painted)

    def close(self) -> None:
        """Lets go of the scene; the threads are shared by the process and stay."""
        self._content = None
        self._scratch = Scratch()


def put_under(
    drawn: Drawn, surface: Surface, shown: NDArray[np.float32], median: bool = False
) -> None:
    """An opaque surface behind what is drawn: it shows by the transmittance that is left."""
    seen = surface.mesh >= 0
    alpha = drawn.alpha[seen]
    left = 1.0 - alpha
    under = left[:, None] * shown[seen]
    drawn.color[seen] += under
    if drawn.paint is not None:
        drawn.paint[seen, :3] += under
    if drawn.depth is not None:
        own, behind = drawn.depth[seen], surface.depth[seen]
        mean = alpha * own + left * behind
        drawn.depth[seen] = np.where(left > 0.5, behind, own) if median else mean
    drawn.alpha[seen] = 1.0


def culling(settings: Settings, camera: Camera) -> Culling:
    """What the settings leave out of a view."""
    margin = FRUSTUM_MARGIN[settings.frustum]
    return Culling(
        max(ALPHA_MIN, settings.min_alpha),
        float(settings.min_pixels) ** 2,
        (margin * camera.width, margin * camera.height),
    )


def _coats(paint: Paint | None, rows: NDArray[np.integer] | None) -> list[NDArray[np.float32]]:
    """Paint in the order in which the splats are drawn."""
    if paint is None:
        return []
    return [paint.coat(k, rows) for k in range(paint.coats)]


def columns_of(splats: Splats) -> Columns:
    """The arrays as the kernels take them; only read-only or strided ones are copied."""
    names = ("means", "quats", "scales", "opacities", "sh")
    return Columns(
        *(np.require(getattr(splats, name), np.float32, ["C", "A", "W"]) for name in names)
    )
