"""`BackendChoice`: which backend draws, and what each of them can do."""

from __future__ import annotations

from psygnal import Signal

from ..render.modes import MODES
from ..render.renderer import BACKENDS, RenderError
from ..render.settings import FIELDS


class BackendChoice:
    """The part of a session that knows the backends.

    Attributes:
        backend_changed: another one draws, its name.
        modes_changed: what backends can do is known.
        frame_invalidated: the picture on screen is out of date.

    Raises:
        RenderError: there is no such backend.
    """

    backend_changed = Signal(str)
    modes_changed = Signal()
    frame_invalidated = Signal()

    def __init__(self, backend: str) -> None:
        if backend not in BACKENDS:
            raise RenderError(f"there is no backend {backend!r}; there are {', '.join(BACKENDS)}")
        self._backend = backend
        self._modes: dict[str, frozenset[str]] = {}
        self._lacking: dict[str, frozenset[str]] = {}
        self._unpainted: frozenset[str] = frozenset()

    @property
    def backend(self) -> str:
        """Name of the backend that draws."""
        return self._backend

    @backend.setter
    def backend(self, name: str) -> None:
        if name != self._backend:
            self._backend = name
            self.backend_changed.emit(name)
            self.frame_invalidated.emit()

    def set_modes(
        self,
        modes: dict[str, frozenset[str]],
        lacking: dict[str, frozenset[str]] | None = None,
        unpainted: frozenset[str] = frozenset(),
    ) -> None:
        """Says what each backend can do; of one that is missing nothing is known.

        Args:
            modes: what it draws.
            lacking: settings that it cannot follow.
            unpainted: backends that cannot tint what is selected.
        """
        self._modes, self._lacking, self._unpainted = modes, lacking or {}, unpainted
        self.modes_changed.emit()

    def refuses(self, name: str) -> bool:
        """Whether the backend cannot follow a setting: anything but its default is an error."""
        return name in self._lacking.get(self._backend, ())

    def idle(self, name: str) -> str | None:
        """Why a setting does nothing now, as a sentence, or None."""
        only = FIELDS[name].metadata["backends"]
        if only and self._backend not in only:
            return f"Only the {' and '.join(only)} backend has it."
        if self.refuses(name):
            return f"The {self._backend} backend does not have it."
        return None

    def undrawn(self, mode: str, backend: str) -> str | None:
        """Why a backend does not have a mode at all, as a sentence, or None."""
        if mode not in MODES:
            return f"Mode {mode} is not there yet."
        if mode in self._modes.get(backend, MODES):
            return None
        able = [name for name, modes in self._modes.items() if mode in modes]
        if not able:
            return "No backend draws it."
        return f"The {backend} backend does not draw it; {' and '.join(able)} can."
