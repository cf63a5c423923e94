"""GLSL sources and their loader: includes, constants, and errors that name the file and line.

Text only: nothing here talks to a driver. The render layer passes the constants of
`voile.kernels.constants` as defines, so shaders and Python cannot disagree about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..scenes.errors import VoileError

VERSION = "#version 430 core"
"""First line of every shader; the files have none."""

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"\s*$')

# "1:23(5): error" (Mesa), "1(23) : error" (NVIDIA), "ERROR: 1:23: ..." (AMD, Intel, Apple)
_PLACE = re.compile(r"\b(\d+)(?::(\d+)|\((\d+)\))")


class ShaderError(VoileError):
    """A shader is missing, includes wrongly or does not compile; the text names file and line."""


@dataclass(frozen=True)
class ShaderSource:
    """GLSL text ready for a driver.

    Attributes:
        name: the file it was made from.
        text: the whole source, version line, defines and includes resolved.
        files: names of all files in it; a file's place is its number in `#line` directives.
        modified: newest modification time of the files, seconds, 0 where they have none (zip).
    """

    name: str
    text: str
    files: tuple[str, ...]
    modified: float

    def is_stale(self) -> bool:
        """Whether a file was edited since it was read: load and compile it again."""
        return max(map(_modified, self.files)) != self.modified

    def error(self, log: str) -> ShaderError:
        """The error for a driver's compile log, with file names and the failing line."""

        def name_file(match: re.Match[str]) -> str:
            number, line = int(match[1]), int(match[2] or match[3])
            return f"{self.files[number]}:{line}" if number < len(self.files) else match[0]

        message = f"shader {self.name} does not compile:\n{_PLACE.sub(name_file, log.strip())}"
        for match in _PLACE.finditer(log):
            number, line = int(match[1]), int(match[2] or match[3])
            if number < len(self.files):
                lines = _read(self.files[number], self.name).splitlines()
                if 0 < line <= len(lines):
                    message += f"\n  {self.files[number]}:{line}: {lines[line - 1].strip()}"
                    break
        return ShaderError(message)


def load(name: str, defines: Mapping[str, object] | None = None) -> ShaderSource:
    """Reads a shader of this package.

    Args:
        name: file name, "/" between folders.
        defines: macros defined before the first line. True defines a macro as 1, False leaves it
            undefined; floats are written so that GLSL reads the same float32.

    Raises:
        ShaderError: no such file, or an include that is missing or includes itself.
    """
    files: list[str] = []
    body = _resolve(name, (), files)
    macros = [
        f"#define {key} {_literal(value)}"
        for key, value in (defines or {}).items()
        if value is not False
    ]
    text = "\n".join([VERSION, *macros, *body]) + "\n"
    return ShaderSource(name, text, tuple(files), max(map(_modified, files)))


def names() -> list[str]:
    """All shader files of this package, "/" between folders."""
    suffixes = (".comp", ".vert", ".frag", ".glsl")
    return sorted(name for name in _walk(_root(), "") if name.endswith(suffixes))


def _walk(folder: Traversable, path: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{path}{entry.name}/")
        else:
            yield path + entry.name


def _resolve(name: str, chain: tuple[str, ...], files: list[str]) -> list[str]:
    """Lines of a file with its includes in place; a file is included once, as by pragma once."""
    if name in chain:
        raise ShaderError(f"shader includes itself: {' -> '.join([*chain, name])}")
    if name in files:
        return []
    source = _read(name, chain[-1] if chain else None)
    number = len(files)
    files.append(name)
    lines = [f"#line 1 {number}"]
    for i, line in enumerate(source.splitlines(), start=1):
        match = _INCLUDE.match(line)
        if match:
            lines += _resolve(match[1], (*chain, name), files)
            lines.append(f"#line {i + 1} {number}")
        else:
            lines.append(line)
    return lines


def folder() -> Path:
    """Where the shader files are, to be watched."""
    return Path(str(_root()))


def _root() -> Traversable:
    return resources.files(__name__)


def _read(name: str, includer: str | None) -> str:
    file = _root().joinpath(*name.split("/"))
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        where = f", included by {includer}" if includer else ""
        raise ShaderError(
            f"there is no shader {name!r}{where}; there are {', '.join(names())}"
        ) from error


def _modified(name: str) -> float:
    file = _root().joinpath(*name.split("/"))
    return file.stat().st_mtime if isinstance(file, Path) and file.exists() else 0.0


def _literal(value: object) -> str:
    if value is True:
        return "1"
    return repr(float(value)) if isinstance(value, float) else str(value)
