"""The file beside a scene that holds its weights for drawing without a sort.

`garden.ply` has `garden.ply.voile-oit.npz`; a scene that is a folder has it inside. It is a zip
archive of arrays as numpy writes it, uncompressed: `header`, JSON as bytes, and the columns of
`OitWeights` as `fitted.log_weights`, `learned.log_weights`, `learned.opacities`, `learned.colors`
and, since version 2, `learned.shapes`.
It is bound to its scene by the number of splats and a digest of their centres.
"""

from __future__ import annotations

import hashlib
import tokenize
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from .atomic import replacing
from .errors import SceneFormatError, SplatsError
from .json_text import JsonError, decode
from .oit import LOG_WEIGHTS, OitWeights
from .splats import Splats

SUFFIX = ".voile-oit.npz"

VERSION, OLDEST = 2, 1
"""What is written, and from what on it is read: version 1 knew no shapes."""

PARTS = "fitted", "learned"
"""The fields of `Splats` that the file holds."""

_COLUMNS = {
    "log_weights": tuple((k,) for k in LOG_WEIGHTS),
    "opacities": ((),),
    "colors": ((3,),),
    "shapes": ((9,),),
}
"""What shapes a splat's part of each may have."""
_STORED = {
    "log_weights": np.float32,
    "opacities": np.float16,
    "colors": np.float16,
    "shapes": np.float16,
}
"""Weights are exponentials of the logarithms: 16 bits would show. Of the others they do not."""

_HEADER_BYTES = 1 << 16  # most that a header may have; it needs some 200
_DAMAGED = (
    *(zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError),
    *(SyntaxError, tokenize.TokenError),
)
"""What zipfile and numpy raise on damaged bytes; RuntimeError where a member is encrypted, the last
two where numpy takes the header of an array for one of Python 2 and reads it once more."""
_AGAIN = "Make it again by `voile bake`, or delete it."


class _Header(msgspec.Struct):
    version: int
    count: int
    fingerprint: str
    beta: dict[str, float]


def weights_path(path: Path | str) -> Path:
    """Where the weights of a scene are kept: of a file, or of one of Voile's own by its name."""
    if isinstance(path, str):
        return Path(platformdirs.user_data_dir("voile")) / f"{path.replace(':', '-')}{SUFFIX}"
    if path.is_dir():
        # A SOG folder may also be opened by its meta.json: one file for both.
        return path / f"meta.json{SUFFIX}"
    return path.with_name(path.name + SUFFIX)


def fingerprint(splats: Splats) -> str:
    """A digest of the centres, hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(splats.means).data).hexdigest()


def save_weights(splats: Splats, path: Path) -> None:
    """Writes the weights of a scene; the file appears whole or not at all.

    Raises:
        SceneFormatError: the disk refuses.
    """
    parts = {name: part for name in PARTS if (part := getattr(splats, name)) is not None}
    header = _Header(
        VERSION,
        len(splats),
        fingerprint(splats),
        {name: float(part.beta) for name, part in parts.items()},
    )
    arrays: dict[str, Any] = {"header": np.frombuffer(msgspec.json.encode(header), np.uint8)}
    for name, part in parts.items():
        for column, dtype in _STORED.items():
            values = getattr(part, column)
            if values is not None:
                arrays[f"{name}.{column}"] = _narrowed(values, dtype)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise SceneFormatError(
            path,
            "file",
            f"cannot be written: {error.strerror or error}",
            "Choose another place by -o, or make the folder writable.",
        ) from error


def load_weights(splats: Splats, path: str | Path) -> Splats:
    """The scene with the weights in a file.

    Raises:
        SceneFormatError: no such file, damaged, of another version, or of another scene.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return replace(splats, **_read(archive, path, splats))
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    except _DAMAGED as error:
        if isinstance(error, SplatsError):
            raise SceneFormatError(path, "values", str(error), _AGAIN) from error
        raise SceneFormatError(path, "archive", f"is damaged ({error})", _AGAIN) from error


