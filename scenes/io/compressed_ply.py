"""Compressed PLY (PlayCanvas, SuperSplat): 16 bytes a splat, quantised in chunks of 256.

Element chunk: bounds of position and log-scale, and in newer files of colour (12 or 18 floats).
Element vertex: four uint32, packed_position and packed_scale 11-10-11 bits between the chunk's
bounds, packed_rotation 2-10-10-10 ("smallest three"), packed_color 8-8-8-8 with activated opacity.
Element sh, optional: one byte a coefficient. Layout: playcanvas/engine, gsplat-compressed-data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SceneFormatError
from ..progress import Progress
from ..splats import SH_COEFFICIENTS, Splats
from .assemble import assemble
from .compressed_ply_layout import (
    BOUNDS,
    C0,
    LARGEST,
    LARGEST_LOG,
    MAX_SH_DEGREE,
    PACKED,
    SPLATS_PER_CHUNK,
    unpack_sh,
    unpack_smallest_three,
)
from .compressed_ply_write import write
from .format import Format
from .ply_header import CHUNK, EXPORT_AGAIN, Element, Header, Rows, read_header

assert CHUNK % SPLATS_PER_CHUNK == 0  # parts of the file are whole chunks

_FIELDS = {
    "means": "packed_position or chunk bounds",
    "quats": "packed_rotation",
    "scales": "packed_scale or chunk bounds",
    "opacities": "packed_color",
    "sh": "packed_color or chunk bounds",
}


def _sniff(path: Path, head: bytes) -> bool:
    return head[:4] in (b"ply\n", b"ply\r", b"ply ") and b"packed_position" in head


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    header = read_header(path)
    n, colour_bounds, terms = _check(path, header)
    with Rows(path, header) as rows, np.errstate(over="ignore", invalid="ignore"):
        rows.check_fits(*(e.name for e in header.elements if e.name in ("chunk", "vertex", "sh")))
        bounds = _read_bounds(rows, header, colour_bounds)
        if not drop_invalid:
            _check_bounds(path, *bounds)
        means = np.empty((n, 3), np.float32)
        quats = np.empty((n, 4), np.float32)
        scales = np.empty((n, 3), np.float32)
        opacities = np.empty(n, np.float32)
        sh = np.zeros((n, terms, 3), np.float32)
        for start, part in rows.of("vertex"):
            here = slice(start, start + len(part))
            of_row = np.arange(start, start + len(part)) // SPLATS_PER_CHUNK
            low, high = bounds[0][of_row], bounds[1][of_row]  # (rows, 9) each
            position, rotation, scale, colour = (part[name].astype(np.uint32) for name in PACKED)
            means[here] = _between(low[:, 0:3], high[:, 0:3], _unpack_11_10_11(position))
            scales[here] = np.exp(_between(low[:, 3:6], high[:, 3:6], _unpack_11_10_11(scale)))
            quats[here] = unpack_smallest_three(rotation)
            rgba = colour.astype(">u4").view(np.uint8).reshape(-1, 4) / np.float32(255.0)
            sh[here, 0] = (_between(low[:, 6:9], high[:, 6:9], rgba[:, :3]) - 0.5) / C0
            opacities[here] = rgba[:, 3]
            progress(start / n, f"Reading {path.name}")
        if terms > 1:
            names = [f"f_rest_{i}" for i in range(3 * (terms - 1))]
            for start, part in rows.of("sh"):
                for i, name in enumerate(names):
                    c, k = divmod(i, terms - 1)
                    sh[start : start + len(part), k + 1, c] = unpack_sh(part[name])
    return assemble(
        path,
        means=means,
        quats=quats,
        scales=scales,
        opacities=opacities,
        sh=sh,
        drop_invalid=drop_invalid,
        fields=_FIELDS,
    )


def _check(path: Path, header: Header) -> tuple[int, bool, int]:
    """(number of splats, has colour bounds, SH terms K); refuses a wrong structure."""
    chunk, vertex = _element(path, header, "chunk"), _element(path, header, "vertex")
    for element, names in ((chunk, BOUNDS[:12]), (vertex, PACKED)):
        missing = [name for name in names if name not in element.types]
        if missing:
            raise SceneFormatError(
                path, f"element {element.name}", f"lacks {', '.join(missing)}", EXPORT_AGAIN
            )
    if chunk.count * SPLATS_PER_CHUNK < vertex.count:
        raise SceneFormatError(
            path,
            "element chunk",
            f"has {chunk.count} rows, too few for {vertex.count} splats",
            EXPORT_AGAIN,
        )
    if header.elements.index(chunk) > header.elements.index(vertex):
        raise SceneFormatError(path, "element chunk", "stands after the vertices", EXPORT_AGAIN)
    terms = 1
    if (sh := header.element("sh")) is not None:
        terms = 1 + len(sh.types) // 3
        names = {f"f_rest_{i}" for i in range(3 * (terms - 1))}
        if (
            terms not in SH_COEFFICIENTS
            or sh.types.keys() != names
            or sh.count != vertex.count
            or header.elements.index(sh) < header.elements.index(vertex)
        ):
            raise SceneFormatError(
                path,
                "element sh",
                f"has {len(sh.types)} columns and {sh.count} rows; {vertex.count} rows of 9, 24, "
                "45 or 72 columns f_rest_0, f_rest_1, ... must follow the vertices",
                EXPORT_AGAIN,
            )
    return vertex.count, all(name in chunk.types for name in BOUNDS), terms


def _element(path: Path, header: Header, name: str) -> Element:
    element = header.element(name)
    if element is None:
        raise SceneFormatError(path, f"element {name}", "is missing", EXPORT_AGAIN)
    return element


def _read_bounds(
    rows: Rows, header: Header, colour_bounds: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lower and upper bounds, each (chunks, 9): position, log-scale, display colour."""
    chunk = header.element("chunk")
    assert chunk is not None
    low = np.zeros((chunk.count, 9), np.float32)
    high = np.ones((chunk.count, 9), np.float32)
    for start, part in rows.of("chunk"):
        for i, name in enumerate(BOUNDS if colour_bounds else BOUNDS[:12]):
            group, rest = divmod(i, 6)
            target = (low, high)[rest // 3]
            target[start : start + len(part), 3 * group + rest % 3] = part[name]
    return low, high


def _check_bounds(path: Path, low: NDArray[np.float32], high: NDArray[np.float32]) -> None:
    """Refuses bounds that give non-finite splats, before the arrays of the scene are allocated."""
    limit = np.full(9, LARGEST)
    limit[3:6] = LARGEST_LOG
    for bounds in (low, high):
        wrong = ~(np.abs(bounds) <= limit)
        wrong[:, 3:6] &= ~(bounds[:, 3:6] < 0) | ~np.isfinite(bounds[:, 3:6])
        if wrong.any():
            row = int(np.argmax(wrong.any(axis=1)))
            raise SceneFormatError(
                path,
                "element chunk",
                f"row {row} has bounds that are not finite or far too large: {bounds[row]}",
                "Export it again, or open it with --drop-invalid to leave these splats out.",
            )


def _between(low: Any, high: Any, t: Any) -> Any:
    return low * (1.0 - t) + high * t


def _unpack_11_10_11(packed: NDArray[np.uint32]) -> NDArray[np.float32]:
    """(N, 3) in [0, 1]; x in the high bits."""
    t = np.empty((len(packed), 3), np.float32)
    t[:, 0] = (packed >> 21) / 2047.0
    t[:, 1] = (packed >> 11 & 1023) / 1023.0
    t[:, 2] = (packed & 2047) / 2047.0
    return t


FORMAT = Format(
    "compressed_ply",
    "compressed PLY",
    (".compressed.ply",),
    _sniff,
    _read,
    write,
    max_sh_degree=MAX_SH_DEGREE,
    quantised="positions and scales to 11 bits within 256 neighbours, rotation to 32, others to 8",
    keeps_antialiased=False,
)
