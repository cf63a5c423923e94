"""How long tasks report progress and are cancelled."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then by a long task.

    `fraction` grows from 0 to 1, `stage` says what is being done in a few words. To cancel the
    task the callback raises `Cancelled`; the task lets it through and leaves nothing half done.
    """

    def __call__(self, fraction: float, stage: str, /) -> None: ...


def silent(fraction: float, stage: str, /) -> None:
    """The progress callback of callers that do not care."""
