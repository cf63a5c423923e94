"""Debug views: what a frame is made of, in place of its colours. Setting `shown` chooses.

    depth, alpha                     what every frame has besides colour
    normals, ids, cells              attributes of the splats, blended by the mode as colours are
    centres, ellipsoids, overdraw    from the projection alone, so the same by every backend
    bins                             how many bins of mode binned share a pixel, likewise
    error                            the mode at hand against sorted, by the same backend

The pictures are for eyes: no exposure and no tone mapping. Surfels are taken for the flat ellipses
that the projection of their axes gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..kernels.constants import ALPHA_MIN
from ..scenes.content import Content
from ..scenes.splats import Splats
from .camera import Camera
from .frame import Frame, FrameRequest
from .heat import FEW, heat
from .modes import MODES
from .modes.binned import bins_in_use
from .modes.layers import Layers
from .normals import splat_normals
from .paint import Paint
from .projection import Projected, project
from .scene_facts import SceneFacts, facts_of

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Ints = NDArray[np.int64]
Render = TypeVar("Render", bound=Callable[..., Frame])

Draw = Callable[[Any, FrameRequest], Frame]
"""Draws a frame by the renderer that comes first."""

PROJECTED = ("centres", "ellipsoids", "overdraw", "bins")
"""Views that are made of projected splats alone, whatever the mode."""

BLENDED = ("depth", "alpha", "normals", "ids", "cells")
"""Views that are made of one frame, each pixel of its own."""

SHELL = 1.5**2
"""Squared distance from the centre, in variances, at which an ellipsoid is cut to be solid; fainter
ones end before, where alpha is 1/255."""

LEAST_LAYERS = 8
"""Where the colours of overdraw end at the least."""

DEPTH_ENDS = 0.01, 0.99
"""Parts of what is seen at which the colours of view depth begin and end."""

DEPTH_FARTHEST, DEPTH_RISE = 0.08, 0.9
"""Where on the ramp of colours the farthest is, and how far from there the nearest."""

_CHUNK = 1 << 20  # pixels of spans at a time


def with_views(projected: Draw) -> Callable[[Render], Render]:
    """Makes a renderer's `render` one that also draws the debug views.

    The renderer tells its scene by `shown_scene`, a Content or None. `projected` draws the views of
    `PROJECTED`.
    """

    def wrapped(render: Render) -> Render:
        @wraps(render)
        def draw(self: Any, request: FrameRequest) -> Frame:
            shown, content = request.settings.shown, self.shown_scene
            if shown == "colour" or content is None:
                return render(self, request)
            if shown in PROJECTED:
                return projected(self, request)
            begun = time.perf_counter()
            error = shown == "error"
            asked = compared(request) if error else (blended(request, content),)
            drawing = time.perf_counter()
            frames = [render(self, each) for each in asked]
            drawn = time.perf_counter()
            picture = (
                _error(frames[0], frames[1], asked[0]) if error else _pictured(frames[0], request)
            )
            own = (drawing - begun) + (time.perf_counter() - drawn)
            return replace(picture, timings=picture.timings | {view_stage(shown): 1e3 * own})

        return cast(Render, draw)

    return wrapped


def view_stage(shown: str) -> str:
    """The stage of a frame's times that is what a debug view does beside drawing frames."""
    return f"view {shown}"


def as_defined(renderer: Any, request: FrameRequest) -> Frame:
    """One of the views of `PROJECTED`, as it is defined."""
    return draw_projected(renderer.shown_scene, request)


def by_cpu(renderer: Any, request: FrameRequest) -> Frame:
    """One of the views of `PROJECTED` by the kernels of `cpu`."""
    from .cpu.views import draw_projected as draw_fast  # Numba, for who needs it

    return draw_fast(renderer.shown_scene, request)


