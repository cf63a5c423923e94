"""What a glTF 2.0 file says of its materials, of which trimesh keeps only a part.

trimesh forgets how textures repeat, and drops images that it cannot find without a word. So the
materials in the header are given numbers for names before trimesh reads it, by which each part of
the mesh finds what the file says of its material.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError

MAGIC = b"glTF"
_JSON = 0x4E4F534A

_WRAPS = {33071: "clamp", 33648: "mirror", 10497: "repeat"}
_TRANSFORM = "KHR_texture_transform"
_EXPORT = "Export it again as glTF 2.0."


@dataclass(frozen=True)
class GltfMaterial:
    """The base colour of a material.

    Attributes:
        name: in the file, for people.
        factor: RGBA, linear light.
        image: the texture's place in a file, "" where it is inside the glTF, None without one.
        wrap: as `Texture.wrap`.
        cutoff: as `Texture.cutoff`: alpha where blended surfaces are cut, for meshes are opaque.
        transform: (2, 3) of texture coordinates with v down, or None.
    """

    name: str
    factor: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    image: str | None = None
    wrap: tuple[str, str] = ("repeat", "repeat")
    cutoff: float = 0.0
    transform: NDArray[np.float64] | None = None


def numbered(path: Path, data: bytes) -> tuple[bytes, list[GltfMaterial]]:
    """The file with its materials named by their numbers, and what it says of them.

    Args:
        path: what errors name.
        data: of a .glb or a .gltf.

    Raises:
        SceneFormatError: no header that can be read, or a material in it is not as glTF has it.
    """
    binary = data[:4] == MAGIC
    rest = b""
    if binary:
        if len(data) < 20:
            raise SceneFormatError(path, "header", "is cut off", _EXPORT)
        length, kind = struct.unpack("<II", data[12:20])
        if kind != _JSON or 20 + length > len(data):
            raise SceneFormatError(path, "header", "is cut off or no JSON", _EXPORT)
        text, rest = data[20 : 20 + length], data[20 + length :]
    else:
        text = data
    try:
        header = json.loads(text)
        materials = [_material(path, header, each) for each in header.get("materials", [])]
        for number, each in enumerate(header.get("materials", [])):
            each["name"] = str(number)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SceneFormatError(
            path, "header", f"is no glTF ({type(error).__name__}: {error})", _EXPORT
        ) from error
    text = json.dumps(header).encode()
    if not binary:
        return text, materials
    text += b" " * (-len(text) % 4)
    whole = 20 + len(text) + len(rest)
    head = MAGIC + data[4:8] + struct.pack("<III", whole, len(text), _JSON)
    return head + text + rest, materials


def _material(path: Path, header: dict[str, Any], given: dict[str, Any]) -> GltfMaterial:
    name = str(given.get("name", ""))
    surface = given.get("pbrMetallicRoughness", {})
    red, green, blue, alpha = (float(x) for x in surface.get("baseColorFactor", (1, 1, 1, 1)))
    mode = given.get("alphaMode", "OPAQUE")
    cutoff = 0.0
    if mode != "OPAQUE":
        cutoff = float(given.get("alphaCutoff", 0.5)) if mode == "MASK" else 0.5
        # Of the texture's alpha, which the factor multiplies.
        cutoff = min(max(cutoff / alpha if alpha > 0 else 1.0, 0.0), 1.0)
    texture = surface.get("baseColorTexture")
    if texture is None:
        return GltfMaterial(name, (red, green, blue, alpha))
    moved = texture.get("extensions", {}).get(_TRANSFORM)
    if (moved or {}).get("texCoord", texture.get("texCoord", 0)) != 0:
        raise SceneFormatError(
            path,
            f"material {name!r}, baseColorTexture",
            "lies by a second set of texture coordinates",
            "Export it with one set, TEXCOORD_0.",
        )
    entry = header["textures"][texture["index"]]
    source = entry.get("source")
    if source is None:
        raise SceneFormatError(
            path,
            f"material {name!r}, baseColorTexture",
            f"has no image but by {', '.join(entry.get('extensions', {})) or 'nothing'}",
            "Export it with images as PNG or JPEG.",
        )
    uri = header["images"][source].get("uri", "")
    sampler = header["samplers"][entry["sampler"]] if "sampler" in entry else {}
    return GltfMaterial(
        name,
        (red, green, blue, alpha),
        "" if uri.startswith("data:") else uri,
        (_WRAPS[sampler.get("wrapS", 10497)], _WRAPS[sampler.get("wrapT", 10497)]),
        cutoff,
        None if moved is None else _transform(moved),
    )


def _transform(given: dict[str, Any]) -> NDArray[np.float64]:
    """(2, 3): offset, then rotation, then scale, as KHR_texture_transform has them."""
    (x, y), (across, down) = given.get("offset", (0, 0)), given.get("scale", (1, 1))
    sine, cosine = math.sin(given.get("rotation", 0.0)), math.cos(given.get("rotation", 0.0))
    return np.array(
        [[cosine * across, sine * down, x], [-sine * across, cosine * down, y]], np.float64
    )
