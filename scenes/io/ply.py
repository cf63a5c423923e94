"""PLY in the layout of INRIA's 3D Gaussian splatting (Kerbl et al. 2023), and its relatives.

One `vertex` row per splat: x y z, nx ny nz (ignored), f_dc_0..2 and f_rest_* (SH, the rest channel
by channel), opacity (logit), scale_0..2 (natural logarithm), rot_0..3 (wxyz). Columns are found by
name and may have any type and order, so that gsplat's (no normals), 2DGS's (no scale_2) and other
programs' files read alike. A scale_2 so small that its exp is 0 is that of a surfel. Comments that
mean something: `SplatRenderMode: mip|2dgs`, `antialiased 1` (Postshot), `Vertical axis: x y z`
(Brush), and ours that name materials (`ply_materials.py`).

A file of 1 M splats (SH degree 3, 248 MB) is read in chunks that stay in the cache, straight into
the final arrays: the memory needed is that of the arrays.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from . import ply_materials
from .assemble import assemble
from .format import Format
from .ply_header import Element, Header, Rows, read_header

_FIELDS = {
    "means": "x y z",
    "quats": "rot_0..3",
    "scales": "scale_0..2",
    "opacities": "opacity",
    "sh": "f_dc, f_rest",
    "latent": "latent_0...",
}
_REQUIRED = (
    *("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
    *("scale_0", "scale_1", "rot_0", "rot_1", "rot_2", "rot_3"),
)
_PROGRESS_ROWS = 1 << 16
_WRITE_ROWS = 1 << 13
_LOG_OF_ZERO = -110.0  # of a surfel's third scale among ellipsoids: exp of it is 0 in float32


def _sniff(path: Path, head: bytes) -> bool:
    return head[:4] in (b"ply\n", b"ply\r", b"ply ") or head == b"ply"


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    header = read_header(path)
    vertex = _vertex_of(path, header)
    with Rows(path, header) as rows:
        rows.check_fits("vertex")
        n, terms = vertex.count, _sh_terms(path, vertex)
        means = np.empty((n, 3), np.float32)
        quats = np.empty((n, 4), np.float32)
        scales = np.empty((n, 3), np.float32)
        opacities = np.empty(n, np.float32)
        sh = np.empty((n, terms, 3), np.float32)
        about, surfels = _meaning(header.comments)
        surfels = surfels or "scale_2" not in vertex.types
        targets = _targets(means, quats, scales, opacities, sh, surfels)
        names = ply_materials.names_in(path, header.comments)
        worn = np.empty(n if names and ply_materials.COLUMN in vertex.types else 0, np.float32)
        latent = None
        if len(worn):
            targets.append((ply_materials.COLUMN, worn))
            if width := ply_materials.latents_in(path, vertex.types):
                latent = np.empty((n, width), np.float32)
                targets += zip(ply_materials.latent_columns(width), latent.T)
        # Damaged files hold anything; what is not finite in the end is found by `assemble`.
        with np.errstate(over="ignore", invalid="ignore"):
            for start, part in rows.of("vertex"):
                stop = start + len(part)
                for name, target in targets:
                    target[start:stop] = part[name]
                np.exp(scales[start:stop], out=scales[start:stop])
                _sigmoid(opacities[start:stop])
                if start % _PROGRESS_ROWS == 0:
                    progress(start / n, f"Reading {path.name}")
    if surfels:
        scales[:, 2] = 0.0
    if len(worn):
        about["material"] = ply_materials.numbers_of(path, worn, names)
        about["material_names"] = names
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=scales,
        opacities=opacities,
        sh=sh,
        latent=latent,
        drop_invalid=drop_invalid,
        fields=_FIELDS,
        **about,
    )


def _vertex_of(path: Path, header: Header) -> Element:
    """The element that holds the splats; says what the file is when it holds none."""
    vertex = header.element("vertex")
    if vertex is None:
        names = ", ".join(e.name for e in header.elements) or "none"
        raise SceneFormatError(
            path,
            "element vertex",
            f"is missing (elements: {names})",
            "Open a splat scene: PLY with an element vertex of x, y, z, f_dc, opacity, scale, rot.",
        )
    missing = [name for name in _REQUIRED if name not in vertex.types]
    if not missing:
        return vertex
    if {"x", "y", "z"} <= vertex.types.keys() and not vertex.types.keys() & set(_REQUIRED[3:]):
        faces = header.element("face")
        what = "a mesh" if faces is not None and faces.count else "a plain point cloud"
        raise SceneFormatError(
            path,
            "element vertex",
            f"is {what} of {vertex.count} points ({' '.join(vertex.types)}), not a splat scene",
            "Open the trained splats instead, in INRIA's layout "
            "point_cloud/iteration_30000/point_cloud.ply, or train splats from these points.",
        )
    raise SceneFormatError(
        path,
        ", ".join(missing),
        "is missing from the vertex properties",
        "Export the scene again as a PLY in INRIA's layout.",
    )


def _sh_terms(path: Path, vertex: Element) -> int:
    """K, from the number of f_rest columns."""
    rest = {name for name in vertex.types if name.startswith("f_rest_")}
    terms = 1 + len(rest) // 3
    if (
        len(rest) % 3
        or terms not in SH_COEFFICIENTS
        or rest != {f"f_rest_{i}" for i in range(len(rest))}
    ):
        raise SceneFormatError(
            path,
            "f_rest",
            f"has {len(rest)} columns; SH degree 0 to 4 has 0, 9, 24, 45 or 72",
            "Export the scene again with complete spherical harmonics.",
        )
    return terms


def _targets(
    means: NDArray[np.float32],
    quats: NDArray[np.float32],
    scales: NDArray[np.float32],
    opacities: NDArray[np.float32],
    sh: NDArray[np.float32],
    surfels: bool,
) -> list[tuple[str, NDArray[np.float32]]]:
    """(PLY column, view of the array it goes to), in the order of INRIA's layout."""
    rest = sh.shape[1] - 1
    if surfels:
        scales[:, 2] = 0.0
    return [
        *((name, means[:, i]) for i, name in enumerate("xyz")),
        *((f"f_dc_{c}", sh[:, 0, c]) for c in range(3)),
        *((f"f_rest_{c * rest + k}", sh[:, k + 1, c]) for c in range(3) for k in range(rest)),
        ("opacity", opacities),
        *((f"scale_{i}", scales[:, i]) for i in range(2 if surfels else 3)),
        *((f"rot_{i}", quats[:, i]) for i in range(4)),
    ]