def blended(request: FrameRequest, content: Content) -> FrameRequest:
    """The frame that a view of `BLENDED` is made of."""
    shown, paint = request.settings.shown, None
    if shown in ("normals", "ids", "cells"):
        facts = facts_of(content.splats)
        paint = _paint(shown, facts, MODES[request.settings.mode].in_order(facts), request.camera)
    return replace(_plain(request), paint=paint, depth=request.depth or shown == "depth")


def projected(request: FrameRequest) -> FrameRequest:
    """The frame that a view of `PROJECTED` is, whatever the mode."""
    settings = replace(request.settings, mode="sorted")
    return replace(request, settings=settings, depth=False, paint=None)


def compared(request: FrameRequest) -> tuple[FrameRequest, FrameRequest]:
    """The frames that view error is made of: by the mode at hand, and by sorted."""
    plain = _plain(request)
    return plain, replace(plain, settings=replace(plain.settings, mode="sorted"))


def _plain(request: FrameRequest) -> FrameRequest:
    return replace(request, settings=replace(request.settings, shown="colour"), paint=None)


def draw_projected(content: Content, request: FrameRequest) -> Frame:
    """One of the views of `PROJECTED`, as it is defined."""
    start = time.perf_counter()
    camera, shown = request.camera, request.settings.shown
    projected = project(content.splats, camera, request.settings)
    stats = {"splats": len(content.splats), "visible": len(projected.depths)}
    if shown == "overdraw":
        frame, more = overdraw_frame(overdraw(projected, camera))
        stats |= more
    elif shown == "bins":
        flat = _flattened(projected)
        layers = Layers(flat, camera, request.settings, 0, facts_of(content.splats))
        frame, more = bins_frame(bins_in_use(layers), request.settings.bins)
        stats |= more
    else:
        frame = (_solid if shown == "ellipsoids" else _dots)(projected, camera)
    depth = np.zeros_like(frame.alpha) if request.depth else None
    timings = {view_stage(shown): 1e3 * (time.perf_counter() - start)}
    return replace(frame, depth=depth, timings=timings, stats=stats)


def _flattened(projected: Projected) -> Projected:
    """Surfels as the ellipses of their projection, for `Layers`, which knows better."""
    a, b, c = projected.conics.T
    reach = 2.0 * np.log(np.maximum(projected.opacities / ALPHA_MIN, 1.0))
    variances = np.stack([c, a], 1) / np.maximum(a * c - b * b, 1e-300)[:, None]
    half = np.sqrt(reach[:, None] * variances)
    low, high = projected.centers - half, projected.centers + half
    return replace(projected, low=low, high=high, surfels=np.zeros_like(projected.surfels))


# Spans: the pixels of an ellipse, row by row


def _spans(projected: Projected, camera: Camera, squared: Float64) -> tuple[Ints, Ints, Ints, Ints]:
    """Rows of pixels of the ellipses q <= squared, in the order of the splats.

    Returns:
        Which splat, the row, the first pixel and the one behind the last; empty spans left out.
    """
    a, b, c = projected.conics.T
    det = np.maximum(a * c - b * b, 1e-300)
    half = np.sqrt(squared * a / det)  # height of the ellipse
    y = projected.centers[:, 1]
    first = np.clip(np.ceil(y - half - 0.5), 0, camera.height).astype(np.int64)
    end = np.clip(np.floor(y + half - 0.5) + 1, 0, camera.height).astype(np.int64)
    counts = np.maximum(end - first, 0)
    which = np.repeat(np.arange(len(y)), counts)
    begins = np.cumsum(counts) - counts
    rows = np.arange(len(which)) - np.repeat(begins - first, counts)
    dy = rows + 0.5 - y[which]
    # A dx^2 + 2 B dx dy + C dy^2 = squared, solved for dx.
    a, b, c = a[which], b[which], c[which]
    root = np.sqrt(np.maximum(b * b * dy * dy - a * (c * dy * dy - squared[which]), 0.0))
    x = projected.centers[which, 0] - b * dy / a
    left = np.clip(np.ceil(x - root / a - 0.5), 0, camera.width).astype(np.int64)
    right = np.clip(np.floor(x + root / a - 0.5) + 1, 0, camera.width).astype(np.int64)
    kept = right > left
    return which[kept], rows[kept], left[kept], right[kept]


