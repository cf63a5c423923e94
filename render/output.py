"""Writing frames to disk: PNG, NumPy arrays and OpenEXR. A file appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..scenes.atomic import replacing
from ..scenes.errors import VoileError

if TYPE_CHECKING:
    from .frame import Frame

EXTENSIONS = (".png", ".npy", ".exr")

Color = tuple[float, float, float]
Float32 = NDArray[np.float32]


class OutputError(VoileError):
    """A picture cannot be written; the text names the file and the fix."""


def save_frame(frame: Frame, path: str | Path, background: Color | None = None) -> None:
    """Writes a frame; the extension chooses the format.

    Args:
        frame: what was drawn.
        path: .png (8 bits), .npy (float32 (H, W, 4), colour premultiplied and unclamped, alpha) or
            .exr (the same as channels R, G, B, A; needs the `exr` extra).
        background: composited behind; None leaves it transparent (PNG then has straight alpha).

    Raises:
        OutputError: unknown extension, missing package, or the disk refuses.
    """
    path = Path(path)
    check_output(path)
    if path.suffix.lower() == ".png":
        pixels = frame.to_rgba8() if background is None else frame.to_rgb8(background)
        write_whole(path, lambda to: Image.fromarray(pixels).save(to, format="PNG"))
        return
    image = frame.premultiplied()
    if background is not None:
        image[..., :3] = frame.over(background)
        image[..., 3] = 1.0
    if path.suffix.lower() == ".npy":
        write_whole(path, lambda to: _save_array(to, image))
    else:
        write_whole(path, lambda to: _save_exr(to, dict(zip("RGBA", np.moveaxis(image, 2, 0)))))


def save_depth(frame: Frame, path: str | Path) -> None:
    """Writes the expected depth (H, W) float32 as .npy or .exr (channel Z).

    Raises:
        OutputError: the frame has no depth, another extension, or the disk refuses.
    """
    path, depth = Path(path), frame.depth
    if depth is None:
        raise OutputError(f"{path}: the frame was drawn without depth")
    if path.suffix.lower() == ".npy":
        write_whole(path, lambda to: _save_array(to, depth))
    elif path.suffix.lower() == ".exr":
        write_whole(path, lambda to: _save_exr(to, {"Z": depth}))
    else:
        raise OutputError(f"{path}: depth is written as .npy or .exr, not {path.suffix!r}")


def check_output(path: Path) -> None:
    """Raises OutputError now rather than after the drawing: extension, package, folder."""
    suffix = path.suffix.lower()
    if suffix not in EXTENSIONS:
        what = f"{suffix} is not written" if suffix else "has no extension"
        raise OutputError(f"{path}: {what}; use {', '.join(EXTENSIONS)}")
    if suffix == ".exr":
        _openexr()
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raises OutputError where no file can be put: no such folder, none to write in, or one there.

    What is asked before minutes of work may be otherwise after them; writing says so too.
    """
    if not os.path.isdir(path.parent):  # of pathlib long names raise
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if os.path.isdir(path):
        raise OutputError(f"{path}: is a folder; name the file in it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: the folder {path.parent} cannot be written; choose another")


def check_new(path: Path, force: bool) -> None:
    """As `check_folder`; also raises OutputError where the file is there, unless by `force`."""
    check_folder(path)
    if not force and os.path.lexists(path):
        raise OutputError(f"{path}: exists already; use --force to overwrite it")


def numbered(path: Path, count: int) -> list[Path]:
    """One path per picture: `path` itself for one, else with a number at %0Nd or before the dot."""
    if "%" in path.name:
        try:
            names = [path.name % k for k in range(count)]
        except (TypeError, ValueError) as error:
            raise OutputError(f"{path}: the pattern must hold one number, such as %04d") from error
        if len(set(names)) < count:
            raise OutputError(f"{path}: the pattern must hold one number, such as %04d")
        return [path.with_name(name) for name in names]
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{k:04d}{path.suffix}") for k in range(count)]


def write_whole(path: Path, save: Callable[[Path], object]) -> None:
    """Calls `save` with a temporary path and puts what it wrote at `path`.

    Raises:
        OutputError: the disk refuses; the text names the file.
    """
    try:
        with replacing(path) as temporary:
            save(temporary)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}. Check folder and disk."
        ) from error


def _save_array(path: Path, image: Float32) -> None:
    # By hand, for NumPy does not say why it could not write all.
    array = np.ascontiguousarray(image)
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(array.data)


def _save_exr(path: Path, channels: dict[str, Float32]) -> None:
    exr = _openexr()
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    contiguous = {name: np.ascontiguousarray(values) for name, values in channels.items()}
    try:
        with exr.File(header, contiguous) as file:
            file.write(str(path))
    except RuntimeError as error:  # it names a file that nobody has heard of
        raise OSError("OpenEXR cannot write all of it") from error


def _openexr():
    try:
        import OpenEXR
    except ImportError as error:
        raise OutputError(
            "EXR files need the OpenEXR package: pip install 'voile[exr]', or write .npy"
        ) from error
    return OpenEXR
