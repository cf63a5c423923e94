"""COLMAP's sparse models: `cameras` and `images`, both .bin or both .txt.

A folder, one of its files, or a folder above (`sparse/0`, `sparse`, `colmap/sparse/0`). Poses are
world to camera in OpenCV axes, pixel centres at 0.5, as here. Layouts after COLMAP's documentation,
"Output Format", and `src/colmap/sensor/models.h` for the parameters of the lenses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...captured import CapturedView
from ...errors import SceneFormatError
from .common import MOST_VIEWS, find_image, pinhole, read_bounded, too_many, unsupported_lens


class _Model(NamedTuple):
    name: str
    size: int  # how many parameters
    lens: str  # which focal lengths and centre come first: "f" or "fxy"; "" for no pinhole
    terms: tuple[str, ...] = ()  # of the distortion after them


_MODELS = {
    0: _Model("SIMPLE_PINHOLE", 3, "f"),
    1: _Model("PINHOLE", 4, "fxy"),
    2: _Model("SIMPLE_RADIAL", 4, "f", ("k1",)),
    3: _Model("RADIAL", 5, "f", ("k1", "k2")),
    4: _Model("OPENCV", 8, "fxy", ("k1", "k2", "p1", "p2")),
    5: _Model("OPENCV_FISHEYE", 8, ""),
    6: _Model("FULL_OPENCV", 12, "fxy", ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")),
    7: _Model("FOV", 5, ""),
    8: _Model("SIMPLE_RADIAL_FISHEYE", 4, ""),
    9: _Model("RADIAL_FISHEYE", 5, ""),
    10: _Model("THIN_PRISM_FISHEYE", 12, ""),
    11: _Model("RAD_TAN_THIN_PRISM_FISHEYE", 16, ""),
}
_BY_NAME = {model.name: model for model in _MODELS.values()}
_TERMS = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
_BELOW = ("", "sparse/0", "sparse", "colmap/sparse/0", "0")
_LARGEST_BINARY = 4 << 30  # images.bin also holds every feature of every photograph

_IMAGE = struct.Struct("<I7dI")
_CAMERA = struct.Struct("<IiQQ")


class _Sensor(NamedTuple):
    size: tuple[int, int]
    lens: tuple[float, float, float, float]
    distortion: list[float]


class _Pose(NamedTuple):
    name: str
    camera: int
    quat: tuple[float, ...]
    translation: tuple[float, ...]


def sniff(path: Path, head: bytes) -> bool:
    """A folder that holds a model, or one of the files of such a folder."""
    return _model_folder(path) is not None


def read(path: Path) -> list[CapturedView]:
    """All views of the model, by the photographs' names. Raises SceneFormatError."""
    folder = _model_folder(path)
    assert folder is not None
    # A file that was named says which of two models in a folder is meant.
    kinds = sorted((".bin", ".txt"), key=lambda kind: kind != path.suffix.lower())
    kind = next(k for k in kinds if _has(folder, k))
    cameras_file, images_file = folder / f"cameras{kind}", folder / f"images{kind}"
    if kind == ".bin":
        cameras, poses = _cameras_bin(cameras_file), _images_bin(images_file)
    else:
        cameras, poses = _cameras_txt(cameras_file), _images_txt(images_file)
    folders = [parent / "images" for parent in (folder, *folder.absolute().parents[:3])]
    views = []
    for pose in poses:
        if pose.camera not in cameras:
            raise _damaged(images_file, f"image {pose.name!r}", f"there is no camera {pose.camera}")
        sensor = cameras[pose.camera]
        matrix = np.zeros((3, 4))
        matrix[:, :3] = _rotation(images_file, pose)
        matrix[:, 3] = pose.translation
        image = find_image(pose.name, folders)
        views.append(
            pinhole(
                *(images_file, pose.name, sensor.size, sensor.lens, matrix, image),
                sensor.distortion,
            )
        )
    return sorted(views, key=lambda view: view.name)


def _has(folder: Path, kind: str) -> bool:
    return all((folder / f"{name}{kind}").is_file() for name in ("cameras", "images"))


def _model_folder(path: Path) -> Path | None:
    """Where the model is that `path` means."""
    if path.is_dir():
        below = [path / name for name in _BELOW]
    elif path.stem in ("cameras", "images", "points3D") and path.suffix in (".bin", ".txt"):
        below = [path.parent]
    else:
        return None
    return next((f for f in below if _has(f, ".bin") or _has(f, ".txt")), None)


def _rotation(path: Path, pose: _Pose) -> NDArray[np.float64]:
    """(3, 3) world to camera of the pose's quaternion (w, x, y, z)."""
    quat = np.array(pose.quat)
    length = float(np.sqrt(np.square(quat).sum())) if np.abs(quat).max() < 1e6 else np.inf
    if not 1e-6 < length < 1e6:
        raise _damaged(path, f"image {pose.name!r}", f"the quaternion is {pose.quat}")
    w, x, y, z = quat / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _sensor(path: Path, field: str, model: _Model, size: tuple[int, int], values: list[float]):
    if not model.lens:
        raise unsupported_lens(path, field, model.name)
    if len(values) != model.size:
        raise _damaged(path, field, f"{model.name} has {len(values)} parameters, not {model.size}")
    if model.lens == "f":
        values = [values[0], *values]
    fx, fy, cx, cy, *rest = values
    named = dict(zip(model.terms, rest))
    return _Sensor(size, (fx, fy, cx, cy), [named.get(term, 0.0) for term in _TERMS])