def _sigmoid(logits: NDArray[np.float32]) -> None:
    """In place; exp overflows to infinity for very negative logits, which rightly gives 0."""
    np.negative(logits, out=logits)
    np.exp(logits, out=logits)
    logits += 1.0
    np.reciprocal(logits, out=logits)


def _meaning(comments: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """Arguments of `Splats` that the comments give, and whether they say that all are surfels."""
    about: dict[str, Any] = {}
    surfels = False
    for comment in comments:
        key, _, value = comment.lower().replace(":", " ").strip().partition(" ")
        value = value.strip()
        if key == "splatrendermode":
            surfels = value == "2dgs"
            about["antialiased"] = value == "mip"
        elif key == "antialiased":
            about["antialiased"] = value in ("1", "true")
        elif key == "vertical" and value.startswith("axis") and (up := _axis(value[4:])):
            about["up"] = up
    return about, surfels


def _axis(text: str) -> tuple[float, float, float] | None:
    """Unit vector of "x y z" numbers or of one of Brush's letters; None for anything else.

    By Brush's convention the letters y and z mean that scenes have that axis pointing down.
    """
    letters = {"x": (1.0, 0.0, 0.0), "y": (0.0, -1.0, 0.0), "z": (0.0, 0.0, -1.0)}
    if text.strip() in letters:
        return letters[text.strip()]
    numbers = re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)
    if len(numbers) != 3:
        return None
    up = np.array(numbers, np.float64)
    length = math.hypot(*up)
    if not np.isfinite(length) or length < 1e-6:
        return None
    x, y, z = (up / length).tolist()
    return x, y, z


