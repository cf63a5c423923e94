"""What the readers of camera files share: checks, JSON in bounds, and where photographs are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...captured import FARTHEST, CapturedView
from ...errors import SceneFormatError
from ...json_text import JsonError, decode

LARGEST = 64 << 20
"""Bytes of a JSON or text file of cameras beyond which it holds something else."""

MOST_VIEWS = 200_000
MAX_SIDE = 32768

_T = TypeVar("_T")
_IMAGES = ("", ".png", ".jpg", ".jpeg", ".JPG", ".PNG", ".webp")


def read_bounded(path: Path) -> bytes:
    """A file's bytes. Raises SceneFormatError where it is too large for cameras."""
    size = path.stat().st_size
    if size > LARGEST:
        raise SceneFormatError(
            path,
            "file",
            f"has {size:,} bytes, more than any file of cameras",
            "Choose the file that the capture's program has written.",
        )
    return path.read_bytes()


def decode_json(path: Path, kind: type[_T]) -> _T:
    """A JSON file as a type of msgspec's. Raises SceneFormatError: names the field."""
    try:
        return decode(read_bounded(path), kind)
    except JsonError as error:
        raise SceneFormatError(
            path, error.field or "JSON", error.problem, "Export the cameras again."
        ) from error


def pinhole(
    path: Path,
    name: str,
    size: tuple[int, int],
    lens: tuple[float, float, float, float],
    world_to_camera: ArrayLike,
    image: Path | None,
    distortion: Sequence[float] = (),
) -> CapturedView:
    """A checked view.

    Args:
        path, name: the file and the photograph, for errors.
        size: width and height, pixels.
        lens: fx, fy, cx, cy, pixels.
        world_to_camera: (4, 4) or (3, 4), OpenCV axes; its rotation may be off by rounding.
        image: the photograph.
        distortion: Brown's k1, k2, p1, p2, k3, and k4, k5, k6 of a rational model; all optional.

    Raises:
        SceneFormatError: numbers that make no camera.
    """
    matrix = np.eye(4)
    given = np.asarray(world_to_camera, np.float64)
    matrix[: len(given)] = given
    width, height = size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise _no_camera(path, name, f"the size is {width} x {height} pixels, not 1 to {MAX_SIDE}")
    if not (all(map(math.isfinite, lens)) and lens[0] > 0 and lens[1] > 0):
        raise _no_camera(path, name, f"fx, fy, cx, cy are {lens}, which is no lens")
    if not (np.abs(matrix) < FARTHEST).all():
        raise _no_camera(path, name, f"the pose has values beyond {FARTHEST:g}, or not finite")
    if not np.allclose(matrix[3], (0, 0, 0, 1)):
        raise _no_camera(path, name, "the pose's last row is not 0, 0, 0, 1")
    matrix[:3, :3] = _rotation(path, name, matrix[:3, :3])
    matrix.setflags(write=False)
    bent = _corner_shift(size, lens, distortion)
    return CapturedView(name, width, height, *lens, matrix, image, bent)


def _rotation(path: Path, name: str, near: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation nearest to a matrix that is one but for rounding."""
    if np.abs(near).max() < 10:  # else the product may overflow, and it is no rotation anyway
        error = np.abs(near @ near.T - np.eye(3)).max()
        if error < 1e-2 and np.linalg.det(near) > 0:
            left, _, right = np.linalg.svd(near)
            return left @ right
    raise _no_camera(path, name, "the pose's 3x3 part is no rotation")


def _corner_shift(
    size: tuple[int, int], lens: tuple[float, float, float, float], terms: Sequence[float]
) -> float:
    """Pixels by which Brown's distortion moves the corner that it moves most."""
    if not any(terms):
        return 0.0
    k1, k2, p1, p2, k3, k4, k5, k6 = [*terms, *[0.0] * 8][:8]
    fx, fy, cx, cy = lens
    x = (np.array([0.0, size[0], 0.0, size[0]]) - cx) / fx
    y = (np.array([0.0, 0.0, size[1], size[1]]) - cy) / fy
    with np.errstate(all="ignore"):
        r2 = x * x + y * y
        radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6))) - 1
        dx = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        dy = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        shift = float(np.hypot(fx * dx, fy * dy).max())
    return shift if math.isfinite(shift) else math.inf


def _no_camera(path: Path, name: str, problem: str) -> SceneFormatError:
    return SceneFormatError(path, f"camera {name!r}", problem, "Export the cameras again.")


def unsupported_lens(path: Path, field: str, model: str) -> SceneFormatError:
    """The error for a lens that no pinhole comes near to."""
    return SceneFormatError(
        path,
        field,
        f"the lens model is {model}, which is no pinhole",
        "Undistort the photographs first (colmap image_undistorter), and open what it writes.",
    )


def find_image(name: str, folders: Iterable[Path]) -> Path | None:
    """A photograph by the name that a camera file gives it, None where it is in no folder.

    Names that lead out of a folder are followed only where the file system has them anyway.
    """
    if not name or "\0" in name:
        return None
    for folder in folders:
        for extension in _IMAGES:
            try:
                candidate = folder / f"{name}{extension}"
                if candidate.is_file():
                    return candidate
            except (OSError, ValueError):
                break  # a name too long for a file system
    return None


def too_many(path: Path, count: int) -> SceneFormatError:
    """The error for more cameras than anybody has taken photographs."""
    return SceneFormatError(
        path,
        "count",
        f"promises {count:,} cameras; at most {MOST_VIEWS:,} are read",
        "The file is damaged, or not one of cameras. Export it again.",
    )
