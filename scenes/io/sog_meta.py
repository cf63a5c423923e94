"""meta.json of SOG 1 and 2, checked, with both versions' quantisation as tables of 256 values."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..json_text import JsonError, decode

Float32 = NDArray[np.float32]
Numbers = list[float] | float
T = TypeVar("T")

MAX_JSON = 4 << 20
_AGAIN = "Export the scene again."


class Means(msgspec.Struct):
    mins: list[float]
    maxs: list[float]
    files: list[str]
    shape: list[int] | None = None


class Column(msgspec.Struct):
    files: list[str]
    codebook: list[float] | None = None
    mins: Numbers | None = None
    maxs: Numbers | None = None


class Harmonics(Column):
    bands: int | None = None
    count: int | None = None


class Meta(msgspec.Struct):
    """meta.json. Version 1 has no `version` and no `count`."""

    means: Means
    scales: Column
    quats: Column
    sh0: Column
    shN: Harmonics | None = None
    version: int = 1
    count: int | None = None
    antialias: bool = False
    model: str = ""

    def files(self) -> list[str]:
        """The names of all images."""
        columns = [self.means, self.scales, self.quats, self.sh0]
        columns += [self.shN] if self.shN else []
        return [name for column in columns for name in column.files]


def read_text(path: Path) -> bytes:
    """A JSON file's bytes, so few that no parsed form is large. Raises SceneFormatError."""
    with path.open("rb") as file:
        text = file.read(MAX_JSON + 1)
    _check_length(path, path.name, text)
    return text


def _check_length(path: Path, name: str, text: bytes) -> None:
    if len(text) > MAX_JSON:
        raise SceneFormatError(
            path, name, f"has more than {MAX_JSON:,} bytes", "This is no SOG scene."
        )


def parse_json(path: Path, name: str, text: bytes, kind: type[T]) -> T:
    """JSON text as `kind`. Raises SceneFormatError that names the field."""
    _check_length(path, name, text)
    try:
        return decode(text, kind)
    except JsonError as error:
        raise SceneFormatError(path, name, f"is not as SOG has it: {error}", _AGAIN) from error


def parse_meta(path: Path, text: bytes) -> tuple[Meta, int]:
    """The checked meta data and the number of splats. Raises SceneFormatError."""
    meta = parse_json(path, "meta.json", text, Meta)
    if meta.version not in (1, 2):
        raise SceneFormatError(
            path, "version", f"is {meta.version}", "Voile reads SOG 1 and 2; export it so."
        )
    count = meta.count
    if count is None and meta.means.shape:
        count = meta.means.shape[0]
    if count is None or count < 0:
        raise SceneFormatError(path, "count", f"is {count}", _AGAIN)
    for name, column, files in (
        ("means", meta.means, 2),
        ("scales", meta.scales, 1),
        ("quats", meta.quats, 1),
        ("sh0", meta.sh0, 1),
        ("shN", meta.shN, 2),
    ):
        if column is not None and len(column.files) != files:
            raise SceneFormatError(
                path, f"{name}.files", f"lists {len(column.files)} images, not {files}", _AGAIN
            )
    if len(meta.means.mins) != 3 or len(meta.means.maxs) != 3:
        raise SceneFormatError(path, "means.mins", "and maxs must have 3 values each", _AGAIN)
    return meta, count


def tables(path: Path, name: str, column: Column, channels: int) -> Float32:
    """(channels, 256) values that the bytes of an image stand for.

    Version 2 gives one codebook for all channels, version 1 the ends of a ramp per channel.
    """
    if column.codebook is not None:
        if len(column.codebook) != 256:
            raise SceneFormatError(
                path, f"{name}.codebook", f"has {len(column.codebook)} values, not 256", _AGAIN
            )
        table = np.tile(np.array(column.codebook, np.float64), (channels, 1))
    else:
        low, high = (
            _ends(path, name, column.mins, channels),
            _ends(path, name, column.maxs, channels),
        )
        table = low[:, None] + (high - low)[:, None] * (np.arange(256) / 255.0)
    with np.errstate(over="ignore"):
        values = table.astype(np.float32)
    if not np.isfinite(values).all():
        raise SceneFormatError(path, name, "has values beyond float32", _AGAIN)
    return values


def _ends(path: Path, name: str, values: Numbers | None, channels: int) -> NDArray[np.float64]:
    if values is None:
        raise SceneFormatError(path, name, "has neither a codebook nor mins and maxs", _AGAIN)
    ends = np.atleast_1d(np.array(values, np.float64))
    if ends.shape not in ((1,), (channels,)):
        raise SceneFormatError(
            path, f"{name}.mins", f"and maxs have {len(ends)} values, not {channels}", _AGAIN
        )
    return np.broadcast_to(ends, channels)
