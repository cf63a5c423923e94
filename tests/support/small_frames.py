"""Small frames of small scenes, for tests of the CUDA backend on the host."""

from __future__ import annotations

from typing import Any

from voile import Camera, FrameRequest, Settings, Splats
from voile.render import Renderer
from voile.render.frame import Frame

MIN_DB = 60.0
"""PSNR over colour clamped to [0, 1]: float32 geometry and sums, the host's own exp2, compositing
that stops at T < 1e-4, and in some cases scenes that are rounded to 16 bits."""


def camera(**view: Any) -> Camera:
    """Of 70x50 pixels, which are no whole tiles; `view` changes it."""
    seen = Camera.look_at((1.0, -1.2, -5.0), (0, 0, 0), width=70, height=50)
    return Camera.from_dict({**seen.to_dict(), **view})


def draw(renderer: Renderer, splats: Splats, seen: Camera, seed: int = 0, **settings: Any) -> Frame:
    """A frame with depth, in float32 where settings do not say otherwise."""
    renderer.upload(splats)
    chosen = Settings(**{"precision": "float32", "storage": "float32", **settings})
    return renderer.render(FrameRequest(seen, chosen, depth=True, seed=seed))
