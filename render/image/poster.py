"""Images made of splats as posters: decoded once, finer than they are stored where they are small.

A texture is bilinear between its pixels; the field of an image goes on between them. So images are
drawn up to `FINEST` times as large, as `SIDE` pixels allow; the levels of the texture do the rest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...scenes.image_splats import ImageSplats
from ...scenes.io.vis import load_image
from ...scenes.poster import SEEN, Poster
from ...scenes.texture import MOST_SIDE, Texture
from .cpu import CPUImageRenderer
from .view import whole

SIDE = 2048
"""Pixels of the longer side that images are enlarged to at most; larger ones keep their size."""

FINEST = 4


def load_poster(path: str | Path) -> Poster:
    """Reads a .vis file as a poster. Raises SceneFormatError: names file, field and fix."""
    return make_poster(load_image(path))


def make_poster(splats: ImageSplats) -> Poster:
    """Draws an image as the texture of a poster."""
    longest = max(splats.size)
    scale = min(max(1, min(FINEST, SIDE // longest)), MOST_SIDE / longest)
    renderer = CPUImageRenderer()
    renderer.upload(splats)
    pixels = renderer.render(whole(splats, scale)).to_rgba8()
    renderer.close()
    clear = bool((pixels[..., 3] < 255).any())
    return Poster(Texture(np.ascontiguousarray(pixels), ("clamp", "clamp"), SEEN if clear else 0.0))