def _write(splats: Splats, path: Path, progress: Progress) -> None:
    """INRIA's layout, binary little endian float32; without scale_2 where all are surfels.

    Materials that have names are a column after it, with latents of the splats' own behind.

    Opacity 0 becomes the logit of the smallest normal float32 (-87.3), opacity 1 that of
    1 - 2^-25 (17.3), which reads as exactly 1: infinite logits break other programs.
    """
    n, surfels = len(splats), splats.kind == "2d"
    terms = splats.sh.shape[1]
    worn = splats.material if splats.material_names else None
    latent = splats.latent if worn is not None else None
    width = 0 if latent is None else latent.shape[1]
    names = [
        *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"),
        *(f"f_rest_{i}" for i in range(3 * (terms - 1))),
        "opacity",
        *(f"scale_{i}" for i in range(2 if surfels else 3)),
        *(f"rot_{i}" for i in range(4)),
        *([] if worn is None else [ply_materials.COLUMN]),
        *ply_materials.latent_columns(width),
    ]
    with path.open("wb") as file:
        file.write(_header_text(splats, names).encode("ascii"))
        buffer = np.zeros((min(n, _WRITE_ROWS), len(names)), "<f4")
        for start in range(0, n, _WRITE_ROWS):
            rows = slice(start, start + _WRITE_ROWS)
            part = buffer[: min(_WRITE_ROWS, n - start)]
            part[:, 0:3] = splats.means[rows]
            if splats.normals is not None:
                part[:, 3:6] = splats.normals[rows]
            part[:, 6:9] = splats.sh[rows, 0]
            at = 9 + 3 * (terms - 1)
            part[:, 9:at] = splats.sh[rows, 1:].transpose(0, 2, 1).reshape(len(part), -1)
            part[:, at] = _logit(splats.opacities[rows])
            solid = splats.scales[rows, : 2 if surfels else 3].astype(np.float64)
            turn = at + 1 + solid.shape[1]
            part[:, at + 1 : turn] = np.log(np.maximum(solid, math.exp(_LOG_OF_ZERO)))
            part[:, turn : turn + 4] = splats.quats[rows]
            if worn is not None:
                part[:, turn + 4] = worn[rows]
            if latent is not None:
                part[:, turn + 5 :] = latent[rows]
            file.write(part.data)
            progress(min(1.0, (start + _WRITE_ROWS) / n), f"Writing {path.name}")


def _header_text(splats: Splats, names: list[str]) -> str:
    mode: Literal["mip", "2dgs", "default"] = "mip" if splats.antialiased else "default"
    if splats.kind == "2d":
        mode = "2dgs"
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        "comment Generated by Voile",
        f"comment SplatRenderMode: {mode}",
        *(["comment antialiased 1"] if splats.antialiased else []),
        f"comment Vertical axis: {' '.join(repr(float(u)) for u in splats.up)}",
        *ply_materials.comments_of(splats.material_names),
        f"element vertex {len(splats)}",
        *(f"property float {name}" for name in names),
        "end_header",
    ]
    return "\n".join(lines) + "\n"


def _logit(opacities: NDArray[np.float32]) -> NDArray[np.float64]:
    o = np.clip(opacities.astype(np.float64), np.finfo(np.float32).tiny, 1.0 - 2.0**-25)
    return np.log(o) - np.log1p(-o)


FORMAT = Format(
    "ply",
    "PLY",
    (".ply",),
    _sniff,
    _read,
    _write,
    keeps_up=True,
    columns=frozenset({"normals", "material", "latent"}),
)
