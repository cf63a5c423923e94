"""A reference material described by a small TOML file.

    name = "mug"
    size = 128                      # texels a side, a power of two; else that of the images
    albedo = "mug.png"              # an image beside the file, or numbers
    coat = 1.0
    coat_roughness = "smudges.png"
    normal = "bumps.png"

Keys are those of `layered.FIELDS`; what is not named is as in `library.PLAIN`. Images of colours
are sRGB and become linear; of weights and roughness linear, grey or the first channels; of `normal`
and `coat_normal` normal maps (x right, y up, 128 is zero); of `direction` its two numbers, 128 is
zero.
Arrays may also come as `.npy`, (S, S) or (S, S, n), as they are.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scenes.errors import SceneFormatError
from ...scenes.io.pictures import PictureError, opened
from ...scenes.material import MAX_SIDE, MaterialError, level_shapes
from ...scenes.srgb import to_light
from .layered import FIELDS
from .library import LIBRARY, PLAIN, texels_of

_COLOURS = ("albedo", "specular", "dust_albedo")
_NORMALS = ("normal", "coat_normal")
_SIZE = 128  # where nothing says it
_LEAST = 8  # for the patterns of the library
_MOST_BYTES = 1 << 20


def reference_texels(material: str, size: int | None = None) -> tuple[str, NDArray[np.float32]]:
    """Name and texels (S, S, COUNT) of a material by its name in `LIBRARY` or its TOML file.

    Args:
        size: texels a side; None for 128, or what the file says.

    Raises:
        MaterialError: no such name, or a size that is not allowed.
        SceneFormatError: as `read_description`.
    """
    if material in LIBRARY:
        size = _SIZE if size is None else size
        level_shapes(size, size, 1)
        if size < _LEAST:
            raise MaterialError(f"{material} has no {size}x{size} texels; {_LEAST} is the least")
        return material, texels_of(LIBRARY[material](size), size)
    if not material.endswith(".toml"):
        raise MaterialError(
            f"there is no material {material!r}: give {', '.join(LIBRARY)}, or a .toml file"
        )
    name, texels = read_description(material)
    if size not in (None, len(texels)):
        raise MaterialError(
            f"{material} has {len(texels)}x{len(texels)} texels; leave --size out, or set it there"
        )
    return name, texels


def read_description(path: str | Path) -> tuple[str, NDArray[np.float32]]:
    """Name and texels (S, S, COUNT) of a described material.

    Raises:
        SceneFormatError: a file that is missing, not understood or of a wrong size, an unknown key,
            or a value out of range; the text names the file and the key.
    """
    path = Path(path)
    values = _toml(path)
    name = values.pop("name", path.stem)
    if not isinstance(name, str):
        raise SceneFormatError(path, "name", "is no text", "Write it in quotes.")
    size = values.pop("size", None)
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise SceneFormatError(
            path, min(unknown), "is no key of a material", f"There are {', '.join(FIELDS)}."
        )
    fields = {key: _value(path, key, value) for key, value in values.items()}
    images = {key: array.shape for key, array in fields.items() if array.ndim == 3}
    for key, shape in images.items():
        size = shape[0] if size is None else size
        if shape[:2] != (size, size):
            raise SceneFormatError(
                path,
                key,
                f"is {shape[1]}x{shape[0]} texels where the material has {size}x{size}",
                "Scale the images to one size, square, a power of two.",
            )
    size = _SIZE if size is None else size
    if not isinstance(size, int):
        raise SceneFormatError(path, "size", f"is {size!r}", "Give a power of two.")
    try:
        return name, texels_of(fields, size)
    except MaterialError as error:
        raise SceneFormatError(path, "values", str(error), "Correct the file.") from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SceneFormatError(path, "file", "is no description of a material", "Check it.")
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or beyond what Python reads
        raise SceneFormatError(path, "file", f"is no TOML ({error})", "Correct it.") from error


def _value(path: Path, key: str, value: Any) -> NDArray[np.float64]:
    if isinstance(value, str):
        return _texture(path.parent / value, key)
    numbers = value if isinstance(value, list) else [value] * FIELDS[key]
    known = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers)
    if not known or len(numbers) != FIELDS[key]:
        raise SceneFormatError(
            path,
            key,
            f"is {value!r}",
            f"Give {FIELDS[key]} numbers, like {np.atleast_1d(PLAIN[key]).tolist()}, or an image.",
        )
    try:
        return np.array(numbers, np.float64)
    except OverflowError:
        raise SceneFormatError(path, key, "is beyond any number of it", "Correct it.") from None


def _texture(path: Path, key: str) -> NDArray[np.float64]:
    """(H, W, n) of an image or array."""
    count = FIELDS[key]
    fix = "Check the path, which is relative to the description."
    try:
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if array.dtype.kind not in "fiu" or array.ndim not in (2, 3) or array.size > 2**26:
                raise ValueError(f"it is {array.dtype} {array.shape}")
            array = np.asarray(array, np.float64)
            array = array.reshape(*array.shape[:2], -1)
        else:
            with opened(path) as image:
                if max(image.size) > MAX_SIDE:
                    raise ValueError(f"it has {image.size[0]}x{image.size[1]} pixels")
                array = _decoded(np.asarray(image.convert("RGB"), np.float64) / 255, key)
    except (OSError, PictureError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise SceneFormatError(path, key, f"cannot be read: {text}", fix) from error
    except Exception as error:  # of numpy too, which reads headers as Python, come all kinds
        raise SceneFormatError(path, key, f"cannot be used: {error}", fix) from error
    if array.shape[2] not in (1, count):
        raise SceneFormatError(
            path, key, f"has {array.shape[2]} channels", f"Give 1 or {count} of them."
        )
    return np.broadcast_to(array, (*array.shape[:2], count))


def _decoded(rgb: NDArray[np.float64], key: str) -> NDArray[np.float64]:
    if key in _COLOURS:
        return to_light(rgb)
    signed = (255 * rgb - 128) / 127
    if key in _NORMALS:
        z = np.maximum(signed[..., 2:], 0.25)
        return signed[..., :2] * (1, -1) / z  # v grows downwards
    return signed[..., :2] if key == "direction" else rgb[..., : FIELDS[key]]
