"""Small valid files of every scene format, for the tests of bad input.

`SAMPLES` maps "format/variant" to a function that writes such a file (or folder) into a folder and
returns its path. Add a format by adding entries; keep the files at a few kilobytes, because each is
loaded thousands of times.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import voile
from make_splats import make_splats

N = 12  # splats a sample


def _saved(name: str, format: str, sh_degree: int, **options: object) -> Callable[[Path], Path]:
    """A sample written by Voile's own writer."""

    def write(folder: Path) -> Path:
        path = folder / name
        voile.save(make_splats(N, sh_degree, **options), path, format)  # type: ignore[arg-type]
        return path

    return write


SAMPLES: dict[str, Callable[[Path], Path]] = {}

COUNT_LIES: dict[str, Callable[[bytes], bytes]] = {}
"""By sample name: sets the splat count in a sample's bytes to 2^32 (2^32 - 1 if it has 32 bits)."""