def _read(archive: zipfile.ZipFile, path: Path, splats: Splats) -> dict[str, OitWeights]:
    names = archive.namelist()
    header = _read_header(archive, path)
    if not OLDEST <= header.version <= VERSION:
        raise SceneFormatError(
            path,
            "version",
            f"is {header.version}, this Voile reads {OLDEST} to {VERSION}",
            _AGAIN,
        )
    if header.count != len(splats) or header.fingerprint != fingerprint(splats):
        raise SceneFormatError(
            path,
            "fingerprint",
            f"the weights belong to another scene, of {header.count:,} splats "
            f"where this one has {len(splats):,}",
            _AGAIN,
        )
    found = {}
    for name, beta in header.beta.items():
        if name not in PARTS:
            raise SceneFormatError(path, "header", f"names an unknown part {name!r}", _AGAIN)
        columns = {
            column: _column(
                archive, path, f"{name}.{column}", [(len(splats), *shape) for shape in shapes]
            )
            for column, shapes in _COLUMNS.items()
            if column == "log_weights" or f"{name}.{column}.npy" in names
        }
        found[name] = OitWeights(beta, **columns)
    return found


def _read_header(archive: zipfile.ZipFile, path: Path) -> _Header:
    with _member(archive, path, "header") as file:
        shape, dtype = _layout(file, path, "header")
        size = shape[0] if len(shape) == 1 else -1
        if dtype != np.uint8 or not 0 <= size <= _HEADER_BYTES:
            raise SceneFormatError(
                path, "header", f"is {dtype} {shape}, not up to {_HEADER_BYTES} bytes", _AGAIN
            )
        text = file.read(size)
    try:
        return decode(text, _Header)
    except JsonError as error:
        raise SceneFormatError(path, "header", f"is not understood ({error})", _AGAIN) from error


def _column(
    archive: zipfile.ZipFile, path: Path, name: str, shapes: list[tuple[int, ...]]
) -> NDArray[np.float32]:
    """One array of one of the shapes; its size is known to be right before memory is taken."""
    with _member(archive, path, name) as file:
        found, dtype = _layout(file, path, name)
        if dtype not in (np.float16, np.float32) or found not in shapes:
            wanted = " or ".join(map(str, shapes))
            raise SceneFormatError(
                path, name, f"is {dtype} {found}; it must be float16 or float32 {wanted}", _AGAIN
            )
        size = int(np.prod(found)) * dtype.itemsize
        if archive.getinfo(f"{name}.npy").file_size != file.tell() + size:
            raise SceneFormatError(path, name, f"does not hold the {size:,} bytes needed", _AGAIN)
        data = file.read(size)
    if len(data) != size:
        raise SceneFormatError(path, name, "is cut off", _AGAIN)
    return np.frombuffer(data, dtype).reshape(found).astype(np.float32)


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> IO[bytes]:
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise SceneFormatError(path, name, "is missing", _AGAIN) from None
    if info.compress_type != zipfile.ZIP_STORED:  # a small file cannot claim much memory
        raise SceneFormatError(path, name, "is compressed, which Voile never writes", _AGAIN)
    return archive.open(info)


def _layout(file: IO[bytes], path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array in numpy's format, whose data begin where the file then is."""
    version = np.lib.format.read_magic(file)  # type: ignore[arg-type]
    if version != (1, 0):
        raise SceneFormatError(path, name, f"is in numpy's array format {version}", _AGAIN)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)  # type: ignore[arg-type]
    if fortran and len(shape) > 1:
        raise SceneFormatError(path, name, "is stored by columns", _AGAIN)
    return shape, dtype


def _narrowed(values: NDArray[np.float32], dtype: Any) -> NDArray[Any]:
    largest = np.finfo(dtype).max
    return np.clip(values, -largest, largest).astype(dtype)