def overdraw(projected: Projected, camera: Camera) -> Float32:
    """(H, W) how many splats touch each pixel, alpha >= 1/255."""
    reach = 2.0 * np.log(np.maximum(projected.opacities / ALPHA_MIN, 1.0))
    _, rows, left, right = _spans(projected, camera, reach)
    height, width = camera.height, camera.width + 1
    begun, ended = (np.bincount(rows * width + x, minlength=height * width) for x in (left, right))
    steps = (begun - ended).reshape(height, width)
    return np.cumsum(steps, axis=1)[:, :-1].astype(np.float32)


def overdraw_frame(layers: Float32) -> tuple[Frame, dict[str, int]]:
    """Counts (H, W) in colours, and what belongs to the frame's stats."""
    limit = layers_limit(layers)
    frame = Frame(heat(layers / np.float32(255), limit), np.ones_like(layers))
    return frame, {"layers": int(layers.max(initial=0)), "limit": limit}


def bins_frame(counts: NDArray[np.floating], bins: int) -> tuple[Frame, dict[str, int]]:
    """Bins in use (H, W) in colours that end at their number, and the frame's stats."""
    counts = counts.astype(np.float32)
    frame = Frame(heat(counts / np.float32(255), bins), np.ones_like(counts))
    return frame, {"limit": bins}


def layers_limit(layers: Float32) -> int:
    """Where the colours of overdraw end: a power of 2 that few pixels exceed."""
    limit = LEAST_LAYERS
    while FEW * np.count_nonzero(layers > limit) > layers.size:
        limit *= 2
    return limit


def _solid(projected: Projected, camera: Camera) -> Frame:
    """The nearest ellipse of each pixel, lit from the eye."""
    reach = 2.0 * np.log(np.maximum(projected.opacities / ALPHA_MIN, 1.0))
    squared = np.minimum(SHELL, reach)
    which, rows, left, right = _spans(projected, camera, squared)
    none = len(projected.depths)
    owner = np.full(camera.height * camera.width, none)  # the first is the nearest
    lengths = right - left
    ends = np.cumsum(lengths)
    for start in range(0, int(ends[-1]) if len(ends) else 0, _CHUNK):
        first, last = np.searchsorted(ends, (start, start + _CHUNK), "right")
        part = slice(int(first), int(last) + 1)
        counts = lengths[part]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        pixels = np.repeat(rows[part] * camera.width + left[part], counts) + offsets
        np.minimum.at(owner, pixels, np.repeat(which[part], counts))
    seen = np.flatnonzero(owner < none)
    row = owner[seen]
    dx = seen % camera.width + 0.5 - projected.centers[row, 0]
    dy = seen // camera.width + 0.5 - projected.centers[row, 1]
    a, b, c = projected.conics[row].T
    rise = np.sqrt(np.maximum(1.0 - (a * dx * dx + 2 * b * dx * dy + c * dy * dy) / SHELL, 0.0))
    color = np.zeros((len(owner), 3), np.float32)
    color[seen] = projected.colors[row] * (0.3 + 0.7 * rise)[:, None]
    alpha = (owner < none).astype(np.float32)
    shape = camera.height, camera.width
    return Frame(color.reshape(*shape, 3), alpha.reshape(shape))


