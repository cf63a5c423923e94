"""`ReferenceRenderer`: the definition of every picture, in float64, small enough to read.

`projection` brings splats to the image plane, `modes` says how they blend. It is slow on purpose:
one splat after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..scenes.content import Content
from ..scenes.splats import Splats
from .camera import MAX_SIDE
from .frame import Frame, FrameRequest
from .inspect import as_defined, with_views
from .meshes.reference import draw_meshes
from .meshes.surface import Surface
from .modes import MODES, Canvas, Layers
from .paint import Paint
from .posters import posed, with_posters
from .projection import project
from .renderer import Capabilities, RenderError, check_mode, rows_for, scene_for
from .scene_facts import facts_of
from .shading import gbuffer_paint, lit_by_samples, lit_meshes, lit_splats, relights, shade_matte

Float64 = NDArray[np.float64]


class ReferenceRenderer:
    """Draws in float64 with numpy, without early termination. May be used from any thread."""

    name = "reference"

    def __init__(self) -> None:
        self._content: Content | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            frozenset(MODES), "CPU, float64", MAX_SIDE, medians=frozenset({"sorted"})
        )

    def upload(self, scene: Splats | Content) -> None:
        """Keeps the scene by reference."""
        self._content = Content.of(scene)

    @property
    def shown_scene(self) -> Content | None:
        """What debug views show."""
        return self._content

    @with_views(as_defined)
    @with_posters(draw_meshes)
    def render(self, request: FrameRequest) -> Frame:
        """Draws one frame. Raises RenderError: no scene uploaded, or a mode that is not defined."""
        check_mode(self, request)
        if self._content is None:
            raise RenderError("the reference renderer has no scene; call upload() before render()")
        content, splats = posed(self._content, request.camera), self._content.splats
        camera, settings, start = request.camera, request.settings, time.perf_counter()
        projected = project(scene_for(request, splats), camera, settings)
        surface = draw_meshes(content.meshes, camera) if content.meshes else None
        limits = None if surface is None else surface.depth
        layers = Layers(projected, camera, settings, request.seed, facts_of(splats), limits)
        middle = time.perf_counter()
        paint = request.paint
        if relit := relights(content, settings, paint):
            paint = gbuffer_paint(content, camera, settings, paint)
        painted = _painted(layers, paint, rows_for(request, splats))
        canvases = [_composite(each, request.median) for each in painted]
        canvas = canvases[0]
        if relit:
            channels = np.concatenate([each.color for each in canvases], axis=2)
            canvas.color[...] += lit_splats(content, channels, camera, settings, request.seed)
        if surface is not None:
            shown = shade_matte(content, surface, camera, settings)
            lit_meshes(content, surface, camera, settings, request.seed, shown)
            _put_under(canvas, surface, shown)
        stats = {"splats": len(splats), "visible": len(projected.depths)}
        if lit_by_samples(content, settings):
            stats["light_samples"] = settings.light_samples
        alpha = 1.0 - canvas.transmittance
        timings = {
            "project": (middle - start) * 1e3,
            "rasterize": (time.perf_counter() - middle) * 1e3,
        }
        return Frame(
            canvas.color.astype(np.float32),
            alpha.astype(np.float32),
            _depth(canvas, alpha) if request.depth else None,
            timings,
            stats,
            None if relit or request.paint is None else _channels(canvases),
        )

    def close(self) -> None:
        """Lets go of the scene."""
        self._content = None


def _composite(layers: Layers, median: bool) -> Canvas:
    """Layers blended by their mode."""
    canvas = Canvas(
        np.zeros((*layers.shape, 3)),
        np.ones(layers.shape),
        np.zeros(layers.shape),
        np.zeros(layers.shape) if median else None,
    )
    MODES[layers.settings.mode].composite(layers, canvas)
    return canvas


def _put_under(canvas: Canvas, surface: Surface, shown: Float64) -> None:
    """An opaque surface behind what is there: it shows by the transmittance that is left."""
    seen = surface.mesh >= 0
    left = canvas.transmittance[seen]
    canvas.color[seen] += left[:, None] * shown[seen]
    canvas.depth[seen] += left * surface.depth[seen]
    if canvas.median is not None:
        canvas.median[seen] = np.where(left > 0.5, surface.depth[seen], canvas.median[seen])
    canvas.transmittance[seen] = 0.0


def _painted(
    layers: Layers, paint: Paint | None, rows: NDArray[np.integer] | None
) -> Iterator[Layers]:
    """The layers in their own colours, or once in each coat of the paint: keep colour + values."""
    if paint is None:
        yield layers
        return
    projected = layers.projected
    for k in range(paint.coats):
        coat = paint.coat(k, rows)[projected.splats].astype(np.float64)
        colors = coat[:, 3:] * projected.colors + coat[:, :3]
        yield replace(layers, projected=replace(projected, colors=colors))


def _channels(canvases: list[Canvas]) -> NDArray[np.float32]:
    return np.concatenate([canvas.color for canvas in canvases], axis=2).astype(np.float32)


def _depth(canvas: Canvas, alpha: Float64) -> NDArray[np.float32]:
    if canvas.median is not None:
        return canvas.median.astype(np.float32)
    depth = canvas.depth
    mean = np.divide(depth, alpha, out=np.zeros_like(depth), where=alpha > 0)
    return mean.astype(np.float32)
