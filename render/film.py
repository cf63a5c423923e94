"""Films: MP4, animated WebP or numbered PNG files, from frames drawn one by one.

A film appears whole or not at all, and no more than one frame is held at a time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..scenes.content import Content
from ..scenes.progress import Progress, silent
from ..scenes.splats import Splats
from .accumulate import draw_whole
from .camera import Camera
from .finish import finished
from .frame import FrameRequest
from .modes import prepare
from .output import OutputError, check_folder, numbered, write_whole
from .renderer import Renderer
from .settings import Settings

FILMS = (".mp4", ".webp")
"""Extensions of films that are one file."""

EXTENSIONS = (*FILMS, ".png")

Pixels = NDArray[np.uint8]
Draw = Callable[[int], Pixels]
"""The picture of a number: (H, W, 3), or (H, W, 4) with straight alpha; asked for in order."""


def render_film(
    renderer: Renderer,
    cameras: Sequence[Camera],
    output: Path,
    settings: Settings,
    *,
    fps: float = 30.0,
    quality: int = 80,
    progress: Progress = silent,
) -> list[Path]:
    """Draws a frame for each camera, at full quality, into a film.

    Args:
        renderer: draws; its scene is uploaded.
        cameras: all of one size, which is the film's.
        output: .mp4 (needs the `video` extra), .webp, or .png for numbered files.
        settings: how to draw; frames of modes that accumulate are drawn until they are full.
        fps: frames a second.
        quality: 1 to 100, as for JPEG; 100 is without loss for WebP.
        progress: reports progress; may raise Cancelled, and then nothing is left.

    Returns:
        What was written.

    Raises:
        OutputError: see `check_film`; or the disk refuses.
        RenderError: as `Renderer.render`.
    """
    if not cameras:
        raise OutputError(f"{output}: there is no frame to draw")
    size = cameras[0].width, cameras[0].height
    check_film(output, size, fps, quality, transparent=settings.transparent)

    def draw(number: int) -> Pixels:
        def part(fraction: float, stage: str, /) -> None:
            progress((number + fraction) / len(cameras), stage)

        request = FrameRequest(cameras[number], settings)
        what = f"Drawing frame {number + 1} of {len(cameras)}"
        frame = finished(draw_whole(renderer, request, part, what), request)
        return frame.to_rgba8() if settings.transparent else frame.to_rgb8(settings.background)

    written = _write(output, draw, len(cameras), fps, quality)
    progress(1.0, f"Wrote {output.name}")
    return written


def prepare_scene(
    renderer: Renderer, scene: Splats | Content, settings: Settings, progress: Progress
) -> None:
    """Hands a scene to the renderer of a film, with what the mode needs of it first."""
    content = Content.of(scene)
    renderer.upload(content)
    prepare(content.splats, [settings.mode], progress)


def film_size(output: Path, size: tuple[int, int]) -> tuple[int, int]:
    """The size that a film of a wanted size is drawn at.

    MP4 has its colours at half resolution and so takes even sides: an odd one gets a pixel more,
    which shows a little more of the scene and stretches nothing.
    """
    if output.suffix.lower() != ".mp4":
        return size
    width, height = size
    return width + width % 2, height + height % 2


def check_film(
    output: Path,
    size: tuple[int, int],
    fps: float,
    quality: int = 80,
    *,
    transparent: bool = False,
) -> None:
    """Raises OutputError before anything is drawn: extension, package, folder, size, rate."""
    suffix = output.suffix.lower()
    if suffix not in EXTENSIONS:
        raise OutputError(f"{output}: a film is written as {', '.join(EXTENSIONS)}")
    check_folder(output)
    if not 0.1 <= fps <= 240:
        raise OutputError(f"{output}: {fps:g} frames a second; choose 0.1 to 240")
    if not 1 <= quality <= 100:
        raise OutputError(f"{output}: the quality is {quality}; choose 1 to 100")
    if suffix == ".webp" and max(size) > 16383:
        raise OutputError(f"{output}: WebP pictures have at most 16383 pixels along a side")
    if suffix == ".mp4":
        _av()
        if transparent:
            raise OutputError(f"{output}: MP4 has no transparency; use .webp or .png")
        width, height = size
        if width % 2 or height % 2:
            even = "x".join(map(str, film_size(output, size)))
            raise OutputError(
                f"{output}: MP4 takes even numbers of pixels, not {width}x{height}; use {even}"
            )


def _write(output: Path, draw: Draw, count: int, fps: float, quality: int) -> list[Path]:
    suffix = output.suffix.lower()
    if suffix == ".png":
        return _write_pictures(output, draw, count)
    write = _write_mp4 if suffix == ".mp4" else _write_webp
    write_whole(output, lambda to: write(to, draw, count, fps, quality))
    return [output]


def _write_pictures(output: Path, draw: Draw, count: int) -> list[Path]:
    """PNG files that all appear at the end, when the last is drawn."""
    targets = numbered(output, max(count, 2))[:count]
    try:
        folder = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.stem}."))
        try:
            for k, target in enumerate(targets):
                Image.fromarray(draw(k)).save(folder / target.name, format="PNG")
            for target in targets:
                os.replace(folder / target.name, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"{output}: cannot be written: {error.strerror or error}. Check folder and disk."
        ) from error
    return targets


class _Reel(Image.Image):
    """Pillow asks an image of many frames for one after the other, so a film is drawn as it is
    encoded and never lies in memory as a whole."""

    def __init__(self, draw: Draw, count: int) -> None:
        super().__init__()
        self._draw, self._at = draw, -1
        self.n_frames = count
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Draws the next frame; Pillow goes back to the first at the end, which is no matter."""
        if frame <= self._at:
            return
        picture = Image.fromarray(self._draw(frame))
        self.im, self._mode, self._size, self._at = picture.im, picture.mode, picture.size, frame

    def tell(self) -> int:
        """Which frame it is."""
        return self._at


def _write_webp(path: Path, draw: Draw, count: int, fps: float, quality: int) -> None:
    ends = [round(1000 * k / fps) for k in range(count + 1)]
    _Reel(draw, count).save(
        path,
        format="WEBP",
        save_all=True,
        duration=[b - a for a, b in pairwise(ends)],
        loop=0,
        quality=quality,
        lossless=quality == 100,
        method=4,
    )


def _write_mp4(path: Path, draw: Draw, count: int, fps: float, quality: int) -> None:
    """H.264 in 4:2:0 with the matrix of BT.709, said in the file, which every player shows."""
    av = _av()
    first = draw(0)
    try:
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            rate = Fraction(fps).limit_denominator(1001)
            stream = container.add_stream("libx264", rate=rate)
            stream.height, stream.width = first.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(round(40 - 0.26 * quality)), "preset": "medium"}
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
            for k in range(count):
                picture = av.VideoFrame.from_ndarray(first if k == 0 else draw(k), format="rgb24")
                frame = picture.reformat(format="yuv420p", dst_colorspace="ITU709")
                frame.pts, frame.time_base = k, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OutputError(f"{path}: the film cannot be encoded: {error}") from error


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise OutputError(
            "MP4 needs the package av: pip install 'voile[video]'; or write .webp or .png"
        ) from error
    return av
