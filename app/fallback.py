"""What draws in place of a backend that cannot, as setting `fallback` says; never silently."""

from __future__ import annotations

from collections.abc import Container

from ..scenes.errors import VoileError


def replacement(failed: str, wanted: str, unusable: Container[str]) -> str | None:
    """The backend that takes over, or None where nothing does.

    Args:
        failed: the backend that cannot draw.
        wanted: setting `fallback`: a backend, or "none".
        unusable: backends that cannot run here.
    """
    if wanted in ("none", failed) or wanted in unusable:
        return None
    return wanted


def told(error: object, backend: str | None) -> VoileError:
    """The error as it is shown, with what becomes of it."""
    if backend is None:
        return VoileError(
            f"{error} Nothing draws in its place, as setting fallback says; choose another backend."
        )
    return VoileError(f"{error} The {backend} backend draws instead, as setting fallback says.")
