"""Small valid files of every scene format, for the tests of bad input.

`SAMPLES` maps "format/variant" to a function that writes such a file (or folder) into a folder and
returns its path. Add a format by adding entries; keep the files at a few kilobytes, because each is
loaded thousands of times.
"""

from __future__ import annotations

import gzip
import json
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from encode_sog import sog_files, zip_bytes
from encode_spz import spz_bytes
from make_splats import make_splats

import voile
from voile.scenes import Splats

N = 12  # splats a sample


def _saved(name: str, format: str, sh_degree: int, **options: object) -> Callable[[Path], Path]:
    """A sample written by Voile's own writer."""

    def write(folder: Path) -> Path:
        path = folder / name
        voile.save(make_splats(N, sh_degree, **options), path, format)  # type: ignore[arg-type]
        return path

    return write


def _worn(folder: Path) -> Path:
    """A PLY whose splats wear materials."""
    path, material = folder / "worn.ply", np.arange(N, dtype=np.int32) % 3 - 1
    names = "ceramic", "gone.vnm"
    voile.save(replace(make_splats(N, 0), material=material, material_names=names), path)
    return path


def _bytes(name: str, make: Callable[[], bytes]) -> Callable[[Path], Path]:
    """A sample made byte by byte, of a variant that Voile does not write."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(make())
        return path

    return write


def _folder(name: str, make: Callable[[], dict[str, bytes]]) -> Callable[[Path], Path]:
    """A sample that is a folder of files."""

    def write(folder: Path) -> Path:
        for file, data in make().items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / name

    return write


def lod_files() -> dict[str, bytes]:
    """A streamed SOG with one level of two parts."""
    parts = {f"0_{k}/{name}": data for k in range(2)
             for name, data in sog_files(make_splats(N, 0, seed=k)).items()}  # fmt: skip
    lods = [{"lods": {"0": {"file": k, "offset": 0, "count": N}}} for k in range(2)]
    lod = {"lodLevels": 1, "filenames": ["0_0/meta.json", "0_1/meta.json"],
           "tree": {"children": lods}}  # fmt: skip
    return {"lod-meta.json": json.dumps(lod).encode(), **parts}


def ply_bytes(
    splats: Splats | None = None,
    *,
    encoding: str = "binary_little_endian",
    kind: str = "float",
    drop: tuple[str, ...] = (),
    extra: bool = False,
    comments: tuple[str, ...] = (),
) -> bytes:
    """A PLY in INRIA's layout, built without Voile's writer.

    Args:
        encoding: of the PLY. kind: PLY type of all columns.
        drop: columns left out. extra: add columns and elements that mean nothing.
    """
    s = splats or make_splats(N, 1)
    columns: dict[str, np.ndarray] = {name: s.means[:, i] for i, name in enumerate("xyz")}
    if extra:
        columns["segment"] = np.arange(len(s))
    columns |= {name: np.zeros(len(s)) for name in ("nx", "ny", "nz")}
    columns |= {f"f_dc_{c}": s.sh[:, 0, c] for c in range(3)}
    rest = s.sh[:, 1:].transpose(0, 2, 1).reshape(len(s), -1)
    columns |= {f"f_rest_{i}": rest[:, i] for i in range(rest.shape[1])}
    o = s.opacities.astype(np.float64)
    columns["opacity"] = np.log(o / (1 - o))
    logs = np.log(np.maximum(s.scales.astype(np.float64), 1e-30))
    columns |= {f"scale_{i}": logs[:, i] for i in range(3)}
    columns |= {f"rot_{i}": s.quats[:, i] for i in range(4)}
    columns = {name: column for name, column in columns.items() if name not in drop}
    lines = ["ply", f"format {encoding} 1.0", *(f"comment {text}" for text in comments)]
    if extra:
        lines += ["element camera 2", "property uchar id", "property double focal"]
    lines += [f"element vertex {len(s)}", *(f"property {kind} {name}" for name in columns)]
    if extra:
        lines += ["element face 0", "property list uchar int vertex_indices"]
    head = "\n".join([*lines, "end_header", ""]).encode()
    table = np.stack(list(columns.values()), axis=1)
    if encoding == "ascii":
        cameras = b"1 2.5\n2 2.5\n" if extra else b""
        text = "".join(" ".join(f"{v:.9g}" for v in row) + "\n" for row in table)
        return head + cameras + text.encode()
    order = "<" if encoding == "binary_little_endian" else ">"
    cameras = np.zeros(2, [("id", "u1"), ("focal", order + "f8")]).tobytes() if extra else b""
    return head + cameras + table.astype(order + {"float": "f4", "double": "f8"}[kind]).tobytes()


def compressed_ply_bytes(*, colour_bounds: bool = True, sh_terms: int = 1, n: int = 300) -> bytes:
    """A valid compressed PLY of random packed words within random bounds."""
    rng = np.random.default_rng(5)
    chunks = -(-n // 256)
    names = [f"{end}_{axis}" for axes in (("x", "y", "z"), ("scale_x", "scale_y", "scale_z"))
             for end in ("min", "max") for axis in axes]  # fmt: skip
    low = rng.uniform([-2, -2, -2, -7, -7, -7], [-1, -1, -1, -5, -5, -5], (chunks, 6))
    high = rng.uniform([1, 1, 1, -3, -3, -3], [2, 2, 2, -1, -1, -1], (chunks, 6))
    table = [low[:, :3], high[:, :3], low[:, 3:], high[:, 3:]]
    if colour_bounds:
        names += [f"{end}_{axis}" for end in ("min", "max") for axis in "rgb"]
        table += [np.full((chunks, 3), -0.2), np.full((chunks, 3), 1.3)]
    lines = ["ply", "format binary_little_endian 1.0", f"element chunk {chunks}"]
    lines += [f"property float {name}" for name in names]
    lines += [f"element vertex {n}"]
    packed = ("position", "rotation", "scale", "color")
    lines += [f"property uint packed_{name}" for name in packed]
    if sh_terms > 1:
        lines += [f"element sh {n}"]
        lines += [f"property uchar f_rest_{i}" for i in range(3 * (sh_terms - 1))]
    body = np.concatenate(table, axis=1).astype("<f4").tobytes()
    body += rng.integers(0, 2**32, (n, 4), dtype=np.uint32).astype("<u4").tobytes()
    body += rng.integers(0, 256, (n, 3 * (sh_terms - 1)), dtype=np.uint8).tobytes()
    return "\n".join([*lines, "end_header", ""]).encode() + body


SAMPLES: dict[str, Callable[[Path], Path]] = {
    "ply/inria": _saved("inria.ply", "ply", 3),
    "ply/surfels": _saved("surfels.ply", "ply", 0, kind="2d"),
    "ply/materials": _worn,
    "ply/ascii": _bytes("ascii.ply", lambda: ply_bytes(encoding="ascii", extra=True)),
    "ply/big endian": _bytes(
        "big.ply", lambda: ply_bytes(encoding="binary_big_endian", kind="double", extra=True)
    ),
    "compressed_ply/18": _bytes("a.compressed.ply", lambda: compressed_ply_bytes(sh_terms=4)),
    "compressed_ply/12": _bytes(
        "b.compressed.ply", lambda: compressed_ply_bytes(colour_bounds=False)
    ),
    "splat/plain": _saved("scene.splat", "splat", 0),
    "spz/1": _bytes("one.spz", lambda: spz_bytes(make_splats(N, 1), 1)),
    "spz/2": _bytes("two.spz", lambda: spz_bytes(make_splats(N, 0), 2)),
    "spz/3": _saved("three.spz", "spz", 3),
    "spz/3 unpacked": _bytes("raw.spz", lambda: spz_bytes(make_splats(N, 1), 3, packed=False)),
    "spz/4": _bytes("four.spz", lambda: spz_bytes(make_splats(N, 4), 4)),
    "sog/zip": _bytes("scene.sog", lambda: zip_bytes(sog_files(make_splats(N, 1)))),
    "sog/folder": _folder("scene", lambda: sog_files(make_splats(N, 2))),
    "sog/version 1": _folder("sogs", lambda: sog_files(make_splats(N, 3), 1)),
    "sog/levels": _folder("levels", lod_files),
}


def _vertex_count_lie(data: bytes) -> bytes:
    return re.sub(rb"element vertex \d+", b"element vertex 4294967296", data)


def _spz_count_lie(data: bytes) -> bytes:
    packed = data.startswith(b"\x1f\x8b")
    payload = gzip.decompress(data) if packed else data
    lie = payload[:8] + struct.pack("<I", 2**32 - 1) + payload[12:]
    return gzip.compress(lie, mtime=0) if packed else lie


def _zip_count_lie(data: bytes) -> bytes:
    files = sog_files(make_splats(N, 1))
    meta = json.loads(files["meta.json"]) | {"count": 2**32}
    return zip_bytes(files | {"meta.json": json.dumps(meta).encode()})


COUNT_LIES: dict[str, Callable[[bytes], bytes]] = {
    **{name: _vertex_count_lie for name in SAMPLES if "ply/" in name},
    **{name: _spz_count_lie for name in SAMPLES if name.startswith("spz/")},
    "sog/zip": _zip_count_lie,
}
"""By sample name: sets the splat count in a sample's bytes to 2^32 (2^32 - 1 if it has 32 bits)."""
