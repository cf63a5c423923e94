"""Exceptions of Voile: every error a user can cause is one of these, worded for that user."""

from __future__ import annotations

from pathlib import Path


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
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{self.path}: {field}: {problem}. {fix}")


class SplatsError(VoileError, ValueError):
    """Arrays handed to `Splats` have a wrong shape, dtype, range or a value that is not finite."""
