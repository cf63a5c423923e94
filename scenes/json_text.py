"""JSON from files that anybody may have written."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from .errors import VoileError, plain

T = TypeVar("T")


class JsonError(VoileError, ValueError):
    """A text is no JSON of the type that was asked for; whoever reads a file names that too.

    Attributes:
        field: where, in the words of JSON paths ("frames[0].w"); "" where it is all of it.
    """

    def __init__(self, problem: str, field: str = "") -> None:
        self.problem, self.field = plain(problem), plain(field)
        super().__init__(f"{self.problem} at {self.field}" if self.field else self.problem)


def decode(data: bytes | memoryview | str, kind: type[T]) -> T:
    """The value in a JSON text, checked to be of a type of msgspec's. Raises JsonError."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise JsonError(f"it is no UTF-8 text ({error.reason} at byte {error.start})") from error
    except msgspec.DecodeError as error:
        problem, _, field = str(error).partition(" - at `$")
        raise JsonError(problem, field.rstrip("`").lstrip(".")) from error
