"""Small images made of splats, and pictures to fit."""

from __future__ import annotations

import numpy as np

from voile.scenes.image_splats import ImageSplats


def make_image(
    n: int, size: tuple[int, int], channels: int = 3, *, seed: int = 0, widest: float = 9.0
) -> ImageSplats:
    """`n` random Gaussians over an image and a little beyond it."""
    rng = np.random.default_rng(seed)
    low, high = -2.0, np.array(size) + 2.0
    return ImageSplats(
        rng.uniform(low, high, (n, 2)).astype(np.float32),
        (1 / rng.uniform(0.6, widest, (n, 2))).astype(np.float32),
        rng.uniform(0, np.pi, n).astype(np.float32),
        rng.uniform(0, 1, (n, channels)).astype(np.float32),
        size,
    )


def picture(width: int, height: int, channels: int = 3) -> np.ndarray:
    """(H, W, C) uint8: a gradient, discs with sharp edges, and a fine texture in a corner."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    image = np.stack([0.2 + 0.6 * x, 0.7 - 0.5 * y, 0.4 + 0.3 * x * y, 0.3 + 0.7 * x], axis=2)
    for k, (cx, cy, r) in enumerate([(0.3, 0.3, 0.16), (0.7, 0.55, 0.22), (0.25, 0.75, 0.1)]):
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = np.roll([0.9, 0.2, 0.5, 0.8], k)
    image[..., :3] += 0.1 * (np.sin(60 * x) * (x > 0.6) * (y > 0.8))[..., None]
    chosen = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    return (np.clip(image[..., chosen], 0, 1) * 255 + 0.5).astype(np.uint8)
