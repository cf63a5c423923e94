"""Exceptions of Voile: every error a user can cause is one of these, worded for that user."""

from __future__ import annotations

from pathlib import Path

LONGEST = 300
"""Characters of what a text of an error says about the content of a file."""

_LONGEST_PATH = 4096  # of Linux


def plain(text: str, longest: int = LONGEST) -> str:
    """What a file says, as one line that every terminal can show.

    What cannot be printed is written as in Python; what is too long loses its middle.
    """
    if len(text) > longest:
        text = f"{text[: longest // 2]} ... {text[-longest // 2 :]}"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


class VoileError(Exception):
    """Base of all errors that Voile raises on purpose; users are shown `str(error)` as it is."""


class Cancelled(VoileError):
    """The user cancelled a long task; nothing was changed."""

    def __init__(self, task: str = "The task") -> None:
        super().__init__(f"{task} was cancelled.")


class SceneFormatError(VoileError):
    """A scene file cannot be read or written as asked.

    Args:
        path: the file or folder at fault.
        field: the part of it at fault, in the format's own words ("header", "scale_2", "count").
        problem: what is wrong, with the numbers found.
        fix: what the user can do about it.
    """

    def __init__(self, path: str | Path, field: str, problem: str, fix: str) -> None:
        self.path = Path(path)
        self.field = plain(field)
        self.problem = plain(problem)
        self.fix = fix
        where = plain(str(path), _LONGEST_PATH)
        super().__init__(f"{where}: {self.field}: {self.problem}. {fix}")


class SplatsError(VoileError, ValueError):
    """Arrays handed to `Splats` have a wrong shape, dtype, range or a value that is not finite."""
