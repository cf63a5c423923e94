"""The frozen pictures of images made of splats: a photograph from near and far, and each channel.

The photograph is scikit-image's astronaut (NASA, in the public domain), 128 pixels wide, by
`voile fit astronaut.png -n 1800`. The file is frozen with the pictures: how it is fitted is no part
of what they prove.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from make_images import make_image

from voile.render.image.view import ImageView, whole
from voile.scenes.image_splats import ImageSplats
from voile.scenes.io.vis import load_image

IMAGE_BACKENDS = ("cpu", "gl")
GREY = (0.36, 0.38, 0.42)
PHOTOGRAPH = Path(__file__).parents[1] / "golden" / "data" / "astronaut.vis"


@cache
def photograph() -> ImageSplats:
    return load_image(PHOTOGRAPH)


@dataclass(frozen=True)
class ImageCase:
    """A picture: the image, where it is looked at, and the share of its Gaussians."""

    splats: Callable[[], ImageSplats]
    view: Callable[[ImageSplats], ImageView]
    detail: float = 1.0

    def draw(self, renderer) -> np.ndarray:
        """(H, W, 3) uint8 before a mid-grey, as the program would save it."""
        splats = self.splats()
        splats = splats.detail(round(self.detail * len(splats)))
        renderer.upload(splats)
        return renderer.render(self.view(splats)).to_rgb8(GREY)


IMAGE_CASES: dict[str, ImageCase] = {
    "image": ImageCase(photograph, whole),
    "image_magnified": ImageCase(photograph, lambda _: ImageView(160, 120, 7.3, 52.0, 20.5)),
    "image_minified": ImageCase(photograph, lambda s: whole(s, 0.37)),
    "image_far": ImageCase(photograph, lambda _: ImageView(96, 64, 0.7, -4.0, 20.0)),
    "image_strongest": ImageCase(photograph, lambda s: whole(s, 1.5, k=2)),
    "image_detail": ImageCase(photograph, whole, detail=0.2),
    "image_grey": ImageCase(lambda: make_image(500, (112, 80), 1, seed=2), whole),
    "image_grey_alpha": ImageCase(lambda: make_image(60, (112, 80), 2, seed=3), whole),
    "image_alpha": ImageCase(lambda: make_image(150, (144, 96), 4, seed=4), whole),
}
IMAGE_PICTURES = {
    f"{name}-{b}": (case, b) for name, case in IMAGE_CASES.items() for b in IMAGE_BACKENDS
}
"""Every golden of an image by name: what it shows and the backend that draws it."""
