"""SOG (PlayCanvas), versions 1 and 2, as a zip or a folder; `lod-meta.json` opens its finest level.

Splats are pixels of lossless WebP images, 8 bits a channel (Morgenstern et al. 2024,
"Self-Organizing Gaussian Grids"; layout by PlayCanvas): positions in two images of low and high
bytes, a smallest-three quaternion, scales and colour through tables of 256 values, and higher
harmonics as indices into a palette.
"""

from __future__ import annotations

from pathlib import Path

from ..progress import Progress
from ..splats import Splats
from . import sog_lod
from .format import Format
from .sog_meta import read_text
from .sog_scene import read_scene
from .sog_source import FolderSource, ZipSource
from .sog_write import MAX_SH_DEGREE, write


def _sniff(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in ("meta.json", "lod-meta.json"))
    if head.startswith(b"PK\x03\x04"):
        return True
    if not head.lstrip().startswith(b"{"):
        return False
    return b'"means"' in head or b'"lodLevels"' in head or path.name.endswith("meta.json")


def _read(path: Path, progress: Progress, drop_invalid: bool) -> Splats:
    if path.is_dir():
        meta = path / "meta.json"
        path = meta if meta.is_file() else path / "lod-meta.json"
    else:
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        if is_zip:
            source = ZipSource(path)
            try:
                return read_scene(path, source, source.read("meta.json"), progress, drop_invalid)
            finally:
                source.close()
    text = read_text(path)
    if sog_lod.is_lod(text):
        return sog_lod.read_finest(path, text, progress, drop_invalid)
    return read_scene(path, FolderSource(path, path.parent), text, progress, drop_invalid)


FORMAT = Format(
    "sog",
    "SOG",
    (".sog",),
    _sniff,
    _read,
    write,
    max_sh_degree=MAX_SH_DEGREE,
    quantised="positions to 16 bits, scales, colour, opacity and rotation to 8, "
    "harmonics to a palette of at most 65,536",
)