# Binary


class _Reader:
    """Bytes of a file, front to back, never past the end."""

    def __init__(self, path: Path) -> None:
        size = path.stat().st_size
        if size > _LARGEST_BINARY:
            raise _damaged(path, "file", f"has {size:,} bytes, more than any model")
        self.path = path
        self.data = np.memmap(path, np.uint8, "r") if size else np.zeros(0, np.uint8)
        self.at = 0

    def skip(self, count: int, field: str) -> None:
        if count > len(self.data) - self.at:
            left = len(self.data) - self.at
            raise _damaged(self.path, field, f"needs {count:,} bytes where {left:,} are left")
        self.at += count

    def take(self, count: int, field: str) -> bytes:
        start = self.at
        self.skip(count, field)
        return self.data[start : self.at].tobytes()

    def unpack(self, layout: struct.Struct, field: str) -> tuple[float, ...]:
        return layout.unpack(self.take(layout.size, field))

    def count(self, smallest: int) -> int:
        """A count of records of at least `smallest` bytes each."""
        (count,) = struct.unpack("<Q", self.take(8, "count"))
        if count > MOST_VIEWS:
            raise too_many(self.path, count)
        if count * smallest > len(self.data) - self.at:
            raise _damaged(self.path, "count", f"promises {count:,} entries, which are not there")
        return count

    def name(self, field: str) -> str:
        """Text up to a zero byte, at most 4096 of them."""
        part = self.data[self.at : self.at + 4096]
        ends = np.flatnonzero(part == 0)
        if not len(ends):
            raise _damaged(self.path, field, "the name has no end")
        text = self.take(int(ends[0]) + 1, field)[:-1]
        try:
            return text.decode()
        except UnicodeDecodeError as error:
            raise _damaged(self.path, field, "the name is no text") from error


def _cameras_bin(path: Path) -> dict[int, _Sensor]:
    reader = _Reader(path)
    cameras: dict[int, _Sensor] = {}
    for k in range(reader.count(_CAMERA.size)):
        number, model_id, width, height = map(int, reader.unpack(_CAMERA, f"camera {k}"))
        model = _MODELS.get(model_id)
        if model is None:
            raise _damaged(path, f"camera {k}", f"there is no lens model {model_id}")
        field = f"camera {number}"
        values = struct.unpack(f"<{model.size}d", reader.take(8 * model.size, field))
        cameras[number] = _sensor(path, field, model, (width, height), list(values))
    return cameras


def _images_bin(path: Path) -> list[_Pose]:
    reader = _Reader(path)
    poses = []
    for k in range(reader.count(_IMAGE.size)):
        field = f"image {k}"
        _, *pose, camera = reader.unpack(_IMAGE, field)
        name = reader.name(field)
        (features,) = struct.unpack("<Q", reader.take(8, field))
        reader.skip(24 * features, field)
        poses.append(_Pose(name, int(camera), tuple(pose[:4]), tuple(pose[4:])))
    return poses


# Text


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments."""
    try:
        text = read_bounded(path).decode()
    except UnicodeDecodeError as error:
        raise _damaged(path, "content", "is no text") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            yield number, line.strip()


def _cameras_txt(path: Path) -> dict[int, _Sensor]:
    cameras: dict[int, _Sensor] = {}
    for number, line in _lines(path):
        if not line:
            continue
        field, words = f"line {number}", line.split()
        try:
            camera, name, width, height = int(words[0]), words[1], int(words[2]), int(words[3])
            values = [float(word) for word in words[4:]]
        except (ValueError, IndexError) as error:
            raise _damaged(path, field, "is not: id, model, width, height, parameters") from error
        if name not in _BY_NAME:
            raise unsupported_lens(path, field, name[:40])
        cameras[camera] = _sensor(path, field, _BY_NAME[name], (width, height), values)
    return cameras


def _images_txt(path: Path) -> list[_Pose]:
    poses, lines = [], _lines(path)
    for number, line in lines:
        if not line:
            continue
        words = line.split(maxsplit=9)
        try:
            values = tuple(float(word) for word in words[1:8])
            poses.append(_Pose(words[9], int(words[8]), values[:4], values[4:]))
        except (ValueError, IndexError) as error:
            raise _damaged(
                path, f"line {number}", "is not: id, qw qx qy qz, tx ty tz, camera, name"
            ) from error
        next(lines, None)  # the features, or an empty line where there are none
        if len(poses) > MOST_VIEWS:
            raise too_many(path, len(poses))
    return poses


def _damaged(path: Path, field: str, problem: str) -> SceneFormatError:
    return SceneFormatError(
        path, field, problem, "The file is cut off or damaged. Export the model again."
    )
