"""The file of a neural material, `.vnm`.

    8 bytes   b"VoileNM" and a zero
    uint32    version, 2; in 1 the levels stood for narrower footprints
    uint32    length of the header, bytes
    uint32    CRC-32 of everything after this number
    header    JSON: name, size [width, height], half (whether latents are float16), latents, frames,
              hidden, sampler (see `NetShape`), albedo, made_by
    latents   float16 or float32, level by level, finest first, each (H, W, L)
    layers    float32, in the order of `NetShape.dense`: weight (outputs, inputs), then bias

All numbers are little-endian. The file holds exactly these bytes, and the header says how many they
are, so a file of another length is refused before anything is read from it.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path

import msgspec
import numpy as np

from .atomic import replacing
from .errors import SceneFormatError
from .json_text import JsonError, decode
from .material import Dense, MaterialError, NetShape, NeuralMaterial, level_shapes

SUFFIX = ".vnm"

VERSION = 2

_MAGIC = b"VoileNM\0"
_FIXED = struct.Struct("<8sIII")
_HEADER_BYTES = 1 << 16  # most that a header may have; it needs some 300
_MOST_BYTES = 1 << 30
_AGAIN = "Bake it again by `voile bake-material`, or copy it again."


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: tuple[int, int]
    half: bool
    latents: int
    frames: int
    hidden: tuple[int, ...]
    sampler: tuple[int, ...]
    albedo: tuple[float, float, float]
    made_by: str = ""

    def shape(self) -> NetShape:
        return NetShape(self.latents, self.frames, self.hidden, self.sampler)


def save_material(material: NeuralMaterial, path: str | Path) -> None:
    """Writes a material; the file appears whole or not at all.

    Raises:
        SceneFormatError: the disk refuses.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(material_bytes(material))
    except OSError as error:
        raise SceneFormatError(
            path,
            "file",
            f"cannot be written: {error.strerror or error}",
            "Choose another place by -o, or make the folder writable.",
        ) from error


def is_material(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a material's."""
    return head.startswith(_MAGIC)


def material_bytes(material: NeuralMaterial) -> bytes:
    """The content of a material's file."""
    shape, half = material.shape, material.levels[0].dtype == np.float16
    header = msgspec.json.encode(
        _Header(
            material.name,
            material.size,
            half,
            shape.latents,
            shape.frames,
            shape.hidden,
            shape.sampler,
            material.albedo,
            material.made_by,
        )
    )
    parts = [
        header,
        *(np.asarray(level, _latent_type(half)).tobytes() for level in material.levels),
    ]
    for layer in material.layers.values():
        parts += [layer.weight.astype("<f4").tobytes(), layer.bias.astype("<f4").tobytes()]
    body = b"".join(parts)
    return _FIXED.pack(_MAGIC, VERSION, len(header), zlib.crc32(body)) + body


def load_material(path: str | Path) -> NeuralMaterial:
    """Reads a material.

    Raises:
        SceneFormatError: no such file, no material, damaged, or of another version.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > _MOST_BYTES:
                raise SceneFormatError(path, "file", "is larger than any material", _AGAIN)
            data = file.read()
    except OSError as error:
        raise SceneFormatError(
            path, "file", f"cannot be read: {error.strerror or error}", "Check the path."
        ) from error
    return read_material(data, path)


def read_material(data: bytes, path: Path) -> NeuralMaterial:
    """As `load_material` of the bytes of a file; `path` is what errors name."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise SceneFormatError(path, "magic", "is not that of a material (.vnm)", "Check the path.")
    if len(data) < _FIXED.size:
        raise SceneFormatError(path, "header", "is cut off", _AGAIN)
    _, version, length, checksum = _FIXED.unpack_from(data)
    if version != VERSION:
        raise SceneFormatError(
            path,
            "version",
            f"is {version}, this Voile reads {VERSION}",
            _AGAIN if version < VERSION else "Update Voile.",
        )
    body = memoryview(data)[_FIXED.size :]
    if not 0 < length <= min(_HEADER_BYTES, len(body)):
        raise SceneFormatError(path, "header", f"of {length:,} bytes does not fit", _AGAIN)
    try:
        header = decode(body[:length], _Header)
        shape = header.shape()
        levels = level_shapes(*header.size, shape.latents)
    except (JsonError, MaterialError) as error:
        raise SceneFormatError(path, "header", f"is not understood ({error})", _AGAIN) from error
    latent_type = _latent_type(header.half)
    dense = shape.dense()
    needed = sum(map(math.prod, levels)) * latent_type.itemsize
    needed += sum(4 * rows * (inputs + 1) for rows, inputs in dense.values())
    if len(body) - length != needed:
        raise SceneFormatError(
            path,
            "size",
            f"holds {len(body) - length:,} bytes of arrays where the header implies {needed:,}",
            _AGAIN,
        )
    if zlib.crc32(body) != checksum:
        raise SceneFormatError(path, "checksum", "does not fit the content: it is damaged", _AGAIN)
    reader = _Reader(body[length:])
    native = np.dtype(np.float16 if header.half else np.float32)
    pyramid = tuple(reader.array(each, latent_type).astype(native) for each in levels)
    layers = {
        name: Dense(
            reader.array(each, np.dtype("<f4")).astype(np.float32),
            reader.array(each[:1], np.dtype("<f4")).astype(np.float32),
        )
        for name, each in dense.items()
    }
    try:
        return NeuralMaterial(header.name, shape, pyramid, layers, header.albedo, header.made_by)
    except MaterialError as error:
        raise SceneFormatError(path, "values", str(error), _AGAIN) from error


class _Reader:
    """Arrays one after the other; the length is known to be right."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._offset = 0

    def array(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        count = math.prod(shape)
        found = np.frombuffer(self._data, dtype, count, self._offset).reshape(shape)
        self._offset += count * dtype.itemsize
        return found


def _latent_type(half: bool) -> np.dtype:
    return np.dtype("<f2" if half else "<f4")
