"""Materials in a PLY: a column of numbers, and a comment for each that says what it is.

    comment Material 0 "ceramic"
    property float material

    property float latent_0

The text is JSON, a name of Voile's library or the path of a .vnm file; -1 is none. A column whose
numbers nothing names is some other program's, and is not read. Columns latent_0, latent_1, ... are
latents of the splats' own for these materials; without such a column of numbers they mean nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..content import MOST_LATENTS, MOST_MATERIALS
from ..errors import SceneFormatError

COLUMN = "material"

_LATENT = "latent_"

_COMMENT = re.compile(r'Material (\d{1,9}) (".*")')
_AGAIN = "Export the scene again, or open it without this column."


def latent_columns(width: int) -> list[str]:
    """Names of the columns of so many latents."""
    return [f"{_LATENT}{k}" for k in range(width)]


def latents_in(path: Path, columns: Iterable[str]) -> int:
    """How many latents a file has. Raises SceneFormatError: a gap, or too many."""
    found = {name for name in columns if re.fullmatch(rf"{_LATENT}\d+", name)}
    if found != set(latent_columns(len(found))) or len(found) > MOST_LATENTS:
        raise SceneFormatError(
            path,
            "latent_0...",
            f"{len(found)} columns; they must be latent_0, latent_1, ... up to {MOST_LATENTS - 1}",
            _AGAIN,
        )
    return len(found)


def comments_of(names: Sequence[str]) -> list[str]:
    """Lines of the header."""
    return [f"comment Material {k} {json.dumps(name)}" for k, name in enumerate(names)]


def names_in(path: Path, comments: Sequence[str]) -> tuple[str, ...]:
    """What the comments name, by number. Raises SceneFormatError: a gap, or too many."""
    found: dict[int, str] = {}
    for comment in comments:
        if match := _COMMENT.fullmatch(comment):
            try:
                name = found[int(match[1])] = json.loads(match[2])
                if not name.isprintable():  # no path can have it
                    raise ValueError(f"{name!r} is no name")
            except ValueError as error:
                raise SceneFormatError(
                    path, "comment Material", f"cannot be read: {error}", _AGAIN
                ) from error
    if sorted(found) != list(range(len(found))) or len(found) > MOST_MATERIALS:
        raise SceneFormatError(
            path,
            "comment Material",
            f"names {sorted(found)[: MOST_MATERIALS + 1]}; they must be 0, 1, ... up to "
            f"{MOST_MATERIALS - 1}",
            _AGAIN,
        )
    return tuple(found[k] for k in range(len(found)))


def numbers_of(path: Path, column: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.int32]:
    """(N,) the column as numbers. Raises SceneFormatError: a number that has no name."""
    wrong = ~((column >= -1) & (column < len(names)) & (column == np.trunc(column)))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise SceneFormatError(
            path,
            COLUMN,
            f"of splat {row} is {column[row]:g}; the file names {len(names)} materials",
            _AGAIN,
        )
    return column.astype(np.int32)
