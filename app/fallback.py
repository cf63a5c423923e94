"""What draws in place of a backend that cannot, as setting `fallback` says; never silently."""

from __future__ import annotations

from collections.abc import Container

from ..scenes.errors import VoileError

STANDINS = ("gl", "cpu")
"""What can take over, in the order in which it is offered."""


def replacement(failed: str, wanted: str, unusable: Container[str]) -> str | None:
    """The backend that takes over, or None where nothing does.

    Args:
        failed: the backend that cannot draw.
        wanted: setting `fallback`: a backend, "none", or "ask" and then nobody takes over unasked.
        unusable: backends that cannot run here.
    """
    return wanted if wanted in standins(failed, unusable) else None


def standins(failed: str, unusable: Container[str]) -> list[str]:
    """The backends that could take over; arguments as `replacement`."""
    return [name for name in STANDINS if name != failed and name not in unusable]


def told(error: object, backend: str | None) -> VoileError:
    """The error as it is shown, with what becomes of it."""
    if backend is None:
        return VoileError(
            f"{error} Nothing draws in its place, as setting fallback says; choose another backend."
        )
    return VoileError(f"{error} The {backend} backend draws instead, as setting fallback says.")
