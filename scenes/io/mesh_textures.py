"""Textures of meshes from image files, with every reason why there is none told."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image

from ..errors import SceneFormatError
from ..texture import MOST_SIDE, Texture, TextureError

MOST_PIXELS = 1 << 26
"""Of an image; a quarter of a gigabyte."""

_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".tga", ".bmp", ".tif", ".tiff", ".gif", ".dds")


class Beside:
    """Finds what a mesh refers to beside it, for trimesh, and remembers images that are not there.

    Attributes:
        missing: what is wrong, by name.
    """

    def __init__(self, path: Path) -> None:
        from trimesh.resolvers import FilePathResolver  # takes its time

        self._files = FilePathResolver(str(path))
        self.missing: dict[str, str] = {}

    def get(self, name: str) -> Any:
        """The bytes of a file."""
        # An .mtl may have options before the name, and a glTF has %20 for a blank.
        plain = name.split()[-1] if name.startswith("-") else name
        problem = "is not there"
        for wanted in dict.fromkeys((plain, plain.replace("\\", "/"), unquote(plain))):
            try:
                return self._files.get(wanted)
            except ValueError:
                problem = "lies outside the folder of the mesh"
            except OSError:
                pass
        if Path(plain).suffix.lower() in _IMAGES:
            self.missing[plain] = problem
        raise FileNotFoundError(name)

    __getitem__ = get

    def keys(self) -> Any:
        """Names of all files there."""
        return self._files.keys()

    def check(self, path: Path) -> None:
        """Raises SceneFormatError: an image was missing."""
        for name, problem in self.missing.items():
            raise SceneFormatError(
                path, f"texture {name}", problem, f"Put it beside {path.name}, or export a .glb."
            )


def read_texture(
    path: Path, field: str, image: Any, wrap: tuple[str, str], cutoff: float
) -> Texture:
    """A texture of an image that trimesh has opened.

    Args:
        path, field: what errors name.
        image: of Pillow; anything else is an image that could not be opened.

    Raises:
        SceneFormatError: it cannot be decoded, or is too large.
    """
    fix = "Export it again as PNG or JPEG."
    if not isinstance(image, Image.Image):
        raise SceneFormatError(path, field, "is no image that can be read", fix)
    width, height = image.size
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise SceneFormatError(
            path, field, f"is {width}x{height}; {MOST_PIXELS:,} pixels are the most", "Scale it."
        )
    try:
        pixels = np.array(image.convert("RGBA"), np.uint8)
    except Exception as error:  # Pillow's plugins raise whatever broken data make them raise
        raise SceneFormatError(path, field, f"cannot be decoded ({error})", fix) from error
    try:
        return Texture(pixels, wrap, cutoff)
    except TextureError as error:
        raise SceneFormatError(path, field, str(error), "Export the mesh again.") from error
