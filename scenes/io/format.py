"""What a scene format is: one `Format` per module of this folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..progress import Progress
from ..splats import Splats

HEAD_BYTES = 4096
"""How much of a file's beginning a sniffer is shown."""


class Reader(Protocol):
    """Reads a whole scene; raises `SceneFormatError` on bad input, `Cancelled` on request."""

    def __call__(self, path: Path, progress: Progress, drop_invalid: bool, /) -> Splats: ...


class Writer(Protocol):
    """Writes a whole scene to `path` (the caller makes it atomic); raises `SceneFormatError`."""

    def __call__(self, splats: Splats, path: Path, progress: Progress, /) -> None: ...


@dataclass(frozen=True)
class Format:
    """One scene format.

    Attributes:
        name: short id, as the command line takes it ("ply").
        title: for people ("PLY, INRIA layout").
        extensions: lower case, with the dot; the first is the usual one.
        sniff: (path, first HEAD_BYTES bytes, or b"" for a folder) -> is it this format, by content.
        read: the reader.
        write: the writer, None where Voile only reads.
        max_sh_degree: highest degree that it can hold.
        quantised: how coarsely it stores values, for people; empty for full floats.
        keeps_antialiased: whether it can say that a scene was trained antialiased.
        keeps_up: whether it can say which way is up.
        columns: optional columns of `Splats` that it keeps.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    sniff: Callable[[Path, bytes], bool]
    read: Reader
    write: Writer | None = None
    max_sh_degree: int = 4
    quantised: str = ""
    keeps_antialiased: bool = True
    keeps_up: bool = False
    columns: frozenset[str] = frozenset()