def _dots(projected: Projected, camera: Camera) -> Frame:
    """The pixel of each centre in the splat's colour, the nearest in front."""
    place = np.floor(projected.centers).astype(np.int64)
    inside = ((place >= 0) & (place < (camera.width, camera.height))).all(axis=1)
    rows = np.flatnonzero(inside & (projected.opacities >= ALPHA_MIN))
    pixels, first = np.unique(place[rows] @ (1, camera.width), return_index=True)
    color = np.zeros((camera.height * camera.width, 3), np.float32)
    alpha = np.zeros(len(color), np.float32)
    color[pixels] = np.clip(projected.colors[rows[first]], 0.15, None)  # black ones are seen too
    alpha[pixels] = 1.0
    shape = camera.height, camera.width
    return Frame(color.reshape(*shape, 3), alpha.reshape(shape))


# Blended by the backend


def _paint(shown: str, facts: SceneFacts, drawn: Splats, camera: Camera) -> Paint:
    if shown == "normals":
        return Paint(splat_normals(drawn, camera))
    if shown == "ids":
        return Paint(number_colors(np.arange(len(drawn))))
    cells = facts.cells
    numbers = np.zeros(len(drawn), np.int64)
    numbers[cells.order] = cells.numbers
    return Paint(number_colors(numbers))


def number_colors(numbers: Ints) -> Float32:
    """(N, 3) colours of whole numbers, unlike for neighbours: hues by the golden ratio."""
    turn = (numbers * 0.6180339887498949) % 1.0
    light = 0.65 + 0.35 * ((numbers * 0.7548776662466927) % 1.0)
    hue = np.abs((turn[:, None] * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    return (light[:, None] * (0.25 + 0.75 * np.clip(hue, 0.0, 1.0))).astype(np.float32)


def _pictured(frame: Frame, request: FrameRequest) -> Frame:
    """A frame with what is shown for its colour."""
    shown, alpha = request.settings.shown, frame.alpha
    if shown == "alpha":
        color, alpha = np.repeat(alpha[..., None], 3, axis=2), np.ones_like(alpha)
    elif shown == "depth":
        assert frame.depth is not None
        color = _depth_colors(frame.depth, alpha) * alpha[..., None]
    else:
        assert frame.paint is not None
        color = frame.paint[..., :3]
        if shown == "normals":
            length = np.linalg.norm(color, axis=2, keepdims=True)
            unit = np.divide(color, length, out=np.zeros_like(color), where=length > 1e-6)
            color = (0.5 + 0.5 * unit) * alpha[..., None]
    depth = frame.depth if request.depth else None
    return replace(frame, color=np.asarray(color, np.float32), alpha=alpha, depth=depth, paint=None)


def _depth_colors(depth: Float32, alpha: Float32) -> Float32:
    """Near is light. The ends are percentiles of what is seen, on a scale of ratios."""
    seen = alpha > 0.5
    if not seen.any():
        return np.zeros((*depth.shape, 3), np.float32)
    low, high = np.quantile(depth[seen], DEPTH_ENDS)
    low = max(float(low), 1e-9)
    span = max(float(np.log(max(high, low) / low)), 1e-3)
    share = 1.0 - np.log(np.maximum(depth, low) / low) / span
    return heat(np.clip(DEPTH_FARTHEST + DEPTH_RISE * share, 0.0, 1.0), 255)


def _error(frame: Frame, exact: Frame, request: FrameRequest) -> Frame:
    """How far the mode is from sorted, over the background, in 32nds of white."""
    background = request.settings.background
    a, b = (np.clip(each.over(background), 0.0, 1.0) for each in (frame, exact))
    color = heat(np.abs(a - b).max(axis=2), ERROR_LIMIT)
    alpha, timings = np.ones_like(frame.alpha), both(frame.timings, exact.timings)
    return replace(frame, color=color, alpha=alpha, timings=timings, paint=None)


def both(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    """Milliseconds by stage of two frames that make one picture."""
    return {stage: first.get(stage, 0.0) + second.get(stage, 0.0) for stage in first | second}


ERROR_LIMIT = 32
"""Where the colours of view error end, in 1/255: fixed, so that modes can be told apart."""
