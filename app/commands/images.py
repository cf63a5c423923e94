"""What `voile render`, `info` and `convert` do with an image made of splats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...render.image.renderer import create_image_renderer
from ...render.image.view import STRONGEST, ImageView, ImageViewError
from ...render.output import check_output, save_frame
from ...scenes.image_splats import CHANNELS, ImageSplats
from ...scenes.io.vis import Bits, load_image, read_image
from .cameras import parse_size

Color = tuple[float, float, float]


def render_image(
    path: Path,
    output: Path,
    *,
    backend: str,
    background: Color | None,
    size: str | None = None,
    scale: float | None = None,
    region: str | None = None,
    strongest: int | None = None,
    detail: float | None = None,
    quiet: bool = False,
) -> int:
    """Draws an image made of splats into a file.

    Args:
        path, output: .vis, and .png, .npy or .exr.
        backend: by name.
        background: behind what is clear; None leaves it so.
        size: WIDTHxHEIGHT of the picture, in the middle of which the region is shown whole.
        scale: pixels of the picture for one of the image.
        region: left,top,width,height in pixels of the image.
        strongest: K, 1 to 10.
        detail: share of the Gaussians, 0 to 1.
        quiet: print nothing.

    Raises:
        VoileError: whatever is wrong.
    """
    check_output(output)
    if size is not None and scale is not None:
        raise ImageViewError("--size and --scale say the same thing; give one of them")
    splats = at_detail(load_image(path), detail)
    view = view_of(splats, size, scale, region, STRONGEST if strongest is None else strongest)
    renderer = create_image_renderer(backend)
    try:
        renderer.upload(splats)
        frame = renderer.render(view)
    finally:
        renderer.close()
    save_frame(frame, output, background)
    if not quiet:
        total = sum(frame.timings.values())
        print(
            f"{output}: {view.width}x{view.height}, {view.scale:g} times the image, "
            f"{len(splats):,} Gaussians, {total:.0f} ms"
        )
    return 0


def at_detail(splats: ImageSplats, share: float | None) -> ImageSplats:
    """The first Gaussians of an image, by share. Raises ImageViewError."""
    if share is None:
        return splats
    if not 0 < share <= 1:
        raise ImageViewError(f"--detail is {share:g}; it must be more than 0 and at most 1")
    return splats.detail(max(1, round(share * len(splats))))


def view_of(
    splats: ImageSplats, size: str | None, scale: float | None, region: str | None, k: int
) -> ImageView:
    """The view that flags ask for; see `render_image`. Raises ImageViewError."""
    left, top, width, height = (0.0, 0.0, *map(float, splats.size))
    if region is not None:
        try:
            left, top, width, height = map(float, region.split(","))
        except ValueError:
            raise ImageViewError(
                f"--region is {region!r}; it must be left,top,width,height in pixels of the image"
            ) from None
        if not (width > 0 and height > 0):
            raise ImageViewError(f"--region is {region!r}; width and height must be more than 0")
    if size is None:
        scale = 1.0 if scale is None else scale
        if not (0 < scale < 1e9 and width * scale < 1e9 and height * scale < 1e9):
            raise ImageViewError(
                f"--scale is {scale:g}, which makes no picture of {width:g} pixels"
            )
        columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
        return ImageView(columns, rows, scale, left, top, k)
    columns, rows = parse_size(size)
    scale = min(columns / width, rows / height)
    left -= (columns / scale - width) / 2
    top -= (rows / scale - height) / 2
    return ImageView(columns, rows, scale, left, top, k)


def describe_image(path: Path) -> dict[str, Any]:
    """The facts about a file as plain values, in the order in which they are shown."""
    splats, bits = read_image(path)
    width, height = splats.size
    size = path.stat().st_size
    record = bits.record(splats.channels)
    return {
        "name": path.name,
        "format": "VIS 1, an image made of splats",
        "file_bytes": size,
        "width": width,
        "height": height,
        "channels": CHANNELS[splats.channels],
        "splats": len(splats),
        "bits": bits_words(bits),
        "bits_per_splat": record,
        "bits_per_pixel": 8 * size / (width * height),
        "multiply_adds_per_pixel": STRONGEST * splats.channels,
        "memory_bytes": splats.nbytes,
    }


def bits_words(bits: Bits) -> str:
    """Bits of each value, for people."""
    return (
        f"{bits.position} a coordinate, {bits.scale} a scale, {bits.rotation} the rotation, "
        f"{bits.color} a channel"
    )
