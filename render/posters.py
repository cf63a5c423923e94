"""Posters: pictures on planes among the splats, in every mode.

An opaque one is a mesh. Of one with alpha a, the frame is

    (1 - a) without + a opaque,

the pictures in which it is not there and in which it hides what is behind it. With a sorted blend
that is "over" at the poster's depth, exactly: opaque is F + T p, without is F + T B, where F and T
are the colour and transmittance of what is before the plane and B is what is behind it, and their
mean is F + T (a p + (1 - a) B). For modes without an order it says what alpha means in them: the
mean of a poster that is there at a pixel with probability a. Of several, each pixel takes the
nearest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..scenes.content import Content
from ..scenes.mesh import Mesh
from ..scenes.placement import Placement
from ..scenes.poster import PlacedPoster
from ..scenes.texture import Texture
from .camera import Camera
from .camera_path import quaternion
from .frame import Frame, FrameRequest
from .meshes.surface import Surface

Float32 = NDArray[np.float32]
Render = TypeVar("Render", bound=Callable[..., Frame])
DrawMeshes = Callable[[Sequence[Mesh], Camera], Surface]


def posed(content: Content, camera: Camera) -> Content:
    """A content whose posters are meshes, as a camera sees them; the same object while it can."""
    if not content.posters:
        return content
    shown = [each for each in content.posters if each.shown]
    turns = any(each.poster.billboard for each in shown)
    key = camera.world_to_camera.tobytes() if turns else b""
    known = _POSED.get(content)
    if known is not None and known[0] == key:
        return known[1]
    quads = [each.mesh(camera.world_to_camera) for each in shown]
    found = replace(content, meshes=(*content.meshes, *quads), posters=())
    _POSED[content] = key, found
    return found


def clear_posters(content: Content | None) -> list[PlacedPoster]:
    """Those that let something behind them show."""
    posters = () if content is None else content.posters
    return [each for each in posters if each.shown and not each.poster.opaque]


def facing(camera: Camera, at: NDArray[np.floating], size: float) -> Placement:
    """Where a poster of this size stands at a point (3,) so that a camera sees it upright."""
    turn = (np.diag([1.0, -1.0, -1.0]) @ camera.world_to_camera[:3, :3]).T
    x, y, z = map(float, at)
    w, i, j, k = map(float, quaternion(turn))
    return Placement((w, i, j, k), (x, y, z), size)


def needs_host(request: FrameRequest) -> bool:
    """Whether a GPU's frames with clear posters are mixed here: sums say nothing of medians."""
    return request.median or request.paint is not None


def with_posters(
    draw_meshes: DrawMeshes, where: Callable[[FrameRequest], bool] = lambda request: True
) -> Callable[[Render], Render]:
    """Makes a renderer's `render` one that blends posters with alpha; it draws once more for each.

    The renderer tells its scene by `shown_scene`, a Content or None.

    Args:
        draw_meshes: finds alpha and depth of a poster at each pixel.
        where: which requests; others the renderer itself mixes.
    """

    def decorate(render: Render) -> Render:
        @wraps(render)
        def drawn(self: Any, request: FrameRequest) -> Frame:
            content = self.shown_scene
            clear = clear_posters(content)
            if content is None or not clear or not where(request):
                return render(self, request)
            try:
                frames = []
                for content_of_one in variants(content, clear):
                    self.upload(content_of_one)
                    frames.append(render(self, request))
            finally:
                self.upload(content)
            camera = request.camera
            seen = [draw_meshes([each.mesh(camera.world_to_camera)], camera) for each in clear]
            return mixed(frames, seen, request.median)

        return cast(Render, drawn)

    return decorate


def mixed(frames: Sequence[Frame], seen: Sequence[Surface], median: bool = False) -> Frame:
    """The frame of posters with alpha.

    Args:
        frames: without any of them, and with each alone and opaque.
        seen: of each alone, where it is and its alpha.
        median: whether depths are medians; then a poster counts where it hides half.
    """
    alphas = np.stack([np.where(each.mesh >= 0, each.alphas, 0.0) for each in seen])
    order = np.argsort(np.stack([each.depth for each in seen]), axis=0, kind="stable")
    weights = np.zeros((len(frames), *alphas.shape[1:]), np.float32)
    left = np.ones(alphas.shape[1:], np.float32)
    half = np.zeros(left.shape, np.int64)
    for nearest in order:
        share = left * np.take_along_axis(alphas, nearest[None], axis=0)[0]
        np.put_along_axis(weights, nearest[None] + 1, share[None], axis=0)
        left = left - share
        half = np.where((half == 0) & (left <= 0.5), nearest + 1, half)
    weights[0] = left

    def mean(images: Sequence[Float32]) -> Float32:
        shares = weights if images[0].ndim == 2 else weights[..., None]
        return np.asarray(sum(w * image for w, image in zip(shares, images)), np.float32)

    alpha = mean([frame.alpha for frame in frames])
    depth = None
    depths = [frame.depth for frame in frames if frame.depth is not None]
    if depths and median:
        depth = np.take_along_axis(np.stack(depths), half[None], axis=0)[0]
    elif depths:
        covered = mean([d * frame.alpha for d, frame in zip(depths, frames)])
        depth = np.divide(covered, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    paints = [frame.paint for frame in frames if frame.paint is not None]
    timings: dict[str, float] = {}
    for frame in frames:
        for stage, milliseconds in frame.timings.items():
            timings[stage] = timings.get(stage, 0.0) + milliseconds
    return Frame(
        mean([frame.color for frame in frames]),
        alpha,
        depth,
        timings,
        frames[0].stats,
        mean(paints) if paints else None,
    )


def textures_of(content: Content) -> list[Texture]:
    """Those of all posters, whether they are shown or not."""
    return [each.poster.texture for each in content.posters]


def variants(content: Content, clear: list[PlacedPoster]) -> list[Content]:
    """The content without posters that are clear, and with each of them alone and solid."""
    found = _VARIANTS.get(content)
    if found is None:
        found = _VARIANTS[content] = [_with_one(content, clear, k) for k in (None, *clear)]
    return found


def _with_one(content: Content, clear: list[PlacedPoster], one: PlacedPoster | None) -> Content:
    def as_it_is(each: PlacedPoster) -> PlacedPoster:
        if each is one:
            return replace(each, poster=replace(each.poster, solid=True))
        return replace(each, shown=False) if each in clear else each

    return replace(content, posters=tuple(map(as_it_is, content.posters)))


_POSED: WeakKeyDictionary[Content, tuple[bytes, Content]] = WeakKeyDictionary()
_VARIANTS: WeakKeyDictionary[Content, list[Content]] = WeakKeyDictionary()
